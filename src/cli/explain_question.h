/* What explanations are asked about: the network, points, how far their features may move. */
#ifndef VOUCH_CLI_EXPLAIN_QUESTION_H
#define VOUCH_CLI_EXPLAIN_QUESTION_H

#include <math.h>

#include "cli/attack_points.h"
#include "explain/formal.h"

/* The settings of a command that explains begin with these. */
typedef struct vouch_cli_question_settings {
    const char *range, *image, *groups, *radii;
    double eps, bandwidth, lambda;
    int64_t index, count, patch;
    bool relative, quiet;
} vouch_cli_question_settings;

#define VOUCH_CLI_QUESTION_INT(field, about, otherwise, least)                                 \
    {                                                                                          \
        .name = #field, .argument = "N", .help = about, .type = VOUCH_OPTION_INT,              \
        .offset = offsetof(vouch_cli_question_settings, field), .number = otherwise,           \
        .low = least, .high = 0x1p53                                                           \
    }
#define VOUCH_CLI_QUESTION_REAL(field, arg, about, otherwise, least, most)                     \
    {                                                                                          \
        .name = #field, .argument = arg, .help = about, .type = VOUCH_OPTION_REAL,             \
        .offset = offsetof(vouch_cli_question_settings, field), .number = otherwise,           \
        .low = least, .high = most                                                             \
    }
#define VOUCH_CLI_QUESTION_TEXT(field, arg, about)                                             \
    {                                                                                          \
        .name = #field, .argument = arg, .help = about, .type = VOUCH_OPTION_TEXT,             \
        .offset = offsetof(vouch_cli_question_settings, field)                                 \
    }
#define VOUCH_CLI_QUESTION_FLAG(field, about)                                                  \
    {                                                                                          \
        .name = #field, .help = about, .type = VOUCH_OPTION_FLAG,                              \
        .offset = offsetof(vouch_cli_question_settings, field)                                 \
    }

/* Their rows. */
#define VOUCH_CLI_QUESTION_ROWS                                                                \
    VOUCH_CLI_QUESTION_REAL(eps, "E",                                                          \
                            "how far each input may change, in its own units; inf: over its "  \
                            "whole valid range. Has to be given, unless radii are",            \
                            (double)NAN, 0, (double)INFINITY),                                 \
        VOUCH_CLI_QUESTION_TEXT(                                                               \
            radii, "R,R,...",                                                                  \
            "how far each feature may change, in place of one eps: so many "                   \
            "numbers, of them inf, or a file of them"),                                        \
        VOUCH_CLI_QUESTION_INT(index, "the first point of the data set", 0, 0),                \
        VOUCH_CLI_QUESTION_INT(count, "how many points", 1, 1),                                \
        {.name = "groups",                                                                     \
         .argument = "NAME",                                                                   \
         .help = "which inputs are one feature (vouch list groups)",                           \
         .type = VOUCH_OPTION_CHOICE,                                                          \
         .offset = offsetof(vouch_cli_question_settings, groups),                              \
         .text = "auto",                                                                       \
         .choices = vouch_grouping_choices},                                                   \
        VOUCH_CLI_QUESTION_INT(patch, "side of the squares of --groups patch", 4, 1),          \
        VOUCH_CLI_QUESTION_REAL(bandwidth, "X",                                                \
                                "of --groups superpixel: how far pixels reach, as a share of " \
                                "the image's sides",                                           \
                                0.2, 1e-6, 1e6),                                               \
        VOUCH_CLI_QUESTION_REAL(lambda, "X",                                                   \
                                "of --groups superpixel: what colours count beside places", 1, \
                                0, 1e6),                                                       \
        VOUCH_CLI_QUESTION_TEXT(range, "LOW,HIGH",                                             \
                                "valid range of every input, in place of the data's"),         \
        VOUCH_CLI_QUESTION_TEXT(image, "C,H,W",                                                \
                                "inputs are such an image, in place of the data's shape"),     \
        VOUCH_CLI_QUESTION_FLAG(relative, "of tables: eps is a share of each column's range"), \
        VOUCH_CLI_QUESTION_FLAG(quiet, "no progress line")

/* One point. */
typedef struct vouch_cli_formal {
    int64_t index;        /* in the data set */
    const float *x;       /* [inputs] */
    int label, predicted; /* of the data (-1: none), of the network */
    vouch_groups groups;
    vouch_explanation explanation; /* features 0: not begun */
} vouch_cli_formal;

typedef struct vouch_cli_question {
    vouch_cli_network network;
    vouch_cli_points points;
    vouch_victim_plan *plan;
    vouch_ball ball;
    vouch_cli_formal *point; /* [points.count] */
} vouch_cli_question;

/* VOUCH_ERR_ARGUMENT where the call's table has a setting that other groupings look at, and this
 * one does not. */
vouch_status vouch_cli_grouping_check(const vouch_cli_call *call, int table,
                                      const char *grouping);
/* Arguments 0 and 1 of the call are the network and the points; each gets its groups. The settings
 * are the call's table 1. */
vouch_status vouch_cli_question_load(const vouch_cli_call *call,
                                     const vouch_cli_question_settings *settings,
                                     vouch_cli_question *question);
void vouch_cli_question_free(vouch_cli_question *question);
/* Why that point has its class. */
vouch_formal_problem vouch_cli_question_problem(const vouch_cli_question *question, int64_t k);
/* A strategy that wants complete verification gets it, unless another oracle was asked for: the
 * call's table of formal settings has those. */
void vouch_cli_choose_oracle(const vouch_cli_call *call, int table,
                             vouch_formal_settings *settings);

#endif
