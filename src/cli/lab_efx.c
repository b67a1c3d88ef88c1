/* vouch lab efx: how many inputs of several networks are attacked and formally explainable. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/workers.h"
#include "cli/attack_settings.h"
#include "cli/efx_report.h"
#include "cli/explain_question.h"
#include "cli/progress.h"
#include "cli/publish.h"
#include "explain/strategy.h"
#include "io/io.h"
#include "lab/plan.h"
#include "vouch/vouch.h"

typedef struct efx_cli {
    const char *eps, *attack, *groups, *orders, *order_strategy, *range, *image;
    const char *json, *html, *resume;
    int64_t from, count, explain, order_points, patch;
    double bandwidth, lambda;
    bool relative, wrong, quiet;
} efx_cli;

#define FIELD(f) offsetof(efx_cli, f)
#define INT_ROW(title, field, about, otherwise, least)                                         \
    {                                                                                          \
        .name = title, .argument = "N", .help = about, .type = VOUCH_OPTION_INT,               \
        .offset = FIELD(field), .number = otherwise, .low = least, .high = 0x1p53              \
    }
#define REAL_ROW(field, about, otherwise, least)                                               \
    {                                                                                          \
        .name = #field, .argument = "X", .help = about, .type = VOUCH_OPTION_REAL,             \
        .offset = FIELD(field), .number = otherwise, .low = least, .high = 1e6                 \
    }
#define TEXT_ROW(field, arg, about, otherwise)                                                 \
    {                                                                                          \
        .name = #field, .argument = arg, .help = about, .type = VOUCH_OPTION_TEXT,             \
        .offset = FIELD(field), .text = otherwise                                              \
    }

static const vouch_option rows[] = {
    TEXT_ROW(eps, "E,...", "radii, ascending: 0.1 or 8/255. Has to be given", NULL),
    TEXT_ROW(attack, "NAME,...",
             "attacks, as in pgd:steps=100:restarts=3 (vouch list attacks); EFX is counted for "
             "each, and for any of them. Tables take `tabular`",
             "autoattack"),
    INT_ROW("from", from, "the first point of the data set", 0, 0),
    INT_ROW("count", count, "how many points accuracy is of", 1000, 1),
    INT_ROW("explain", explain,
            "how many of those that a network gets right are attacked and explained; 0: all",
            100, 0),
    {.name = "wrong",
     .help =
         "points that a network gets wrong are attacked and explained too: its own decision",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(wrong)},
    {.name = "groups",
     .argument = "NAME",
     .help = "which inputs are one feature (vouch list groups)",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(groups),
     .text = "auto",
     .choices = vouch_grouping_choices},
    INT_ROW("patch", patch, "side of the squares of --groups patch", 4, 1),
    REAL_ROW(bandwidth,
             "of --groups superpixel: how far pixels reach, as a share of the image's sides",
             0.2, 1e-6),
    REAL_ROW(lambda, "of --groups superpixel: what colours count beside places", 1, 0),
    TEXT_ROW(orders, "NAME,...",
             "orders of traversal that are compared at the greatest radius (vouch list orders)",
             NULL),
    {.name = "order-strategy",
     .argument = "NAME",
     .help = "the strategy they are compared with",
     .type = VOUCH_OPTION_CHOICE,
     .offset = FIELD(order_strategy),
     .text = "verix",
     .choices = vouch_strategy_choices},
    INT_ROW("order-points", order_points, "on that many of the points that are explained", 10,
            1),
    TEXT_ROW(range, "LOW,HIGH", "valid range of every input, in place of the data's", NULL),
    TEXT_ROW(image, "C,H,W", "inputs are such an image, in place of the data's shape", NULL),
    {.name = "relative",
     .help = "of tables: eps is a share of each column's range",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(relative)},
    TEXT_ROW(json, "FILE",
             "write all figures as JSON; - for standard output, in place of the text", NULL),
    TEXT_ROW(html, "FILE", "write a page: tables, curves over radii, what was run", NULL),
    TEXT_ROW(resume, "FILE",
             "keep finished work in FILE; what it has of the same run is not done again", NULL),
    {.name = "quiet",
     .help = "no progress line",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(quiet)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

enum { OWN = 1, FORMAL = 2 }; /* tables of settings */
enum { MOST = 64 };           /* radii, attacks, orders, networks */
enum { JSON, HTML, FILES };   /* what is written */

