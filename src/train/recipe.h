/* Recipes: what is trained on what, and how, as a readable text; and the option rows that
 * describe it, which are the command's options too.
 *
 *     # Robust digits in ten epochs.
 *     [data]
 *     data = train-images-idx3-ubyte.gz
 *     [loss]
 *     loss = rs-fgsm step=1.25
 *     eps = 0.3
 *
 * Lines are a section, a key with its value, a comment that begins with # or ;, or blank. A key
 * is the name of an option row and stands in its section, once. A comment may also follow a section
 * or a value, after a blank; a value in quotes is taken as it is, "" in it being a quote.
 */
#ifndef VOUCH_TRAIN_RECIPE_H
#define VOUCH_TRAIN_RECIPE_H

#include "data/data.h"
#include "train/fit.h"
#include "train/initial.h"

typedef struct vouch_recipe {
    /* [data] */
    const char *data, *test;
    double validation; /* share of the data */
    const char *augment;
    double mean, deviation;
    /* [network] */
    const char *arch, *initial, *start;
    int64_t frozen; /* layers */
    bool new_head;  /* of the start network: a fresh last layer */
    /* [loss] */
    const char *loss, *regulariser;
    const char *ramp;
    bool relative; /* features are shares of their ranges while training */
    /* [optimiser], [schedule] */
    const char *optimiser, *schedule, *milestones, *average;
    /* [run] */
    int64_t seed, ensemble; /* ensemble: networks, with seeds from that one on */
    vouch_fit_settings fit; /* numbers that rows describe; the rest by vouch_recipe_finish */
} vouch_recipe;

extern const vouch_option vouch_recipe_rows[];
extern const size_t vouch_recipe_row_count;
/* Rows that say how it is trained, not what on what. The table names both ends: a row inserted
 * before them does not compile until they are moved. */
enum { VOUCH_RECIPE_ENSEMBLE = 64 }; /* most networks of one */
enum { VOUCH_RECIPE_HOW = 17, VOUCH_RECIPE_HOW_END = 37 };
extern const size_t vouch_recipe_how_count;
/* The section that a row stands in. */
const char *vouch_recipe_section(const vouch_option *row);

/* Reads a recipe's text over what the recipe has; source is for messages, "FILE:LINE: ...". Texts
 * live in the arena. */
vouch_status vouch_recipe_parse(vouch_arena *arena, const char *source, const char *text,
                                size_t size, vouch_recipe *recipe);
/* One "key=value" or "section.key=value". */
vouch_status vouch_recipe_assign(vouch_arena *arena, const char *text, vouch_recipe *recipe);
/* What is named by text, into recipe->fit: terms, optimiser and so on. Threads, data, range and
 * image remain. */
vouch_status vouch_recipe_finish(vouch_arena *arena, vouch_recipe *recipe);
/* After that: refuses what would have no effect. Beside a network to go on from, arch and initial
 * are then NULL, and so not written. */
vouch_status vouch_recipe_check(vouch_context *ctx, vouch_recipe *recipe);
/* The network of recipe->arch for that data, with random weights: a last dense layer of as many
 * outputs as there are classes is added where it is missing. Not bound. */
vouch_status vouch_recipe_build(vouch_arena *arena, const vouch_recipe *recipe,
                                const vouch_data_info *info, vouch_graph **graph);
/* The network of recipe->start, with its hash; with new_head its last dense layer is a fresh one for
 * that data's classes. Not bound. */
vouch_status vouch_recipe_start(vouch_context *ctx, const vouch_recipe *recipe,
                                const vouch_data_info *info, char sha256[65],
                                vouch_graph **graph);
/* Image and range of the data into recipe->fit. */
void vouch_recipe_match(vouch_recipe *recipe, const vouch_data_info *info);
/* The recipe as text, every row that is set; in the arena. */
vouch_status vouch_recipe_write(vouch_arena *arena, const vouch_recipe *recipe, char **text);

#endif
