/* What studies that train a grid (lab/plan.h) have in common: options, data, journal, progress. */
#ifndef VOUCH_CLI_GRID_STUDY_H
#define VOUCH_CLI_GRID_STUDY_H

#include "cli/progress.h"
#include "cli/publish.h"
#include "cli/text.h"
#include "lab/plan.h"

/* The first field of a study's own settings, table VOUCH_CLI_STUDY; table VOUCH_CLI_HOW are the
 * recipe's rows that say how a network is trained. */
typedef struct vouch_cli_grid_options {
    const char *nets, *methods, *eps, *json, *html, *resume;
    int64_t seeds, samples, held_out, threads;
    bool quiet;
} vouch_cli_grid_options;

enum { VOUCH_CLI_HOW = 1, VOUCH_CLI_STUDY = 2 };
#define VOUCH_CLI_HOW_TABLE                                                                    \
    {                                                                                          \
        &vouch_recipe_rows[VOUCH_RECIPE_HOW], &vouch_recipe_how_count, sizeof(vouch_recipe)    \
    }

#define VOUCH_CLI_GRID_TEXT(field, shown, about, otherwise)                                    \
    {                                                                                          \
        .name = #field, .argument = shown, .help = about, .type = VOUCH_OPTION_TEXT,           \
        .offset = offsetof(vouch_cli_grid_options, field), .text = otherwise                   \
    }
#define VOUCH_CLI_GRID_INT(title, field, about, otherwise, least, most)                        \
    {                                                                                          \
        .name = title, .argument = "N", .help = about, .type = VOUCH_OPTION_INT,               \
        .offset = offsetof(vouch_cli_grid_options, field), .number = otherwise, .low = least,  \
        .high = most                                                                           \
    }
#define VOUCH_CLI_GRID_NETS "conv16k4s2p1 relu conv32k4s2p1 relu fc100 relu"
#define VOUCH_CLI_GRID_ROWS(which, where)                                                      \
    VOUCH_CLI_GRID_TEXT(methods, "M,...",                                                      \
                        "ways of training: names (vouch help lab), or LOSS SETTING=VALUE + "   \
                        "REGULARISER ... as of vouch train",                                   \
                        which),                                                                \
        VOUCH_CLI_GRID_TEXT(nets, "ARCH,...", "networks, as --arch of vouch train", where),    \
        VOUCH_CLI_GRID_TEXT(eps, "E,...", "radii, in training and measuring: 0.1 or 8/255",    \
                            "0.1"),                                                            \
        VOUCH_CLI_GRID_INT("seeds", seeds, "trainings of each: seeds 1, 2 .. N", 1, 1, 1000),  \
        VOUCH_CLI_GRID_INT("samples", samples, "samples trained on; 0: all that are left", 0,  \
                           0, 0x1p53),                                                         \
        VOUCH_CLI_GRID_INT("held-out", held_out,                                               \
                           "samples measured on: of DATA, or of the key test's data", 200, 1,  \
                           0x1p53),                                                            \
        VOUCH_CLI_GRID_INT("threads", threads,                                                 \
                           "threads; 0: all cores. They change no figure but seconds", 0, 0,   \
                           1024),                                                              \
        VOUCH_CLI_GRID_TEXT(json, "FILE",                                                      \
                            "write all results as JSON; - for standard output, in place of "   \
                            "the text",                                                        \
                            NULL),                                                             \
        VOUCH_CLI_GRID_TEXT(html, "FILE.html",                                                 \
                            "write a page of all tables and pictures, one file that needs no " \
                            "other",                                                           \
                            NULL),                                                             \
        VOUCH_CLI_GRID_TEXT(                                                                   \
            resume, "FILE",                                                                    \
            "keep finished runs in FILE; those that it has are not done again, also where "    \
            "the study is widened: more seeds, other methods",                                 \
            NULL),                                                                             \
    {                                                                                          \
        .name = "quiet", .help = "no progress line", .type = VOUCH_OPTION_FLAG,                \
        .offset = offsetof(vouch_cli_grid_options, quiet)                                      \
    }

typedef struct vouch_cli_grid {
    const vouch_cli_call *call;
    const vouch_cli_grid_options *options;
    vouch_recipe recipe;
    vouch_data *source[2]; /* DATA, test: as read; test NULL: none */
    vouch_data *data[2];   /* trained on, held out */
    vouch_plan plan;
    json_t **result; /* [plan.count] NULL: not finished */
    vouch_journal *journal;
    vouch_cli_progress progress;
    vouch_cli_files files; /* JSON, HTML */
    int threads;
    bool is_interrupted;
} vouch_cli_grid;

enum { VOUCH_CLI_GRID_JSON, VOUCH_CLI_GRID_HTML, VOUCH_CLI_GRID_FILES };

/* All up to the first run; sweep NULL: none. */
vouch_status vouch_cli_grid_open(const vouch_cli_call *call, const char *sweep,
                                 const char *values, vouch_cli_grid *g);
/* The runs that are not in the journal. A signal is no error: is_interrupted. */
vouch_status vouch_cli_grid_run(vouch_cli_grid *g, const vouch_grid *how);
void vouch_cli_grid_close(vouch_cli_grid *g);
int64_t vouch_cli_grid_finished(const vouch_cli_grid *g); /* runs */

#endif
