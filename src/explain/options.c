/* The settings of a formal explanation, as rows. */
#include "explain/contrast.h"

#define FIELD(f) offsetof(vouch_formal_settings, f)
#define CHOICE_ROW(field, arg, about, otherwise, names)                                        \
    {                                                                                          \
        .name = #field, .argument = arg, .help = about, .type = VOUCH_OPTION_CHOICE,           \
        .offset = FIELD(field), .text = otherwise, .choices = names                            \
    }
#define NUMBER_ROW(title, field, arg, about, kind, otherwise, most)                            \
    {                                                                                          \
        .name = title, .argument = arg, .help = about, .type = kind, .offset = FIELD(field),   \
        .number = otherwise, .low = 0, .high = most                                            \
    }

/* How questions are answered. */
#define ASKING_ROWS(otherwise)                                                                 \
    CHOICE_ROW(                                                                                \
        oracle, "NAME",                                                                        \
        "the dearest that is asked; complete: a search where bounds do not tell; exact: "      \
        "the same in rational arithmetic, for small networks",                                 \
        otherwise, vouch_oracle_choices),                                                      \
        NUMBER_ROW("budget", budget_s, "S", "seconds for an explanation; 0: no limit",         \
                   VOUCH_OPTION_REAL, 0, 1e9),                                                 \
        NUMBER_ROW("limit", limit_s, "S",                                                      \
                   "seconds for each search of `complete` and `exact`; 0: no limit",           \
                   VOUCH_OPTION_REAL, 1, 1e9),                                                 \
        NUMBER_ROW("steps", steps, "N", "gradient steps of optimised bounds",                  \
                   VOUCH_OPTION_INT, 8, 1e4),                                                  \
        NUMBER_ROW("attack-steps", attack_steps, "N",                                          \
                   "steps of the search for witnesses; 0: none is looked for",                 \
                   VOUCH_OPTION_INT, 10, 1e6),                                                 \
        NUMBER_ROW("seed", seed, "N", "random seed: the same seed gives the same explanation", \
                   VOUCH_OPTION_INT, 1, 0x1p53),                                               \
        NUMBER_ROW("threads", threads, "N", "threads of a search; 0: all cores",               \
                   VOUCH_OPTION_INT, 0, 4096)

const vouch_option vouch_formal_options[] = {
    CHOICE_ROW(strategy, "NAME", "which sets of features are asked about", "batched",
               vouch_strategy_choices),
    CHOICE_ROW(order, "NAME", "which features are tried first", "learnt", vouch_order_choices),
    ASKING_ROWS("alpha"),
};
const size_t vouch_formal_option_count =
    sizeof vouch_formal_options / sizeof *vouch_formal_options;

const vouch_option vouch_contrast_options[] = {ASKING_ROWS("complete")};
const size_t vouch_contrast_option_count =
    sizeof vouch_contrast_options / sizeof *vouch_contrast_options;
