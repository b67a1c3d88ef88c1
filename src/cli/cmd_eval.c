/* vouch eval: accuracy, calibration, robustness between attack and proof, noise. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/workers.h"
#include "cli/attack_settings.h"
#include "cli/eval_report.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "cli/text.h"
#include "io/io.h"
#include "report/eval_svg.h"
#include "vouch/vouch.h"

typedef struct eval_cli {
    const char *attack, *eps, *norm, *certify, *transform, *range, *image, *groups, *oracle;
    const char *json, *picture, *html, *resume;
    double limit, smooth, alpha;
    int64_t samples, from, count, seed, threads;
    bool corrupt, efx, relative, quiet;
} eval_cli;

#define FIELD(f) offsetof(eval_cli, f)
#define INT_ROW(field, arg, text, otherwise, least)                                            \
    {                                                                                          \
        .name = #field, .argument = arg, .help = text, .type = VOUCH_OPTION_INT,               \
        .offset = FIELD(field), .number = otherwise, .low = least, .high = 0x1p53              \
    }
#define REAL_ROW(field, arg, text, otherwise, most)                                            \
    {                                                                                          \
        .name = #field, .argument = arg, .help = text, .type = VOUCH_OPTION_REAL,              \
        .offset = FIELD(field), .number = otherwise, .low = 0, .high = most                    \
    }
#define TEXT_ROW(field, arg, what, otherwise)                                                  \
    {                                                                                          \
        .name = #field, .argument = arg, .help = what, .type = VOUCH_OPTION_TEXT,              \
        .offset = FIELD(field), .text = otherwise                                              \
    }
#define FLAG_ROW(field, what)                                                                  \
    {                                                                                          \
        .name = #field, .help = what, .type = VOUCH_OPTION_FLAG, .offset = FIELD(field)        \
    }

static const vouch_option rows[] = {
    TEXT_ROW(
        eps, "E,...",
        "radii of the ball, ascending, in units of the inputs (0.1 or 8/255); without them "
        "no attack and no proof",
        NULL),
    TEXT_ROW(
        attack, "NAME,...",
        "attacks (vouch list attacks, which has their settings), or none; as in "
        "pgd:steps=100:restarts=3. Otherwise pgd, with --efx autoattack; tables take tabular",
        NULL),
    {.name = "norm",
     .argument = "NORM",
     .help = "the ball's norm; proofs are for linf alone",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(norm),
     .text = "linf",
     .choices = vouch_norm_choices},
    {.name = "certify",
     .argument = "LEVEL",
     .help = "the last level of proofs: none, interval, crown, alpha, complete; each point is "
             "given to the cheaper ones first",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(certify),
     .text = "crown",
     .choices = vouch_certify_choices},
    TEXT_ROW(
        transform, "NAME,...",
        "transformations of images (vouch list transforms), or all: for how many points is "
        "the class proved to be kept by every parameter of each of five severities",
        NULL),
    REAL_ROW(limit, "S",
             "seconds for each complete verification, and for each point, transformation and "
             "severity",
             10, 1e9),
    FLAG_ROW(efx, "count the points that are attacked and formally explainable: right, "
                  "attacked, and at least one feature is proved irrelevant"),
    {.name = "groups",
     .argument = "NAME",
     .help = "which inputs are one feature of an explanation (vouch list groups)",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(groups),
     .text = "auto",
     .choices = vouch_grouping_choices},
    {.name = "oracle",
     .argument = "NAME",
     .help = "the dearest bounds that explanations ask: interval, crown, alpha, complete",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(oracle),
     .text = "alpha",
     .choices = vouch_oracle_choices},
    REAL_ROW(smooth, "SIGMA", "randomised smoothing by noise of that deviation; 0: none", 0,
             1e9),
    INT_ROW(samples, "N", "noisy copies of each point for smoothing", 10000, 1),
    {.name = "alpha",
     .argument = "A",
     .help = "how often a smoothed certificate may be wrong, above 0",
     .type = VOUCH_OPTION_REAL,
     .offset = FIELD(alpha),
     .number = .001,
     .low = 1e-12, /* at 0 nothing can be certified */
     .high = .499},
    FLAG_ROW(corrupt, "accuracy under every corruption (vouch list corruptions)"),
    INT_ROW(from, "N", "the first point of the data set", 0, 0),
    INT_ROW(count, "N", "how many points", 100, 1),
    TEXT_ROW(range, "LOW,HIGH", "valid range of every input, in place of the data's", NULL),
    TEXT_ROW(image, "C,H,W", "inputs are such an image, in place of the data's shape", NULL),
    FLAG_ROW(relative, "of tables: eps is a share of each column's range"),
    INT_ROW(seed, "N", "random seed: the same seed gives the same figures", 1, 0),
    INT_ROW(threads, "N", "threads; 0: all cores. They change no result", 0, 0),
    TEXT_ROW(json, "FILE",
             "write the result as JSON; - for standard output, in place of the text", NULL),
    TEXT_ROW(picture, "FILE.svg",
             "draw robust accuracy over the radius, and accuracy over confidence", NULL),
    TEXT_ROW(html, "FILE.html",
             "write a page of all figures and pictures, one file that needs no other", NULL),
    TEXT_ROW(resume, "FILE",
             "keep finished work in FILE; what it has of the same run is not done again", NULL),
    FLAG_ROW(quiet, "no progress line"),
};
static const size_t row_count = sizeof rows / sizeof *rows;

