/* vouch bounds: what each domain says about the outputs on the property's input boxes. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/enclose.h"
#include "cli/load.h"
#include "cli/text.h"

enum { SHOWN = 20 };

typedef struct bounds_cli {
    const char *domain;
    bool all;
} bounds_cli;

static bool domain_choices(size_t index, const char **name)
{
    if (index == 0) {
        *name = "all";
        return true;
    }
    const vouch_domain *domain = vouch_domain_table()[index - 1];
    *name = domain != NULL ? domain->name : NULL;
    return domain != NULL;
}

static const vouch_option rows[] = {
    {.name = "domain",
     .argument = "D",
     .help = "the domain to ask",
     .type = VOUCH_OPTION_CHOICE,
     .offset = offsetof(bounds_cli, domain),
     .text = "all",
     .choices = domain_choices},
    {.name = "all-outputs",
     .help = "print every output, not only the first 20",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(bounds_cli, all)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

/* The bounds of one domain on one box. */
typedef struct answer {
    const vouch_domain *domain;
    double *bound[2]; /* [2][outputs]; NULL: the domain found the box empty */
    double seconds;
} answer;

static vouch_status ask(const vouch_cli_call *call, vouch_arena *arena,
                        const vouch_cli_network *net, const vouch_box *box, answer *a)
{
    const double *const ends[2] = {box->low, box->high};
    bool empty = false;
    for (int side = 0; side < 2; side++) {
        a->bound[side] = VOUCH_NEW_ARRAY(arena, double, net->outputs);
        if (a->bound[side] == NULL)
            return VOUCH_ERR_MEMORY;
    }
    const double begun = vouch_wall_s();
    VOUCH_TRY(
        vouch_cli_enclose(call->ctx, arena, net->graph, a->domain, ends, a->bound, &empty));
    a->seconds = vouch_wall_s() - begun;
    if (empty)
        a->bound[0] = a->bound[1] = NULL;
    return VOUCH_OK;
}

static void put_widths(const answer *a, int64_t outputs)
{
    double sum = 0, largest = 0;
    if (a->bound[0] == NULL) {
        printf("  %-18s no point of the box exists\n", a->domain->name);
        return;
    }
    for (int64_t i = 0; i < outputs; i++) {
        sum += a->bound[1][i] - a->bound[0][i];
        largest = fmax(largest, a->bound[1][i] - a->bound[0][i]);
    }
    printf("  %-18s %14.6g %14.6g %10.4f\n", a->domain->name,
           outputs > 0 ? sum / (double)outputs : 0, largest, a->seconds);
}

static void put_outputs(const answer *answers, int count, int64_t outputs, bool all)
{
    const int64_t shown = all || outputs < SHOWN ? outputs : SHOWN;
    for (int64_t i = 0; i < shown; i++) {
        for (int d = 0; d < count; d++) {
            char name[32] = "";
            if (answers[d].bound[0] == NULL)
                continue;
            if (d == 0)
                snprintf(name, sizeof name, "Y_%" PRId64, i);
            printf("  %-8s %-18s [%s, %s]\n", name, answers[d].domain->name,
                   vouch_cli_real(answers[d].bound[0][i]).text,
                   vouch_cli_real(answers[d].bound[1][i]).text);
        }
    }
    if (shown < outputs)
        printf("  ... and %s more (--all-outputs prints all)\n",
               vouch_cli_count((uint64_t)(outputs - shown)).text);
}

/* Asks each wanted domain about one box and prints what they say. */
static vouch_status report_box(const vouch_cli_call *call, vouch_arena *arena,
                               const vouch_cli_network *net, const vouch_box *box)
{
    const bounds_cli *cli = call->settings[1];
    const vouch_domain *const *table = vouch_domain_table();
    int count = 0, known = 0;
    while (table[known] != NULL)
        known++;
    answer *answers = VOUCH_NEW_ARRAY(arena, answer, known);
    if (answers == NULL)
        return VOUCH_ERR_MEMORY;
    for (int d = 0; d < known; d++) {
        if (strcmp(cli->domain, "all") != 0 && strcmp(cli->domain, table[d]->name) != 0)
            continue;
        answers[count].domain = table[d];
        VOUCH_TRY(ask(call, arena, net, box, &answers[count++]));
    }
    printf("  %-18s %14s %14s %10s\n", "domain", "mean width", "largest", "seconds");
    for (int d = 0; d < count; d++)
        put_widths(&answers[d], net->outputs);
    put_outputs(answers, count, net->outputs, cli->all);
    return VOUCH_OK;
}

static vouch_status report(const vouch_cli_call *call, const vouch_cli_network *net,
                           const vouch_spec *spec)
{
    for (int b = 0; b < spec->box_count; b++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(call->arena);
        printf("box %d of %d%s\n", b + 1, spec->box_count,
               spec->box[b].empty ? ": contradictory bounds, no point" : "");
        if (!spec->box[b].empty)
            VOUCH_TRY(report_box(call, call->arena, net, &spec->box[b]));
        vouch_arena_reset(call->arena, mark);
    }
    return VOUCH_OK;
}

static vouch_exit run(const vouch_cli_call *call)
{
    vouch_cli_network net = {0};
    vouch_cli_property property = {0};
    vouch_status s = vouch_cli_network_load(call->ctx, call->argument[0], &net);
    if (s == VOUCH_OK)
        s = vouch_cli_property_load(call->ctx, call->arena, net.graph, call->argument[1],
                                    &property);
    if (s == VOUCH_OK)
        s = report(call, &net, property.spec);
    vouch_cli_property_free(&property);
    vouch_cli_network_free(&net);
    return s == VOUCH_OK ? VOUCH_EXIT_OK : vouch_cli_fail(call, s);
}

const vouch_command vouch_command_bounds = {
    .name = "bounds",
    .summary = "show each domain's bounds on the outputs, and their widths",
    .arguments = "NET SPEC",
    .description =
        "Bounds the outputs of NET on every input box of SPEC, with each domain or with one, "
        "without splitting. The bounds hold over the real numbers, rounding included, and are "
        "printed with all their digits.",
    .examples = "vouch bounds net.onnx safe.vnnlib --domain crown",
    .least = 2,
    .most = 2,
    .table = {{rows, &row_count, sizeof(bounds_cli)}},
    .run = run,
};
