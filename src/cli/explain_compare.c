/* vouch explain compare: formal explanations of the same points side by side, over networks and
 * ways of finding them: rows are points, columns ways. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "cli/compare_report.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "cli/text.h"
#include "explain/strategy.h"

enum { ROWS = 64, TITLE = 128 };

typedef struct compare_cli {
    vouch_cli_question_settings question;
    const char *strategies, *orders, *json, *picture, *html;
} compare_cli;

#define TEXT_ROW(field, arg, about)                                                            \
    {                                                                                          \
        .name = #field, .argument = arg, .help = about, .type = VOUCH_OPTION_TEXT,             \
        .offset = offsetof(compare_cli, field)                                                 \
    }

static const vouch_option rows[] = {
    VOUCH_CLI_QUESTION_ROWS,
    TEXT_ROW(strategies, "NAME,...", "a column for each of them, in place of --strategy alone"),
    TEXT_ROW(orders, "NAME,...", "a column for each of them, in place of --order alone"),
    TEXT_ROW(json, "FILE",
             "write all explanations as JSON; - for standard output, in place of the text"),
    TEXT_ROW(picture, "FILE", "draw images and masks: FILE.svg or FILE.png"),
    TEXT_ROW(html, "FILE", "write a page: masks, what was found"),
};
static const size_t row_count = sizeof rows / sizeof *rows;

enum { OWN = 1, FORMAL = 2 };
enum { JSON, PICTURE, HTML, FILES };

typedef struct job {
    const vouch_cli_call *call;
    const compare_cli *cli;
    vouch_cli_compare_report report;
    const char *net_name[VOUCH_CLI_NETS];
    vouch_formal_row row[ROWS];
    vouch_formal_mask mask[ROWS][VOUCH_CLI_WAYS];
    char row_title[ROWS][TITLE];
    const char *mask_title[ROWS][VOUCH_CLI_WAYS];
    vouch_cli_files files;
} job;

/* ---- columns ------------------------------------------------------------------------------- */

/* The next name of a list into the arena; NULL: none is left. */
static const char *next_name(vouch_arena *arena, const char **list)
{
    const size_t length = strcspn(*list, ",");
    const char *name = length > 0 ? vouch_arena_text_n(arena, *list, length) : NULL;
    *list += length + ((*list)[length] == ',');
    return name;
}

/* The last parts of a path, so many. */
static const char *tail_of(const char *path, int parts)
{
    const char *at = path + strlen(path);
    for (; at > path; at--)
        if (at[-1] == '/' && --parts == 0)
            break;
    return at;
}

/* Has another path the same tail? */
static bool is_shared(const job *j, int net, int parts)
{
    const char *const *path = j->call->argument;
    for (int k = 0; k < j->report.nets; k++)
        if (strcmp(path[k], path[net]) != 0 &&
            strcmp(tail_of(path[k], parts), tail_of(path[net], parts)) == 0)
            return true;
    return false;
}

/* The file's name, with as many folders as tell it from the others; what is still called as one
 * before it (given twice, cut short) gets its number. */
static vouch_status name_network(job *j, int net)
{
    enum { PARTS = 64 };
    vouch_arena *arena = j->call->arena;
    int parts = 1;
    while (parts < PARTS && is_shared(j, net, parts))
        parts++;
    const char *name =
        vouch_arena_print(arena, "%.24s", tail_of(j->call->argument[net], parts));
    for (int k = 0; name != NULL && k < net; k++)
        if (strcmp(j->net_name[k], name) == 0)
            name = vouch_arena_print(arena, "%s (%d)", name, net + 1);
    j->net_name[net] = name;
    return name != NULL ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status add_way(job *j, int net, const vouch_formal_settings *settings)
{
    if (vouch_strategy_find(settings->strategy) == NULL)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                          "--strategies: '%s' is none (vouch list strategies)",
                          settings->strategy);
    if (vouch_order_find(settings->order) == NULL)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                          "--orders: '%s' is none (vouch list orders)", settings->order);
    if (j->report.ways == VOUCH_CLI_WAYS)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT, "more than %d columns",
                          VOUCH_CLI_WAYS);
    vouch_cli_way *way = &j->report.way[j->report.ways++];
    *way = (vouch_cli_way){.net = net, .settings = *settings};
    vouch_cli_choose_oracle(j->call, FORMAL, &way->settings);
    snprintf(way->name, sizeof way->name, "%s%s%.12s%s%.12s", j->net_name[net],
             j->cli->strategies ? " " : "", j->cli->strategies ? settings->strategy : "",
             j->cli->orders ? " " : "", j->cli->orders ? settings->order : "");
    return VOUCH_OK;
}