enum { MOST = 64 };                  /* radii, attacks */
enum { JSON, PICTURE, HTML, FILES }; /* what is written */

typedef struct job {
    const vouch_cli_call *call;
    const eval_cli *cli;
    vouch_cli_network network;
    vouch_cli_points points;
    vouch_data_info info; /* of the points, with the shape asked for */
    double eps[MOST];
    vouch_eval_attack attack[MOST];
    const vouch_transform *transform[MOST];
    vouch_eval_request request;
    vouch_eval_result result;
    vouch_formal_settings formal;
    vouch_efx_how how;
    vouch_efx_radius *efx; /* [eps_count]; NULL: not asked for */
    vouch_journal *journal;
    vouch_cli_files files;
} job;

/* ---- what is asked ------------------------------------------------------------------------- */

static vouch_status add_eps(job *j, const char *text)
{
    vouch_eval_request *q = &j->request;
    double eps;
    if (!vouch_option_number(text, &eps) || !(eps >= 0) || !isfinite(eps))
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                          "option 'eps': '%s' is not a finite radius", text);
    if (q->eps_count > 0 && !(eps > j->eps[q->eps_count - 1]))
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                          "option 'eps': %s is not above the one before", text);
    j->eps[q->eps_count++] = eps;
    return VOUCH_OK;
}

static vouch_status add_attack(job *j, const char *text)
{
    vouch_eval_request *q = &j->request;
    return vouch_cli_attack_add(j->call->arena, q->ball.norm, text, j->attack,
                                &q->attack_count);
}

static vouch_status add_transform(job *j, const char *name)
{
    vouch_eval_request *q = &j->request;
    const vouch_transform *const *table = vouch_transform_table();
    const bool is_all = strcmp(name, "all") == 0;
    const int before = q->transform_count;
    for (int i = 0; table[i] != NULL; i++)
        if (is_all || strcmp(name, table[i]->name) == 0) {
            for (int k = 0; k < before; k++)
                if (j->transform[k] == table[i])
                    return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                                      "option 'transform': %s comes twice", table[i]->name);
            j->transform[q->transform_count++] = table[i];
        }
    if (q->transform_count == before)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                          "option 'transform': there is no '%s' (vouch list transforms)", name);
    return VOUCH_OK;
}

/* The parts of a list "a,b,c". */
static vouch_status each_part(job *j, const char *option, const char *list,
                              vouch_status (*add)(job *j, const char *part))
{
    char *text = vouch_arena_text(j->call->arena, list ? list : ""), *rest = NULL;
    int count = 0;
    if (text == NULL)
        return VOUCH_ERR_MEMORY;
    for (char *at = strtok_r(text, ",", &rest); at; at = strtok_r(NULL, ",", &rest)) {
        if (++count > MOST)
            return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                              "option '%s': more than %d of them", option, MOST);
        VOUCH_TRY(add(j, at));
    }
    return VOUCH_OK;
}