typedef struct job {
    const vouch_cli_call *call;
    const efx_cli *cli;
    vouch_formal_settings formal;
    vouch_cli_points points;
    double eps[MOST];
    vouch_eval_attack attack[MOST];
    vouch_eval_request eval;
    vouch_efx_plan plan;
    int nets;
    vouch_efx_net *net;
    bool is_interrupted;
    vouch_journal *journal;
    vouch_cli_files files;
} job;

/* ---- what is asked ------------------------------------------------------------------------- */

static vouch_status read_eps(job *j)
{
    const char **part;
    int count;
    if (j->cli->eps == NULL)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT, "--eps is missing");
    VOUCH_TRY(vouch_plan_list(j->call->arena, "eps", j->cli->eps, &part, &count));
    for (int i = 0; i < count; i++)
        if (!vouch_plan_number(part[i], &j->eps[i]) ||
            !(j->eps[i] > (i > 0 ? j->eps[i - 1] : 0)))
            return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                              "option 'eps': '%s': radii have to be numbers above 0, each "
                              "above the one before",
                              part[i]);
    j->eval.eps_count = count;
    j->eval.eps = j->eps;
    return VOUCH_OK;
}

static vouch_status read_attacks(job *j)
{
    const char **part;
    int count;
    VOUCH_TRY(vouch_plan_list(j->call->arena, "attack", j->cli->attack, &part, &count));
    for (int i = 0; i < count; i++)
        VOUCH_TRY(vouch_cli_attack_add(j->call->arena, VOUCH_NORM_LINF, part[i], j->attack,
                                       &j->eval.attack_count));
    if (j->eval.attack_count == 0)
        return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                          "option 'attack': EFX points are attacked; name an attack");
    j->eval.attack = j->attack;
    return VOUCH_OK;
}

static vouch_status read_orders(job *j)
{
    const char **part;
    if (j->cli->orders == NULL)
        return VOUCH_OK;
    VOUCH_TRY(
        vouch_plan_list(j->call->arena, "orders", j->cli->orders, &part, &j->plan.orders));
    for (int o = 0; o < j->plan.orders; o++)
        if (vouch_order_find(part[o]) == NULL)
            return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                              "option 'orders': there is no '%s' (vouch list orders)", part[o]);
    j->plan.order = part;
    return VOUCH_OK;
}

/* Nothing rests on witnesses here: they are looked for only where somebody says so. */
static void read_formal(job *j)
{
    const size_t row = (size_t)(vouch_option_find(vouch_formal_options,
                                                  vouch_formal_option_count, "attack-steps") -
                                vouch_formal_options);
    j->formal = *(const vouch_formal_settings *)j->call->settings[FORMAL];
    if (!j->call->given[FORMAL][row])
        j->formal.attack_steps = 0;
}

static vouch_status read_options(job *j)
{
    const efx_cli *cli = j->cli;
    VOUCH_TRY(vouch_cli_grouping_check(j->call, OWN, cli->groups));
    read_formal(j);
    j->eval.seed = (uint64_t)j->formal.seed;
    j->eval.threads =
        j->formal.threads > 0 ? (int)j->formal.threads : vouch_workers_available();
    j->plan = (vouch_efx_plan){.eval = &j->eval,
                               .how = {.grouping = vouch_grouping_find(cli->groups),
                                       .group = {.patch = cli->patch,
                                                 .bandwidth = cli->bandwidth,
                                                 .lambda = cli->lambda},
                                       .formal = &j->formal},
                               .most = cli->explain,
                               .with_wrong = cli->wrong,
                               .order_strategy = cli->order_strategy,
                               .few = cli->order_points};
    VOUCH_TRY(read_eps(j));
    VOUCH_TRY(read_attacks(j));
    return read_orders(j);
}

/* "NET" or "NET=LABEL"; a network without a label is one of its own. */
static vouch_status read_nets(job *j)
{
    vouch_arena *arena = j->call->arena;
    j->nets = j->call->argument_count - 1;
    j->net = VOUCH_NEW_ARRAY(arena, vouch_efx_net, j->nets);
    if (j->net == NULL)
        return VOUCH_ERR_MEMORY;
    for (int k = 0; k < j->nets; k++) {
        const char *text = j->call->argument[k + 1], *equals = strrchr(text, '=');
        const size_t length = equals ? (size_t)(equals - text) : strlen(text);
        j->net[k].path = vouch_arena_text_n(arena, text, length);
        j->net[k].label = vouch_arena_text(arena, equals ? equals + 1 : text);
        if (j->net[k].path == NULL || j->net[k].label == NULL)
            return VOUCH_ERR_MEMORY;
        if (length == 0 || *j->net[k].label == '\0')
            return vouch_fail(j->call->ctx, VOUCH_ERR_ARGUMENT,
                              "'%s' is neither NET nor NET=LABEL", text);
    }
    return VOUCH_OK;
}

