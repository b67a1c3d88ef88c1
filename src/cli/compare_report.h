/* What `vouch explain compare` says: text, JSON, page. */
#ifndef VOUCH_CLI_COMPARE_REPORT_H
#define VOUCH_CLI_COMPARE_REPORT_H

#include "cli/formal_report.h"

enum { VOUCH_CLI_NETS = 8, VOUCH_CLI_WAYS = 16, VOUCH_CLI_WAY_NAME = 64 };

/* One way of explaining: a network, a strategy, an order. */
typedef struct vouch_cli_way {
    char name[VOUCH_CLI_WAY_NAME];
    int net;
    vouch_formal_settings settings;
    vouch_cli_formal *point; /* [points] */
} vouch_cli_way;

typedef struct vouch_cli_compare_report {
    int nets, ways;
    vouch_cli_question question[VOUCH_CLI_NETS];
    vouch_cli_way way[VOUCH_CLI_WAYS];
    const char *groups; /* name of the grouping */
    int64_t count;      /* points that all ways explained */
    vouch_formal_picture picture;
    bool is_png, is_interrupted;
    double seconds, cpu_seconds;
} vouch_cli_compare_report;

/* Of a way, means over the points. */
double vouch_cli_way_mean(const vouch_cli_compare_report *report, int way,
                          vouch_formal_class class);
double vouch_cli_way_cpu_s(const vouch_cli_compare_report *report, int way);
/* The share of features that both ways put into one class. */
double vouch_cli_ways_agree(const vouch_cli_compare_report *report, int a, int b);

void vouch_cli_compare_text(FILE *out, const vouch_cli_compare_report *report);
vouch_status vouch_cli_compare_json(vouch_context *ctx, FILE *out,
                                    const vouch_cli_compare_report *report);
vouch_status vouch_cli_compare_page(vouch_context *ctx, FILE *out,
                                    const vouch_cli_compare_report *report);

#endif