static vouch_status add_orders(job *j, int net, vouch_formal_settings settings)
{
    const char *list = j->cli->orders != NULL ? j->cli->orders : settings.order;
    for (const char *name; (name = next_name(j->call->arena, &list)) != NULL;) {
        settings.order = name;
        VOUCH_TRY(add_way(j, net, &settings));
    }
    return VOUCH_OK;
}

static vouch_status add_ways(job *j)
{
    for (int net = 0; net < j->report.nets; net++) {
        VOUCH_TRY(name_network(j, net));
        vouch_formal_settings settings =
            *(const vouch_formal_settings *)j->call->settings[FORMAL];
        const char *list = j->cli->strategies != NULL ? j->cli->strategies : settings.strategy;
        for (const char *name; (name = next_name(j->call->arena, &list)) != NULL;) {
            settings.strategy = name;
            VOUCH_TRY(add_orders(j, net, settings));
        }
    }
    return VOUCH_OK;
}

/* ---- the run ------------------------------------------------------------------------------- */

static vouch_status load(job *j)
{
    for (int k = 0; k < j->report.nets; k++) {
        const char *const argument[] = {j->call->argument[k], j->call->argument[j->report.nets],
                                        NULL};
        vouch_cli_call call = *j->call;
        call.argument = argument;
        call.argument_count = 2;
        VOUCH_TRY(vouch_cli_question_load(&call, &j->cli->question, &j->report.question[k]));
    }
    j->report.count = j->report.question[0].points.count;
    if (j->report.count > ROWS)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT, "--count: at most %d points", ROWS);
    if (j->cli->picture != NULL && j->report.question[0].points.image.height == 1)
        return vouch_fail(
            j->call->ctx, VOUCH_ERR_ARGUMENT,
            "--picture: the points are no images (--image C,H,W makes them some)");
    return VOUCH_OK;
}

/* One point in all ways. */
static vouch_status explain_point(job *j, int64_t k)
{
    for (int w = 0; w < j->report.ways; w++) {
        vouch_cli_way *way = &j->report.way[w];
        const vouch_cli_question *question = &j->report.question[way->net];
        const vouch_formal_problem problem = vouch_cli_question_problem(question, k);
        way->point[k] = question->point[k];
        VOUCH_TRY(vouch_formal_explain(j->call->ctx, j->call->arena, &problem, &way->settings,
                                       &way->point[k].explanation));
    }
    return VOUCH_OK;
}

/* Points one after the other, so that all ways have the same ones when the caller stops it; then
 * those that are whole are told. */
static vouch_status explain(job *j)
{
    vouch_cli_compare_report *r = &j->report;
    for (int w = 0; w < r->ways; w++) {
        r->way[w].point = VOUCH_NEW_ARRAY(j->call->arena, vouch_cli_formal, r->count);
        if (r->way[w].point == NULL)
            return VOUCH_ERR_MEMORY;
    }
    for (int64_t k = 0; k < r->count; k++) {
        const vouch_status status = explain_point(j, k);
        if (status != VOUCH_ERR_CANCELLED || k == 0)
            VOUCH_TRY(status);
        if (status == VOUCH_OK)
            continue;
        vouch_context_clear_error(j->call->ctx);
        vouch_context_reset_cancel(j->call->ctx);
        r->is_interrupted = true;
        r->count = k;
    }
    return VOUCH_OK;
}