/* Who asks for proofs at radii must not be given none. */
static vouch_status check_proofs(const job *j)
{
    const vouch_eval_request *q = &j->request;
    const bool asked = j->call->given[1][vouch_option_find(rows, row_count, "certify") - rows];
    if (!asked || q->certify_level == 0 || q->eps_count == 0 || q->transform_count > 0 ||
        vouch_eval_proves(q))
        return VOUCH_OK;
    return vouch_fail(
        j->call->ctx, VOUCH_ERR_ARGUMENT,
        "option 'certify': there are no proofs in %s, in linf alone (l2: --smooth)",
        vouch_norm_name(q->ball.norm));
}

/* Explanations as vouch explain makes them, but for witnesses: nothing rests on them here. */
static vouch_status read_efx(job *j)
{
    const eval_cli *cli = j->cli;
    vouch_context *ctx = j->call->ctx;
    if (!cli->efx)
        return VOUCH_OK;
    if (j->request.eps_count == 0)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "option 'efx': needs a radius (--eps)");
    if (j->request.ball.norm != VOUCH_NORM_LINF)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "option 'efx': explanations are in linf alone, not in %s", cli->norm);
    vouch_options_default(vouch_formal_options, vouch_formal_option_count, &j->formal);
    j->formal.oracle = cli->oracle;
    j->formal.limit_s = cli->limit;
    j->formal.attack_steps = 0;
    j->formal.seed = cli->seed;
    j->how = (vouch_efx_how){.grouping = vouch_grouping_find(cli->groups),
                             .group = {.patch = 4, .bandwidth = .2, .lambda = 1},
                             .formal = &j->formal};
    j->efx = VOUCH_NEW_ARRAY(j->call->arena, vouch_efx_radius, j->request.eps_count);
    return j->efx ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status read_options(job *j)
{
    const eval_cli *cli = j->cli;
    (void)vouch_norm_find(cli->norm, &j->request.ball.norm);
    j->request.eps = j->eps;
    j->request.attack = j->attack;
    j->request.transform = j->transform;
    j->request.certify_level = vouch_certify_find(cli->certify);
    j->request.limit_s = cli->limit;
    j->request.smoothing_sigma = cli->smooth;
    j->request.smoothing =
        (vouch_smoothing){.selection = 100, .samples = cli->samples, .alpha = cli->alpha};
    j->request.corruptions = cli->corrupt;
    j->request.seed = (uint64_t)cli->seed;
    j->request.threads =
        cli->threads > 0 && cli->threads < 1024 ? (int)cli->threads : vouch_workers_available();
    VOUCH_TRY(each_part(j, "eps", cli->eps, add_eps));
    VOUCH_TRY(each_part(j, "attack",
                        cli->attack ? cli->attack
                        : cli->efx  ? "autoattack"
                                    : "pgd",
                        add_attack));
    VOUCH_TRY(each_part(j, "transform", cli->transform, add_transform));
    VOUCH_TRY(read_efx(j));
    return check_proofs(j);
}

static vouch_status open_outputs(job *j)
{
    const vouch_cli_name in[] = {{"the network", j->call->argument[0]}};
    const vouch_cli_name out[] = {{"--json", j->cli->json},
                                  {"--picture", j->cli->picture},
                                  {"--html", j->cli->html},
                                  {"--resume", j->cli->resume}};
    VOUCH_TRY(vouch_cli_output_suffix(j->call->ctx, "--picture", j->cli->picture, ".svg"));
    VOUCH_TRY(vouch_cli_output_check(j->call->ctx, out, 4, in, 1));
    return vouch_cli_files_open(j->call->arena, out, FILES, in, 1, &j->files);
}