static vouch_status open_outputs(job *j)
{
    vouch_cli_name in[MOST];
    const vouch_cli_name out[] = {
        {"--json", j->cli->json}, {"--html", j->cli->html}, {"--resume", j->cli->resume}};
    for (int k = 0; k < j->nets; k++)
        in[k] = (vouch_cli_name){"a network", j->net[k].path};
    VOUCH_TRY(vouch_cli_output_check(j->call->ctx, out, 3, in, j->nets));
    return vouch_cli_files_open(j->call->arena, out, FILES, in, j->nets, &j->files);
}

static vouch_status read_points(job *j, const vouch_cli_network *network)
{
    const efx_cli *cli = j->cli;
    vouch_cli_points *p = &j->points;
    const vouch_cli_points_wanted wanted = {cli->from, cli->count, cli->range, cli->image,
                                            cli->relative};
    VOUCH_TRY(vouch_cli_points_load(j->call->ctx, j->call->arena, j->call->argument[0], network,
                                    &wanted, p));
    if (p->stream == NULL || vouch_data_stream_info(p->stream)->classes == 0)
        return vouch_fail(j->call->ctx, VOUCH_ERR_VALUE,
                          "%s: has no labels to be right or wrong about", p->place);
    j->eval.points = (vouch_eval_points){vouch_data_stream_info(p->stream), p->count, p->size,
                                         p->x, p->label};
    j->eval.ball = (vouch_ball){.norm = VOUCH_NORM_LINF,
                                .size = p->size,
                                .low = p->low,
                                .high = p->high,
                                .image = p->image,
                                .rules = p->is_table ? &p->rules : NULL};
    return VOUCH_OK;
}

/* ---- what was done before ------------------------------------------------------------------ */

/* Options that change no figure, and those that say which figures there are, which the names of
 * units say too: a study can be widened. */
static bool is_idle(const char *option)
{
    static const char *const idle[] = {"threads", "json", "html",   "resume",
                                       "quiet",   "eps",  "orders", "order-points"};
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        if (strcmp(option, idle[i]) == 0)
            return true;
    return false;
}

static vouch_status open_journal(job *j)
{
    enum { FACTS = 48 };
    char sha256[2][65];
    const vouch_cli_points *p = &j->points;
    vouch_sha256(p->x, (size_t)(p->count * p->size) * sizeof *p->x, sha256[0]);
    vouch_sha256(p->label, (size_t)p->count * sizeof *p->label, sha256[1]);
    vouch_journal_fact fact[FACTS] = {{"version", vouch_version()},
                                      {"study", j->call->command->name},
                                      {"data", sha256[0]},
                                      {"labels", sha256[1]}};
    int facts = 4;
    if (j->cli->resume == NULL)
        return VOUCH_OK;
    for (int t = OWN; t <= FORMAL; t++) {
        const vouch_cli_table table = vouch_command_options(j->call->command, t);
        for (size_t i = 0; i < *table.count && facts < FACTS; i++)
            if (!is_idle(table.rows[i].name))
                fact[facts++] = (vouch_journal_fact){
                    table.rows[i].name, vouch_cli_setting_text(j->call->arena, &table.rows[i],
                                                               j->call->settings[t])};
    }
    for (int i = 0; i < facts; i++)
        if (fact[i].text == NULL)
            return VOUCH_ERR_MEMORY;
    return vouch_journal_open(j->call->arena, j->cli->resume, fact, facts, &j->journal);
}

/* ---- the run ------------------------------------------------------------------------------- */

