/* vouch explain compare: formal explanations of the same points side by side, over networks and
 * ways of finding them: rows are points, columns ways. */
#include <inttypes.h>
#include <string.h>

#include "cli/formal_report.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "cli/text.h"
#include "explain/strategy.h"
#include "report/html.h"

enum { NETS = 8, COLUMNS = 16, ROWS = 64, NAME = 48, TITLE = 128 };

typedef struct compare_cli {
    vouch_cli_question_settings question;
    const char *strategies, *orders, *picture, *html;
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
    TEXT_ROW(picture, "FILE", "draw images and masks: FILE.svg or FILE.png"),
    TEXT_ROW(html, "FILE", "write a page: masks, what was found"),
};
static const size_t row_count = sizeof rows / sizeof *rows;

enum { OWN = 1, FORMAL = 2 };
enum { PICTURE, HTML, FILES };

/* One way of explaining: a network, a strategy, an order. */
typedef struct column {
    char name[NAME];
    const vouch_cli_question *question;
    vouch_formal_settings settings;
    vouch_cli_formal *point; /* [points] */
} column;

typedef struct job {
    const vouch_cli_call *call;
    const compare_cli *cli;
    int nets, columns;
    int64_t count; /* points */
    vouch_cli_question question[NETS];
    column column[COLUMNS];
    bool is_png, is_interrupted;
    vouch_formal_picture picture;
    vouch_formal_row row[ROWS];
    vouch_formal_mask mask[ROWS][COLUMNS];
    char row_title[ROWS][TITLE];
    const char *mask_title[ROWS][COLUMNS];
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

static const char *file_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static vouch_status add_column(job *j, int net, const vouch_formal_settings *settings)
{
    if (vouch_strategy_find(settings->strategy) == NULL)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                          "--strategies: '%s' is none (vouch list strategies)",
                          settings->strategy);
    if (vouch_order_find(settings->order) == NULL)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                          "--orders: '%s' is none (vouch list orders)", settings->order);
    if (j->columns == COLUMNS)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT, "more than %d columns", COLUMNS);
    column *c = &j->column[j->columns++];
    *c = (column){.question = &j->question[net], .settings = *settings};
    snprintf(c->name, sizeof c->name, "%.20s%s%.12s%s%.12s", file_of(j->call->argument[net]),
             j->cli->strategies ? " " : "", j->cli->strategies ? settings->strategy : "",
             j->cli->orders ? " " : "", j->cli->orders ? settings->order : "");
    return VOUCH_OK;
}

static vouch_status add_orders(job *j, int net, vouch_formal_settings settings)
{
    const char *list = j->cli->orders != NULL ? j->cli->orders : settings.order;
    for (const char *name; (name = next_name(j->call->arena, &list)) != NULL;) {
        settings.order = name;
        VOUCH_TRY(add_column(j, net, &settings));
    }
    return VOUCH_OK;
}

static vouch_status add_columns(job *j)
{
    for (int net = 0; net < j->nets; net++) {
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
    for (int k = 0; k < j->nets; k++) {
        const char *const argument[] = {j->call->argument[k], j->call->argument[j->nets], NULL};
        vouch_cli_call call = *j->call;
        call.argument = argument;
        call.argument_count = 2;
        VOUCH_TRY(vouch_cli_question_load(&call, &j->cli->question, &j->question[k]));
    }
    j->count = j->question[0].points.count;
    if (j->count > ROWS)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT, "--count: at most %d points", ROWS);
    if (j->cli->picture != NULL && j->question[0].points.image.height == 1)
        return vouch_fail(
            j->call->ctx, VOUCH_ERR_ARGUMENT,
            "--picture: the points are no images (--image C,H,W makes them some)");
    return VOUCH_OK;
}