/* What the data says of its samples, with the shape and the range that were asked for. */
static vouch_status describe_points(job *j)
{
    const vouch_cli_points *p = &j->points;
    j->info = *vouch_data_stream_info(p->stream);
    vouch_feature *feature = VOUCH_NEW_ARRAY(j->call->arena, vouch_feature, p->size);
    if (feature == NULL)
        return VOUCH_ERR_MEMORY;
    memcpy(feature, j->info.feature, (size_t)p->size * sizeof *feature);
    for (int64_t i = 0; i < p->size; i++) {
        feature[i].low = p->low[i];
        feature[i].high = p->high[i];
    }
    j->info.feature = feature;
    j->info.shape = p->shape;
    return VOUCH_OK;
}

static vouch_status read_points(job *j)
{
    const eval_cli *cli = j->cli;
    vouch_cli_points *p = &j->points;
    const vouch_cli_points_wanted wanted = {cli->from, cli->count, cli->range, cli->image,
                                            cli->relative};
    VOUCH_TRY(vouch_cli_points_load(j->call->ctx, j->call->arena, j->call->argument[1],
                                    &j->network, &wanted, p));
    if (p->stream == NULL || vouch_data_stream_info(p->stream)->classes == 0)
        return vouch_fail(j->call->ctx, VOUCH_ERR_VALUE,
                          "%s: has no labels to be right or wrong about", p->place);
    VOUCH_TRY(describe_points(j));
    j->request.points = (vouch_eval_points){&j->info, p->count, p->size, p->x, p->label};
    j->request.ball.size = p->size;
    j->request.ball.low = p->low;
    j->request.ball.high = p->high;
    j->request.ball.image = p->image;
    j->request.ball.rules = p->is_table ? &p->rules : NULL;
    return VOUCH_OK;
}

/* ---- what was done before ------------------------------------------------------------------ */

/* Options that change no figure. */
static bool is_idle(const char *option)
{
    static const char *const idle[] = {"threads", "json", "picture", "html", "resume", "quiet"};
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        if (strcmp(option, idle[i]) == 0)
            return true;
    return false;
}

/* All that the points are: numbers, labels, ranges. */
static const char *data_fact(const job *j)
{
    const vouch_cli_points *p = &j->points;
    char x[65], label[65], low[65], high[65];
    vouch_sha256(p->x, (size_t)(p->count * p->size) * sizeof *p->x, x);
    vouch_sha256(p->label, (size_t)p->count * sizeof *p->label, label);
    vouch_sha256(p->low, (size_t)p->size * sizeof *p->low, low);
    vouch_sha256(p->high, (size_t)p->size * sizeof *p->high, high);
    return vouch_arena_print(j->call->arena, "%s %s %s %s", x, label, low, high);
}

static vouch_status open_journal(job *j)
{
    vouch_journal_fact fact[sizeof rows / sizeof *rows + 3] = {
        {"version", vouch_version()},
        {"network", j->network.sha256},
        {"data", data_fact(j)},
    };
    int facts = 3;
    if (j->cli->resume == NULL)
        return VOUCH_OK;
    for (size_t i = 0; i < row_count; i++)
        if (!is_idle(rows[i].name))
            fact[facts++] = (vouch_journal_fact){
                rows[i].name, vouch_cli_setting_text(j->call->arena, &rows[i], j->cli)};
    for (int i = 0; i < facts; i++)
        if (fact[i].text == NULL)
            return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_journal_open(j->call->arena, j->cli->resume, fact, facts, &j->journal));
    j->request.journal = j->journal;
    return VOUCH_OK;
}

/* ---- the run ------------------------------------------------------------------------------- */

static vouch_status examine(job *j)
{
    vouch_context *ctx = j->call->ctx;
    vouch_cli_progress progress;
    VOUCH_TRY(read_options(j));
    VOUCH_TRY(vouch_cli_network_load(ctx, j->call->argument[0], &j->network));
    VOUCH_TRY(read_points(j));
    j->request.graph = j->network.graph;
    VOUCH_TRY(open_journal(j));
    vouch_cli_progress_start(ctx, j->cli->quiet, &progress);
    vouch_status s = vouch_eval_run(ctx, j->call->arena, &j->request, &j->result);
    if (s == VOUCH_OK && j->efx != NULL)
        s = vouch_efx_run(j->call->arena, &j->request, &j->result, &j->how, j->efx);
    j->result.is_interrupted = s == VOUCH_ERR_CANCELLED;
    vouch_cli_progress_stop(ctx, &progress);
    if (s == VOUCH_ERR_CANCELLED) { /* what is known so far is reported */
        vouch_context_clear_error(ctx);
        return VOUCH_OK;
    }
    return s;
}

