/* Option tables: the one place where a setting is described.
 *
 * A row {name, help, type, default, low, high, where} describes one field of a settings struct.
 * From the same rows come the defaults, the command line, `vouch list`, the JSON settings and
 * the manual page; none of them names an option a second time.
 */
#ifndef VOUCH_BASE_OPTION_H
#define VOUCH_BASE_OPTION_H

#include "base/context.h"

typedef enum vouch_option_type {
    VOUCH_OPTION_FLAG,  /* bool; the command line's --name sets it, --no-name clears it */
    VOUCH_OPTION_INT,   /* int64_t */
    VOUCH_OPTION_REAL,  /* double */
    VOUCH_OPTION_TEXT,  /* const char *, NULL when unset */
    VOUCH_OPTION_CHOICE /* const char *, one of `choices` */
} vouch_option_type;

typedef struct vouch_option {
    const char *name;     /* "timeout": --timeout on the command line, "timeout" in JSON */
    const char *argument; /* "S", "FILE" ...: shown in help; NULL for flags */
    const char *help;     /* of a flag that is on by default: what follows "without" */
    vouch_option_type type;
    size_t offset;    /* of the field in its settings struct */
    double number;    /* default of FLAG, INT, REAL; NaN where it has to be given */
    const char *text; /* default of TEXT, CHOICE */
    double low, high; /* inclusive range of INT, REAL */
    /* names of a CHOICE: fills *name for index 0,1,... ; false past the last; else NULL */
    bool (*choices)(size_t index, const char **name);
} vouch_option;

/* Writes every row's default into settings. */
void vouch_options_default(const vouch_option *rows, size_t count, void *settings);
/* The row of that name, or NULL. */
const vouch_option *vouch_option_find(const vouch_option *rows, size_t count, const char *name);
/* Does the row's field hold the default that was written there? A text that was given is another
 * one, even where it reads the same. */
bool vouch_option_untouched(const vouch_option *row, const void *settings);
/* The row's field of one settings struct into that of another. */
void vouch_option_copy(const vouch_option *row, const void *from, void *to);
/* All of the text as a number, or a quotient of two: "0.1", "8/255"; NaN and infinity are for the
 * caller to refuse. REAL rows are read so. */
bool vouch_option_number(const char *text, double *number);
/* Parses text into the row's field; VOUCH_ERR_ARGUMENT names the option and what is allowed.
 * TEXT and CHOICE keep the pointer: text must outlive settings. */
vouch_status vouch_option_set(vouch_context *ctx, const vouch_option *row, const char *text,
                              void *settings);

#endif