/* One point in all ways. */
static vouch_status explain_point(job *j, int64_t k)
{
    for (int i = 0; i < j->columns; i++) {
        column *c = &j->column[i];
        const vouch_formal_problem problem = vouch_cli_question_problem(c->question, k);
        c->point[k] = c->question->point[k];
        VOUCH_TRY(vouch_formal_explain(j->call->ctx, j->call->arena, &problem, &c->settings,
                                       &c->point[k].explanation));
    }
    return VOUCH_OK;
}

/* Points one after the other, so that all ways have the same ones when the caller stops it; then
 * those that are whole are told. */
static vouch_status explain(job *j)
{
    for (int i = 0; i < j->columns; i++) {
        j->column[i].point = VOUCH_NEW_ARRAY(j->call->arena, vouch_cli_formal, j->count);
        if (j->column[i].point == NULL)
            return VOUCH_ERR_MEMORY;
    }
    for (int64_t k = 0; k < j->count; k++) {
        const vouch_status status = explain_point(j, k);
        if (status != VOUCH_ERR_CANCELLED || k == 0)
            VOUCH_TRY(status);
        if (status == VOUCH_OK)
            continue;
        vouch_context_clear_error(j->call->ctx);
        vouch_context_reset_cancel(j->call->ctx);
        j->is_interrupted = true;
        j->count = k;
    }
    return VOUCH_OK;
}

/* Masks of all columns, row by row. */
static vouch_status prepare(job *j)
{
    const vouch_cli_points *points = &j->question[0].points;
    j->picture = (vouch_formal_picture){.title = "Formal explanations side by side",
                                        .image = points->image,
                                        .low = points->low,
                                        .high = points->high,
                                        .count = j->count,
                                        .masks = j->columns,
                                        .row = j->row};
    for (int64_t k = 0; k < j->count; k++) {
        snprintf(j->row_title[k], TITLE, "point %" PRId64, j->column[0].point[k].index);
        for (int c = 0; c < j->columns; c++) {
            const vouch_cli_formal *p = &j->column[c].point[k];
            const vouch_cli_class class = vouch_cli_class_name(points, p->predicted);
            j->mask_title[k][c] =
                vouch_arena_print(j->call->arena, "%s: %s", j->column[c].name, class.text);
            if (j->mask_title[k][c] == NULL)
                return VOUCH_ERR_MEMORY;
            j->mask[k][c] =
                (vouch_formal_mask){j->mask_title[k][c], &p->groups, &p->explanation};
        }
        j->row[k] = (vouch_formal_row){j->row_title[k], j->column[0].point[k].x, j->mask[k]};
    }
    return VOUCH_OK;
}

static vouch_status examine(job *j)
{
    vouch_cli_progress progress;
    VOUCH_TRY(load(j));
    VOUCH_TRY(add_columns(j));
    vouch_cli_progress_start(j->call->ctx, j->cli->question.quiet, &progress);
    const vouch_status s = explain(j);
    vouch_cli_progress_stop(j->call->ctx, &progress);
    return s == VOUCH_OK ? prepare(j) : s;
}

/* ---- what is said -------------------------------------------------------------------------- */

static double mean(const job *j, const column *c, vouch_formal_class class)
{
    double sum = 0;
    for (int64_t k = 0; k < j->count; k++)
        sum += (double)c->point[k].explanation.count[class];
    return sum / (double)j->count;
}

static double cpu_of(const job *j, const column *c)
{
    double sum = 0;
    for (int64_t k = 0; k < j->count; k++)
        sum += c->point[k].explanation.cpu_s;
    return sum / (double)j->count;
}

static void put_text(FILE *out, const job *j)
{
    fprintf(out, "means of %" PRId64 " points, of %" PRId64 " features%s\n", j->count,
            j->column[0].point[0].explanation.features,
            j->is_interrupted ? "; interrupted before the rest" : "");
    fprintf(out, "%-48s %10s %10s %10s %10s\n", "", "irrelevant", "relevant", "unknown",
            "CPU s");
    for (int c = 0; c < j->columns; c++)
        fprintf(out, "%-48s %10.1f %10.1f %10.1f %10.3f\n", j->column[c].name,
                mean(j, &j->column[c], VOUCH_FORMAL_IRRELEVANT),
                mean(j, &j->column[c], VOUCH_FORMAL_RELEVANT),
                mean(j, &j->column[c], VOUCH_FORMAL_UNKNOWN), cpu_of(j, &j->column[c]));
}