static vouch_status draw(vouch_context *ctx, FILE *out, const vouch_cli_eval_report *report)
{
    vouch_svg svg;
    const vouch_eval_picture picture = {report->network->path, report->request, report->result};
    return vouch_cli_put_markup(out, &svg, vouch_eval_svg(ctx, &picture, &svg));
}

static vouch_status put(vouch_context *ctx, int which, FILE *out, const void *report)
{
    switch (which) {
    case JSON:
        return vouch_cli_eval_json(ctx, out, report);
    case PICTURE:
        return draw(ctx, out, report);
    case HTML:
        return vouch_cli_eval_html(ctx, out, report);
    default:
        vouch_cli_eval_text(out, report);
        return VOUCH_OK;
    }
}

static vouch_exit conclude(job *j, vouch_status status)
{
    const vouch_cli_eval_report report = {.call = j->call,
                                          .network = &j->network,
                                          .points = &j->points,
                                          .request = &j->request,
                                          .result = &j->result,
                                          .efx = j->efx,
                                          .seconds = vouch_wall_s() - j->call->started_s,
                                          .cpu_seconds = vouch_cpu_s()};
    return vouch_cli_conclude(j->call, status, &j->files, put, &report,
                              j->result.is_interrupted);
}

static vouch_exit run(const vouch_cli_call *call)
{
    job j = {.call = call, .cli = call->settings[1]};
    vouch_status s = open_outputs(&j);
    if (s == VOUCH_OK)
        s = examine(&j);
    const vouch_exit code = conclude(&j, s);
    vouch_journal_close(j.journal);
    vouch_cli_points_free(&j.points);
    vouch_cli_network_free(&j.network);
    return code;
}

const vouch_command vouch_command_eval = {
    .name = "eval",
    .summary = "measure a classifier: accuracy, and robustness between attack and proof",
    .arguments = "NET DATA",
    .description =
        "Counts how many of DATA's points the network gets right, with Wilson's 95 % interval, "
        "by class, and how far its confidence may be believed (expected calibration error).\n\n"
        "With --eps also how many stay right in a ball around them: at most as many as the "
        "attacks leave, at least as many as are proved. Adversarials and proofs hold over the "
        "real numbers, so a point that is both is an error, and the command says so. Several "
        "radii give a curve: an adversarial counts for larger balls too, a proof for smaller "
        "ones.\n\n"
        "--transform does the same for brightness, contrast, rotation and translation: "
        "parameters are split into cells until each is proved, or one is found that changes "
        "the "
        "class.\n\n"
        "--smooth certifies the network under Gaussian noise in L2, by counting; --corrupt "
        "counts what is right under noise, blur, light, motion and losses that nobody "
        "chose.\n\n"
        "--efx explains every point that is right (as vouch explain formal does) and counts "
        "those that are EFX, empirically formally explainable: an attack succeeds, and at "
        "least one feature is proved irrelevant all the same.",
    .examples =
        "vouch eval net.onnx t10k-images-idx3-ubyte.gz --count 1000\n"
        "vouch eval net.onnx digits.npz --eps 0.02,0.05,0.1 --certify alpha --html page.html\n"
        "vouch eval net.onnx digits.npz --eps 0.1 --attack pgd:steps=100,square:queries=1000\n"
        "vouch eval net.onnx digits.npz --eps 0.1 --certify complete --resume run.journal\n"
        "vouch eval net.onnx digits.npz --transform rotation,brightness\n"
        "vouch eval net.onnx digits.npz --eps 8/255 --certify none --efx\n"
        "vouch eval net.onnx builtin:glyphs16 --smooth 0.25 --corrupt",
    .least = 2,
    .most = 2,
    .interruptible = true,
    .table = {{rows, &row_count, sizeof(eval_cli)}},
    .run = run,
};
