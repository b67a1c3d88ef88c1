/* vouch bench: runs the instances of a VNN-COMP benchmark, one after the other, in one process.
 *
 * Each instance gets a mark in the arena that is reset after it; networks are kept between
 * instances while they are small, because benchmarks ask many properties of few networks.
 */
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "cli/bench.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/load.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "verify/verify.h"

enum { CACHE_MIB = 64, CACHE_COUNT = 256, BAR = 16 };

typedef struct bench_cli {
    const char *expected, *filter;
    vouch_bench_files files;
    double total_timeout_s;
    bool quiet;
} bench_cli;

static const vouch_option rows[] = {
    {.name = "out",
     .argument = "FILE",
     .help =
         "write a row per instance: category,onnx,vnnlib,prepare time,verdict,seconds; - is "
         "standard output",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(bench_cli, files.out)},
    {.name = "header",
     .help = "begin a new result file with a line of column names",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(bench_cli, files.header)},
    {.name = "detail",
     .argument = "FILE",
     .help = "write a tab-separated table with CPU seconds, subproblems, depth, peak memory, "
             "domain and split of each instance",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(bench_cli, files.detail)},
    {.name = "expected",
     .argument = "FILE",
     .help =
         "compare with these verdicts (columns onnx, vnnlib, verdict); sat against unsat is "
         "a contradiction and makes the exit code 1",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(bench_cli, expected)},
    {.name = "resume",
     .help = "go on after the last finished row of --out, in place of starting over",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(bench_cli, files.resume)},
    {.name = "total-timeout",
     .argument = "S",
     .help =
         "stop after this many seconds; an instance cut short by it gets no row; 0 = no limit",
     .type = VOUCH_OPTION_REAL,
     .offset = offsetof(bench_cli, total_timeout_s),
     .low = 0,
     .high = 1e9},
    {.name = "filter",
     .argument = "TEXT",
     .help = "run only instances whose onnx,vnnlib holds this text",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(bench_cli, filter)},
    {.name = "quiet",
     .help = "no progress bar",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(bench_cli, quiet)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

typedef struct cache {
    int count;
    size_t bytes;
    vouch_cli_network net[CACHE_COUNT];
} cache;

typedef struct runner {
    const vouch_cli_call *call; /* its arena is reset after each instance */
    vouch_arena *keep;          /* what outlives an instance */
    const bench_cli *cli;
    const vouch_verify_settings *settings;
    vouch_bench bench;
    vouch_bench_results results;
    cache networks;
    vouch_cli_progress progress;
    int wanted;  /* instances chosen */
    bool failed; /* some instance could not be read */
} runner;

/* ---- networks kept between instances ----------------------------------------------------- */

static void cache_clear(cache *c)
{
    for (int i = 0; i < c->count; i++)
        vouch_cli_network_free(&c->net[i]);
    c->count = 0;
    c->bytes = 0;
}

/* The pointer holds until the next call. */
static vouch_status cache_get(vouch_arena *keep, cache *c, const char *path,
                              const vouch_cli_network **net)
{
    vouch_context *ctx = vouch_arena_context(keep);
    for (int i = 0; i < c->count; i++) {
        if (strcmp(c->net[i].path, path) == 0) {
            *net = &c->net[i];
            return VOUCH_OK;
        }
    }
    if (c->count == CACHE_COUNT || c->bytes > (size_t)CACHE_MIB << 20)
        cache_clear(c);
    path = vouch_arena_text(keep, path);
    if (path == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_cli_network_load(ctx, path, &c->net[c->count]));
    c->bytes += vouch_arena_bytes(c->net[c->count].graph->arena);
    *net = &c->net[c->count++];
    return VOUCH_OK;
}

/* ---- one instance ------------------------------------------------------------------------ */

/* Of --total-timeout, at a time of vouch_wall_s(); 0 = no limit. */
static double left_in_total(const runner *r, double at_s)
{
    return vouch_cli_limit_left(r->cli->total_timeout_s, at_s - r->call->started_s);
}

static bool is_total_used(const runner *r)
{
    const double total_s = r->cli->total_timeout_s;
    return total_s > 0 && vouch_wall_s() - r->call->started_s >= total_s;
}

/* Absolute paths stay, others are relative to the instances file. */
static const char *path_of(vouch_arena *arena, const runner *r, const char *name)
{
    const char *folder = name[0] == '/' ? "" : r->bench.folder;
    return vouch_arena_print(arena, "%s%s", folder, name);
}

static void record(vouch_arena *arena, const vouch_verify_result *result,
                   vouch_bench_instance *one)
{
    one->verdict = vouch_verdict_name(result->verdict);
    one->subproblems = result->subproblems;
    one->depth = result->max_depth;
    one->domain = vouch_arena_text(arena, result->domain ? result->domain : "");
    one->split = vouch_arena_text(arena, result->split ? result->split : "");
    one->reason = vouch_arena_text(arena, result->reason ? result->reason : "");
}

static vouch_status decide(runner *r, vouch_bench_instance *one, double begun_s,
                           vouch_verify_result *result)
{
    const vouch_cli_call *call = r->call;
    vouch_verify_settings settings = *r->settings;
    vouch_cli_property property = {0};
    const vouch_cli_network *net = NULL;
    const char *onnx = path_of(call->arena, r, one->onnx);
    const char *vnnlib = path_of(call->arena, r, one->vnnlib);
    if (onnx == NULL || vnnlib == NULL)
        return VOUCH_ERR_MEMORY;
    vouch_status s = cache_get(r->keep, &r->networks, onnx, &net);
    if (s == VOUCH_OK)
        s = vouch_cli_property_load(call->ctx, call->arena, net->graph, vnnlib, &property);
    one->prepare_s = vouch_wall_s() - begun_s;
    settings.timeout_s = vouch_cli_limit_lower(settings.timeout_s, one->limit_s);
    settings.timeout_s = vouch_cli_limit_lower(settings.timeout_s, left_in_total(r, begun_s));
    settings.timeout_s = vouch_cli_limit_left(settings.timeout_s, one->prepare_s);
    if (s == VOUCH_OK)
        s = vouch_verify(call->ctx, call->arena, net->graph, property.spec, &settings, NULL,
                         result);
    vouch_cli_property_free(&property);
    return s;
}

static double peak_mib(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss / 1024 : 0;
}

static bool contradicts(const vouch_bench_instance *one)
{
    if (one->expected == NULL)
        return false;
    const bool ours = strcmp(one->verdict, "sat") == 0,
               theirs = strcmp(one->expected, "sat") == 0;
    return (ours && strcmp(one->expected, "unsat") == 0) ||
           (theirs && strcmp(one->verdict, "unsat") == 0);
}

static void complain_contradiction(runner *r, vouch_bench_instance *one)
{
    one->contradicted = contradicts(one);
    if (!one->contradicted)
        return;
    vouch_cli_progress_clear(&r->progress);
    fprintf(stderr, "vouch bench: CONTRADICTION: %s %s: %s, expected %s\n", one->onnx,
            one->vnnlib, one->verdict, one->expected);
}

/* An instance that cannot be read is a row `error`; that memory is out or vouch is broken ends
 * the run. Errors of the instance must not hide later ones. */
static vouch_status take_error(runner *r, vouch_status s, vouch_bench_instance *one)
{
    if (s == VOUCH_OK || s == VOUCH_ERR_CANCELLED || vouch_cli_exit(s) == VOUCH_EXIT_FAILED)
        return s;
    vouch_cli_progress_clear(&r->progress);
    vouch_cli_complain(r->call);
    one->verdict = "error";
    one->reason = vouch_arena_text(r->keep, vouch_context_error(r->call->ctx));
    vouch_context_clear_error(r->call->ctx);
    r->failed = true;
    return VOUCH_OK;
}

/* No verdict is recorded of an instance that something from outside cut short. */
static bool was_cut_short(const runner *r, const vouch_verify_result *result)
{
    const bool open = result->verdict == VOUCH_UNKNOWN || result->verdict == VOUCH_TIMEOUT;
    return open && (vouch_cli_interrupted() != 0 || is_total_used(r));
}

/* *cut: the run ends here, without a row. */
static vouch_status run_instance(runner *r, vouch_bench_instance *one, bool *cut)
{
    vouch_verify_result result = {0};
    const double begun_s = vouch_wall_s(), begun_cpu_s = vouch_cpu_s();
    const vouch_arena_mark mark = vouch_arena_get_mark(r->call->arena);
    vouch_status s = decide(r, one, begun_s, &result);
    one->seconds = vouch_wall_s() - begun_s;
    one->cpu_s = vouch_cpu_s() - begun_cpu_s;
    one->peak_mib = peak_mib();
    record(r->keep, &result, one);
    *cut = s == VOUCH_ERR_CANCELLED || (s == VOUCH_OK && was_cut_short(r, &result));
    s = take_error(r, s, one);
    vouch_arena_reset(r->call->arena, mark);
    if (s != VOUCH_OK || *cut)
        return s == VOUCH_ERR_CANCELLED ? VOUCH_OK : s;
    one->done = one->measured = true;
    complain_contradiction(r, one);
    return vouch_bench_append(r->keep, &r->bench, one, &r->results);
}

/* ---- the run ----------------------------------------------------------------------------- */

static int count_done(const vouch_bench *bench)
{
    int done = 0;
    for (int i = 0; i < bench->count; i++)
        done += bench->instance[i].chosen && bench->instance[i].done;
    return done;
}

/* "[#####.....] 42/186 net_4_2.onnx prop_3.vnnlib" */
static void draw_bar(runner *r, const vouch_bench_instance *one, char *prefix, size_t size)
{
    const int done = count_done(&r->bench);
    char bar[BAR + 1];
    for (int i = 0; i < BAR; i++)
        bar[i] = i * r->wanted < done * BAR ? '#' : '.';
    bar[BAR] = '\0';
    snprintf(prefix, size, "[%s] %d/%d", bar, done, r->wanted);
    char line[256];
    snprintf(line, sizeof line, "%s %s %s", prefix, one->onnx, one->vnnlib);
    r->progress.prefix = prefix;
    if (vouch_wall_s() - r->progress.last_s >= 0.1)
        vouch_cli_progress_draw(&r->progress, line);
}

static vouch_status run_all(runner *r, bool *cut)
{
    char prefix[64];
    *cut = false;
    for (int i = 0; i < r->bench.count && !*cut; i++) {
        vouch_bench_instance *one = &r->bench.instance[i];
        if (!one->chosen || one->done)
            continue;
        *cut = vouch_cli_interrupted() != 0 || is_total_used(r);
        if (*cut)
            break;
        draw_bar(r, one, prefix, sizeof prefix);
        VOUCH_TRY(run_instance(r, one, cut));
    }
    r->progress.prefix = NULL;
    return VOUCH_OK;
}

static void choose(runner *r)
{
    for (int i = 0; i < r->bench.count; i++) {
        vouch_bench_instance *one = &r->bench.instance[i];
        const char *both = vouch_arena_print(r->keep, "%s,%s", one->onnx, one->vnnlib);
        one->chosen = r->cli->filter == NULL || (both && strstr(both, r->cli->filter) != NULL);
        r->wanted += one->chosen;
        if (one->done)
            complain_contradiction(r, one);
    }
}

/* A result file that is a list, a network or a property would destroy it. */
static vouch_status check_names(const runner *r)
{
    const bench_cli *cli = r->cli;
    vouch_context *ctx = r->call->ctx;
    const vouch_cli_name out[] = {{"--out", cli->files.out}, {"--detail", cli->files.detail}};
    const vouch_cli_name lists[] = {{"the instances file", r->call->argument[0]},
                                    {"--expected", cli->expected}};
    VOUCH_TRY(vouch_cli_output_check(ctx, out, 2, lists, 2));
    for (int i = 0; i < r->bench.count; i++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(r->call->arena);
        const char *onnx = path_of(r->call->arena, r, r->bench.instance[i].onnx);
        const char *vnnlib = path_of(r->call->arena, r, r->bench.instance[i].vnnlib);
        const vouch_cli_name in[] = {{"a network", onnx}, {"a property", vnnlib}};
        if (onnx == NULL || vnnlib == NULL)
            return VOUCH_ERR_MEMORY;
        VOUCH_TRY(vouch_cli_output_check(ctx, out, 2, in, 2));
        vouch_arena_reset(r->call->arena, mark);
    }
    return VOUCH_OK;
}

static vouch_status prepare(runner *r)
{
    const bench_cli *cli = r->cli;
    const bool to_file = cli->files.out != NULL && strcmp(cli->files.out, "-") != 0;
    if (cli->files.resume && !to_file)
        return vouch_fail(r->call->ctx, VOUCH_ERR_ARGUMENT, "--resume needs --out FILE");
    VOUCH_TRY(vouch_bench_read(r->keep, r->call->argument[0], &r->bench));
    if (cli->expected != NULL)
        VOUCH_TRY(vouch_bench_read_expected(r->keep, cli->expected, &r->bench));
    VOUCH_TRY(check_names(r));
    VOUCH_TRY(vouch_bench_open(r->keep, &cli->files, &r->bench, &r->results));
    choose(r);
    return VOUCH_OK;
}

/* Rows on standard output send the summary to standard error. */
static vouch_status conclude(runner *r, bool cut)
{
    const bool taken = r->cli->files.out != NULL && strcmp(r->cli->files.out, "-") == 0;
    FILE *out = taken ? stderr : stdout;
    VOUCH_TRY(vouch_bench_summary(r->keep, &r->bench, vouch_cpu_s(), out));
    if (cut)
        fprintf(out, "\n%s after %d of %d instances%s\n",
                vouch_cli_interrupted() ? "interrupted" : "stopped by --total-timeout",
                count_done(&r->bench), r->wanted,
                r->results.rows.path != NULL && !taken ? "; --resume goes on from there" : "");
    return VOUCH_OK;
}

static vouch_exit exit_code(const runner *r)
{
    if (vouch_bench_contradictions(&r->bench) > 0)
        return VOUCH_EXIT_UNMET;
    return r->failed ? VOUCH_EXIT_INPUT : VOUCH_EXIT_OK;
}

static vouch_exit run(const vouch_cli_call *call)
{
    runner *r = VOUCH_NEW(call->arena, runner);
    bool cut = false;
    if (r == NULL || (r->keep = vouch_arena_new(call->ctx)) == NULL)
        return vouch_cli_fail(call, VOUCH_ERR_MEMORY);
    r->call = call;
    r->settings = call->settings[1];
    r->cli = call->settings[2];
    vouch_status s = prepare(r);
    if (s == VOUCH_OK) {
        vouch_cli_progress_start(call->ctx, r->cli->quiet, &r->progress);
        s = run_all(r, &cut);
        vouch_cli_progress_stop(call->ctx, &r->progress);
    }
    if (s == VOUCH_OK)
        s = conclude(r, cut);
    const vouch_exit code = s == VOUCH_OK ? exit_code(r) : vouch_cli_fail(call, s);
    vouch_bench_close(&r->results);
    cache_clear(&r->networks);
    vouch_arena_free(r->keep);
    return code;
}

const vouch_command vouch_command_bench = {
    .name = "bench",
    .summary = "run the instances of a VNN-COMP benchmark",
    .arguments = "INSTANCES.csv",
    .description =
        "Runs each row onnx,vnnlib,timeout of INSTANCES.csv; file names are relative to it, "
        "and "
        "where a file is missing its .gz is read. An instance's own time limit holds unless "
        "--timeout is lower. Result rows are VNN-COMP's: category (the folder's name), onnx, "
        "vnnlib, seconds of preparation (reading), verdict, seconds. An instance that cannot "
        "be "
        "read gets the verdict `error`, and the exit code is 3 in the end.\n\n"
        "Each row is on disk before the next instance starts: a run that was killed goes on "
        "with "
        "--resume. SIGINT and SIGTERM stop the run, print the summary of what is done, and "
        "leave "
        "the instance under way without a row.\n\n"
        "At the end tables by verdict and by property are printed, with wall and CPU seconds "
        "and "
        "subproblems.",
    .examples = "vouch bench acasxu/instances.csv --out results.csv --expected expected.csv\n"
                "vouch bench acasxu/instances.csv --out results.csv --resume\n"
                "vouch bench acasxu/instances.csv --filter prop_3 --timeout 10 --detail p3.tsv",
    .least = 1,
    .most = 1,
    .interruptible = true,
    .table = {{vouch_verify_options, &vouch_verify_option_count, sizeof(vouch_verify_settings)},
              {rows, &row_count, sizeof(bench_cli)}},
    .run = run,
};