static void put_table(vouch_html *page, const job *j)
{
    static const char *const head[] = {"way", "irrelevant", "relevant", "unknown", "CPU s"};
    vouch_html_table(page, "Means over the points");
    vouch_html_row(page);
    for (size_t k = 0; k < sizeof head / sizeof *head; k++)
        vouch_html_cell(page, "%s", head[k]);
    for (int c = 0; c < j->columns; c++) {
        const column *way = &j->column[c];
        vouch_html_row(page);
        vouch_html_cell(page, "%s", way->name);
        vouch_html_cell(page, "%.1f", mean(j, way, VOUCH_FORMAL_IRRELEVANT));
        vouch_html_cell(page, "%.1f", mean(j, way, VOUCH_FORMAL_RELEVANT));
        vouch_html_cell(page, "%.1f", mean(j, way, VOUCH_FORMAL_UNKNOWN));
        vouch_html_cell(page, "%.3f", cpu_of(j, way));
    }
    vouch_html_table_end(page);
}

static vouch_status put_page(vouch_context *ctx, FILE *out, const job *j)
{
    vouch_html page;
    vouch_html_begin(&page, ctx, "Formal explanations side by side",
                     j->call->argument[j->nets]);
    vouch_html_paragraph(&page, "Rows are points, columns ways of explaining them. Irrelevant "
                                "features provably cannot change the class, all together; a "
                                "relevant one can; hatched ones are not decided.");
    if (j->is_interrupted)
        vouch_html_paragraph(&page, "Interrupted: points that are not finished are left out.");
    if (j->picture.image.height > 1) {
        vouch_html_figure(&page);
        vouch_formal_svg_draw(&j->picture, &page.out);
        vouch_html_figure_end(&page, "Images, and what their pixels are to each decision.");
    }
    put_table(&page, j);
    return vouch_cli_put_markup(out, &page.out, vouch_html_end(&page));
}

static vouch_status put(vouch_context *ctx, int which, FILE *out, const void *report)
{
    const job *j = report;
    if (which == PICTURE)
        return vouch_cli_put_masks(ctx, out, &j->picture, j->is_png);
    if (which == HTML)
        return put_page(ctx, out, j);
    put_text(out, j);
    return VOUCH_OK;
}

static vouch_status open_outputs(job *j)
{
    vouch_cli_name in[NETS];
    const vouch_cli_name out[] = {{"--picture", j->cli->picture}, {"--html", j->cli->html}};
    if (j->nets > NETS)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT, "at most %d networks", NETS);
    for (int k = 0; k < j->nets; k++)
        in[k] = (vouch_cli_name){"the network", j->call->argument[k]};
    VOUCH_TRY(vouch_cli_masks_kind(j->call->ctx, j->cli->picture, &j->is_png));
    return vouch_cli_files_open(j->call->arena, out, FILES, in, j->nets, &j->files);
}

static vouch_exit run(const vouch_cli_call *call)
{
    job *j = VOUCH_NEW(call->arena, job);
    if (j == NULL)
        return vouch_cli_fail(call, VOUCH_ERR_MEMORY);
    *j = (job){.call = call, .cli = call->settings[OWN], .nets = call->argument_count - 1};
    vouch_status s = open_outputs(j);
    if (s == VOUCH_OK)
        s = examine(j);
    const vouch_exit code = vouch_cli_conclude(call, s, &j->files, put, j, j->is_interrupted);
    for (int k = 0; k < j->nets && k < NETS; k++)
        vouch_cli_question_free(&j->question[k]);
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