static vouch_status look_at(job *j, vouch_efx_net *net, const vouch_cli_network *network)
{
    vouch_arena *arena = j->call->arena;
    vouch_journal *part;
    memcpy(net->sha256, network->sha256, sizeof net->sha256);
    net->parameters = network->parameters;
    if (j->points.place == NULL) {
        VOUCH_TRY(read_points(j, network));
        VOUCH_TRY(open_journal(j));
    }
    if (network->inputs != j->points.size)
        return vouch_fail(j->call->ctx, VOUCH_ERR_SHAPE,
                          "%s takes %" PRId64 " numbers, the points have %" PRId64, net->path,
                          network->inputs, j->points.size);
    VOUCH_TRY(vouch_journal_part(arena, j->journal, net->sha256, &part));
    return vouch_efx_study_net(arena, &j->plan, network->graph, part, net);
}

static vouch_status look_at_all(job *j)
{
    vouch_cli_progress progress;
    vouch_status s = VOUCH_OK;
    vouch_cli_progress_start(j->call->ctx, j->cli->quiet, &progress);
    for (int k = 0; s == VOUCH_OK && k < j->nets; k++) {
        vouch_cli_network network = {.path = NULL};
        s = vouch_cli_network_load(j->call->ctx, j->net[k].path, &network);
        if (s == VOUCH_OK)
            s = look_at(j, &j->net[k], &network);
        vouch_cli_network_free(&network);
    }
    vouch_cli_progress_stop(j->call->ctx, &progress);
    if (s != VOUCH_ERR_CANCELLED)
        return s;
    vouch_context_clear_error(j->call->ctx); /* finished networks are reported */
    j->is_interrupted = true;
    return VOUCH_OK;
}

static vouch_status put(vouch_context *ctx, int which, FILE *out, const void *report)
{
    switch (which) {
    case JSON:
        return vouch_cli_efx_json(ctx, out, report);
    case HTML:
        return vouch_cli_efx_page(ctx, out, report);
    default:
        vouch_cli_efx_text(out, report);
        return VOUCH_OK;
    }
}

static vouch_exit conclude(job *j, vouch_status status)
{
    const vouch_cli_efx_report report = {.call = j->call,
                                         .points = &j->points,
                                         .plan = &j->plan,
                                         .nets = j->nets,
                                         .net = j->net,
                                         .is_interrupted = j->is_interrupted,
                                         .seconds = vouch_wall_s() - j->call->started_s,
                                         .cpu_seconds = vouch_cpu_s()};
    return vouch_cli_conclude(j->call, status, &j->files, put, &report, j->is_interrupted);
}

static vouch_exit run(const vouch_cli_call *call)
{
    job j = {.call = call, .cli = call->settings[OWN]};
    vouch_status s = read_options(&j);
    if (s == VOUCH_OK)
        s = read_nets(&j);
    if (s == VOUCH_OK)
        s = open_outputs(&j);
    if (s == VOUCH_OK)
        s = look_at_all(&j);
    const vouch_exit code = conclude(&j, s);
    vouch_journal_close(j.journal);
    vouch_cli_points_free(&j.points);
    return code;
}

const vouch_command vouch_study_efx = {
    .name = "lab efx",
    .summary = "count inputs that are attacked and formally explainable, over networks",
    .arguments = "DATA NET[=LABEL] ...",
    .description =
        "Of each network: how accurate it is on the points of DATA; and of the first so many "
        "that it gets right, at each radius: how many features are proved irrelevant on "
        "average, how many points are explainable (at least one feature is), and how many are "
        "EFX, empirically formally explainable: moreover an attack succeeds on the whole "
        "input.\n\n"
        "Networks of one label are repetitions, as with several seeds: figures are means with "
        "95 % intervals. --orders compares the orders in which features are tried. With "
        "--resume a study that was stopped goes on, and may be widened by radii, orders and "
        "networks.",
    .examples =
        "vouch lab efx digits.npz at.onnx=AT ct.onnx=CT+AT --eps 0.1,0.2 --html efx.html\n"
        "vouch lab efx test.bin ct1.onnx=CT ct2.onnx=CT ct3.onnx=CT --eps 8/255 --attack "
        "pgd,autoattack --count 1000 --explain 200 --resume efx.journal --json efx.json\n"
        "vouch lab efx digits.npz net.onnx --eps 0.05 --orders index,gradient,interval,reciph",
    .least = 2,
    .most = MOST,
    .interruptible = true,
    .table = {{rows, &row_count, sizeof(efx_cli)},
              {vouch_formal_options, &vouch_formal_option_count,
               sizeof(vouch_formal_settings)}},
    .run = run,
};
