/* The classes of a data set: which there are, and in which order.
 *
 * A label is the index of a class, and a network's outputs are in that order, so the order must
 * not depend on which samples a file happens to hold. It is, the first that applies,
 *
 *     of a list: ?classes=FILE, ?classes=a,b,c, or beside the data, as writing leaves it
 *     of the labels themselves where all are integers from 0: label 9 is class 9
 *     of the labels' numbers, or of their names
 */
#ifndef VOUCH_DATA_CLASSES_H
#define VOUCH_DATA_CLASSES_H

#include "data/format.h"

typedef struct vouch_classes {
    int count; /* 0: not known */
    const char *const *name;
    const char *order; /* where the order comes from, in words */
    bool is_beside;    /* the list lies beside the data, nobody named it */
} vouch_classes;

/* The list that was given or lies beside the data; count 0: there is none. */
vouch_status vouch_classes_listed(vouch_data_stream *stream, vouch_classes *classes);
/* That of a file of names, or of "a,b,...". */
vouch_status vouch_classes_read(vouch_arena *arena, const char *given, vouch_classes *classes);
/* Those of these different labels; the words are sorted. */
vouch_status vouch_classes_sorted(vouch_arena *arena, const char **word, int words,
                                  vouch_classes *classes);
/* The class that a label names ("1.0" is "1"), or -1. */
int vouch_classes_find(const char *const *name, int count, const char *text);
void vouch_classes_use(vouch_data_stream *stream, const vouch_classes *classes);

/* Writes the list beside the data at path (a file or a folder) where reading would not find the
 * same classes without it; else removes an older one. top is the largest label. */
vouch_status vouch_classes_write(vouch_context *ctx, const vouch_data_info *info, int top,
                                 const char *path);

#endif
