/* Terms from text: "NAME SETTING=VALUE ... + NAME ...", for tables whose entries have settings. */
#ifndef VOUCH_TRAIN_TERMS_H
#define VOUCH_TRAIN_TERMS_H

#include "base/arena.h"
#include "base/option.h"

/* An entry of a table, as far as text is concerned. */
typedef struct vouch_term_kind {
    const char *name;
    const void *entry; /* the descriptor */
    size_t size;       /* of its settings */
    const vouch_option *options;
    size_t option_count;
} vouch_term_kind;

typedef struct vouch_term_table {
    const char *what;                                /* "loss": for messages */
    bool (*at)(size_t index, vouch_term_kind *kind); /* false past the last */
} vouch_term_table;

typedef struct vouch_term {
    const void *entry, *settings;
} vouch_term;

/* text NULL or blank: no terms. term[most]; settings in the arena. */
vouch_status vouch_terms_parse(vouch_arena *arena, const vouch_term_table *table,
                               const char *text, vouch_term *term, int most, int *count);

#endif