/* Masks of all columns, row by row. */
static vouch_status prepare(job *j)
{
    vouch_cli_compare_report *r = &j->report;
    const vouch_cli_points *points = &r->question[0].points;
    r->picture = (vouch_formal_picture){.title = "Formal explanations side by side",
                                        .image = points->image,
                                        .low = points->low,
                                        .high = points->high,
                                        .count = r->count,
                                        .masks = r->ways,
                                        .row = j->row};
    for (int64_t k = 0; k < r->count; k++) {
        snprintf(j->row_title[k], TITLE, "point %" PRId64, r->way[0].point[k].index);
        for (int w = 0; w < r->ways; w++) {
            const vouch_cli_formal *p = &r->way[w].point[k];
            const vouch_cli_class class = vouch_cli_class_name(points, p->predicted);
            j->mask_title[k][w] =
                vouch_arena_print(j->call->arena, "%s: %s", r->way[w].name, class.text);
            if (j->mask_title[k][w] == NULL)
                return VOUCH_ERR_MEMORY;
            j->mask[k][w] =
                (vouch_formal_mask){j->mask_title[k][w], &p->groups, &p->explanation};
        }
        j->row[k] = (vouch_formal_row){j->row_title[k], r->way[0].point[k].x, j->mask[k]};
    }
    return VOUCH_OK;
}

static vouch_status examine(job *j)
{
    vouch_cli_progress progress;
    VOUCH_TRY(load(j));
    VOUCH_TRY(add_ways(j));
    vouch_cli_progress_start(j->call->ctx, j->cli->question.quiet, &progress);
    const vouch_status s = explain(j);
    vouch_cli_progress_stop(j->call->ctx, &progress);
    j->report.groups = j->cli->question.groups;
    j->report.seconds = vouch_wall_s() - j->call->started_s;
    j->report.cpu_seconds = vouch_cpu_s();
    return s == VOUCH_OK ? prepare(j) : s;
}

/* ---- what is said -------------------------------------------------------------------------- */

static vouch_status put(vouch_context *ctx, int which, FILE *out, const void *report)
{
    const vouch_cli_compare_report *r = report;
    switch (which) {
    case JSON:
        return vouch_cli_compare_json(ctx, out, r);
    case PICTURE:
        return vouch_cli_put_masks(ctx, out, &r->picture, r->is_png);
    case HTML:
        return vouch_cli_compare_page(ctx, out, r);
    default:
        vouch_cli_compare_text(out, r);
        return VOUCH_OK;
    }
}

static vouch_status open_outputs(job *j)
{
    vouch_cli_name in[VOUCH_CLI_NETS];
    const vouch_cli_name out[] = {
        {"--json", j->cli->json}, {"--picture", j->cli->picture}, {"--html", j->cli->html}};
    if (j->report.nets > VOUCH_CLI_NETS)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT, "at most %d networks",
                          VOUCH_CLI_NETS);
    for (int k = 0; k < j->report.nets; k++)
        in[k] = (vouch_cli_name){"the network", j->call->argument[k]};
    VOUCH_TRY(vouch_cli_masks_kind(j->call->ctx, j->cli->picture, &j->report.is_png));
    return vouch_cli_files_open(j->call->arena, out, FILES, in, j->report.nets, &j->files);
}

static vouch_exit run(const vouch_cli_call *call)
{
    job *j = VOUCH_NEW(call->arena, job);
    if (j == NULL)
        return vouch_cli_fail(call, VOUCH_ERR_MEMORY);
    *j = (job){.call = call, .cli = call->settings[OWN]};
    j->report.nets = call->argument_count - 1;
    vouch_status s = open_outputs(j);
    if (s == VOUCH_OK)
        s = examine(j);
    const vouch_exit code =
        vouch_cli_conclude(call, s, &j->files, put, &j->report, j->report.is_interrupted);
    for (int k = 0; k < j->report.nets && k < VOUCH_CLI_NETS; k++)
        vouch_cli_question_free(&j->report.question[k]);
    return code;
}

const vouch_command vouch_explainer_compare = {
    .name = "explain compare",
    .summary = "formal explanations side by side, over networks and ways of finding them",
    .arguments = "NET [NET ...] POINTS",
    .description =
        "Explains the same points (the last argument) by each network, and by each strategy "
        "and order that is named: means as text, masks side by side as a picture or a page. "
        "What irrelevant, relevant and unknown features are says vouch explain formal.",
    .examples = "vouch explain compare a.onnx b.onnx digits.npz --eps 0.1 --count 4 --picture "
                "masks.svg\n"
                "vouch explain compare net.onnx digits.npz --eps 0.1 --strategies "
                "batched,binary --html page.html",
    .least = 2,
    .most = 64,
    .interruptible = true,
    .table = {{rows, &row_count, sizeof(compare_cli)},
              {vouch_formal_options, &vouch_formal_option_count,
               sizeof(vouch_formal_settings)}},
    .run = run,
};
