/* vouch bench: runs the instances of VNN-COMP benchmarks, one after the other.
 *
 * They are decided in a child process (bench_run.c); each row is on disk before the next one is
 * waited for.
 */
#include <string.h>

#include "base/clock.h"
#include "cli/bench.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/text.h"

enum { BAR = 16, PATHS = 1000 };

typedef struct bench_cli {
    vouch_bench_choice choice;
    vouch_bench_files files;
    const char *tag;
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
     .help = "write a log: a tab-separated line per instance with CPU seconds, memory, "
             "subproblems, phases, limit and settings",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(bench_cli, files.detail)},
    {.name = "expected",
     .argument = "FILE",
     .help =
         "compare with these verdicts (columns onnx, vnnlib, verdict); sat against unsat is "
         "a contradiction and makes the exit code 1; a folder's own expected.csv is the "
         "default",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(bench_cli, choice.expected)},
    {.name = "resume",
     .help = "take over the finished rows of --out and --detail, in place of starting over; of "
             "--detail those of the same limit and settings",
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
    {.name = "only",
     .argument = "NAMES",
     .help = "run only benchmarks whose name begins with one of these, separated by commas",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(bench_cli, choice.only)},
    {.name = "filter",
     .argument = "TEXT",
     .help = "run only instances whose onnx,vnnlib holds this text",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(bench_cli, choice.filter)},
    {.name = "limit-instances",
     .argument = "N",
     .help = "run only the first N instances of each benchmark; 0 = all",
     .type = VOUCH_OPTION_INT,
     .offset = offsetof(bench_cli, choice.limit_instances),
     .low = 0,
     .high = 1e9},
    {.name = "shard",
     .argument = "I/N",
     .help = "run only part I of N parts: every Nth instance from the Ith on",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(bench_cli, choice.shard)},
    {.name = "tag",
     .argument = "TEXT",
     .help = "a text for the last column of --detail, such as a commit",
     .type = VOUCH_OPTION_TEXT,
     .offset = offsetof(bench_cli, tag)},
    {.name = "quiet",
     .help = "no progress bar",
     .type = VOUCH_OPTION_FLAG,
     .offset = offsetof(bench_cli, quiet)},
};
static const size_t row_count = sizeof rows / sizeof *rows;

typedef struct runner {
    const vouch_cli_call *call;
    vouch_arena *arena;
    const bench_cli *cli;
    const vouch_verify_settings *settings;
    vouch_bench bench;
    vouch_bench_results results;
    vouch_bench_server server;
    vouch_cli_progress progress;
    int wanted;          /* instances chosen */
    bool unread, failed; /* some instance was an error: of its files, of vouch */
} runner;

/* ---- one instance ------------------------------------------------------------------------ */

static bool is_total_used(const runner *r)
{
    const double total_s = r->cli->total_timeout_s;
    return total_s > 0 && vouch_wall_s() - r->call->started_s >= total_s;
}

static void complain(runner *r, vouch_bench_instance *one)
{
    const bool contradicted = vouch_bench_compare(one);
    if (contradicted) {
        vouch_cli_progress_clear(&r->progress);
        fprintf(stderr, "vouch bench: CONTRADICTION: %s %s: %s, expected %s\n", one->onnx,
                one->vnnlib, one->verdict, one->expected);
    }
}

static void complain_error(runner *r, const vouch_bench_instance *one, bool failed)
{
    if (strcmp(one->verdict, "error") != 0)
        return;
    vouch_cli_progress_clear(&r->progress);
    fprintf(stderr, "vouch bench: %s %s: %s\n", one->onnx, one->vnnlib, one->reason);
    r->failed = r->failed || failed;
    r->unread = r->unread || !failed;
}

/* No verdict is recorded of an instance that something from outside cut short. */
static bool was_cut_short(const runner *r, const vouch_bench_instance *one)
{
    const bool decided = strcmp(one->verdict, "sat") == 0 || strcmp(one->verdict, "unsat") == 0;
    return !decided && (vouch_cli_interrupted() != 0 || is_total_used(r));
}

/* *cut: the run ends here, without a row. */
static vouch_status run_instance(runner *r, vouch_bench_instance *one, bool *cut)
{
    bool failed = false;
    const vouch_status s = vouch_bench_decide(&r->server, r->arena, one, &failed);
    *cut = s == VOUCH_ERR_CANCELLED || (s == VOUCH_OK && was_cut_short(r, one));
    if (s != VOUCH_OK || *cut)
        return s == VOUCH_ERR_CANCELLED ? VOUCH_OK : s;
    one->done = one->measured = true;
    complain_error(r, one, failed);
    complain(r, one);
    return vouch_bench_append(r->arena, one, &r->results);
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
    snprintf(line, sizeof line, "%s %s %s %s", prefix, one->benchmark, one->onnx, one->vnnlib);
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

/* Settings that are not default, as "name=value ...", but for the time limit; "-": none. They
 * are part of what a row of the log is known by. */
static vouch_status describe_settings(const runner *r, const char **text)
{
    vouch_verify_settings plain = {0};
    vouch_options_default(vouch_verify_options, vouch_verify_option_count, &plain);
    *text = "";
    for (size_t i = 0; i < vouch_verify_option_count; i++) {
        const vouch_option *row = &vouch_verify_options[i];
        const vouch_cli_number now = vouch_cli_setting(row, r->settings),
                               was = vouch_cli_setting(row, &plain);
        if (strcmp(now.text, was.text) == 0 ||
            row->offset == offsetof(vouch_verify_settings, timeout_s))
            continue;
        *text = vouch_arena_print(r->arena, "%s%s%s=%s", *text, **text ? " " : "", row->name,
                                  now.text);
        if (*text == NULL)
            return VOUCH_ERR_MEMORY;
    }
    *text = **text ? *text : "-";
    return VOUCH_OK;
}

/* What a row is known by. */
static vouch_status identify(runner *r)
{
    const char *settings = NULL;
    VOUCH_TRY(describe_settings(r, &settings));
    for (int i = 0; i < r->bench.count; i++) {
        vouch_bench_instance *one = &r->bench.instance[i];
        one->limit_s = vouch_cli_limit_lower(one->limit_s, r->settings->timeout_s);
        one->settings = settings;
        one->tag = r->cli->tag != NULL ? r->cli->tag : "";
    }
    return VOUCH_OK;
}

static const char *path_of(const runner *r, const vouch_bench_instance *one, const char *name)
{
    return vouch_arena_print(r->arena, "%s%s", name[0] == '/' ? "" : one->folder, name);
}

/* A result file that is a list, a network or a property would destroy it. */
static vouch_status check_names(const runner *r)
{
    const bench_cli *cli = r->cli;
    vouch_context *ctx = r->call->ctx;
    const vouch_cli_name out[] = {{"--out", cli->files.out}, {"--detail", cli->files.detail}};
    const vouch_cli_name expected = {"--expected", cli->choice.expected};
    VOUCH_TRY(vouch_cli_output_check(ctx, out, 2, &expected, 1));
    for (int s = 0; s < r->bench.set_count; s++) {
        const vouch_cli_name list = {"the instances file", r->bench.set[s].path};
        VOUCH_TRY(vouch_cli_output_check(ctx, out, 2, &list, 1));
    }
    for (int i = 0; i < r->bench.count; i++) {
        const vouch_bench_instance *one = &r->bench.instance[i];
        const vouch_arena_mark mark = vouch_arena_get_mark(r->arena);
        const vouch_cli_name in[] = {{"a network", path_of(r, one, one->onnx)},
                                     {"a property", path_of(r, one, one->vnnlib)}};
        if (in[0].path == NULL || in[1].path == NULL)
            return VOUCH_ERR_MEMORY;
        VOUCH_TRY(vouch_cli_output_check(ctx, out, 2, in, 2));
        vouch_arena_reset(r->arena, mark);
    }
    return VOUCH_OK;
}

static bool is_file(const char *path) { return path != NULL && strcmp(path, "-") != 0; }

static vouch_status prepare(runner *r)
{
    const bench_cli *cli = r->cli;
    if (cli->files.resume && !is_file(cli->files.out) && !is_file(cli->files.detail))
        return vouch_fail(r->call->ctx, VOUCH_ERR_ARGUMENT,
                          "--resume needs --out FILE or --detail FILE");
    VOUCH_TRY(vouch_bench_find(r->arena, r->call->argument_count, r->call->argument,
                               &cli->choice, &r->bench));
    VOUCH_TRY(check_names(r));
    VOUCH_TRY(identify(r));
    VOUCH_TRY(vouch_bench_open(r->arena, &cli->files, &r->bench, &r->results));
    for (int i = 0; i < r->bench.count; i++) {
        r->wanted += r->bench.instance[i].chosen;
        if (r->bench.instance[i].done)
            complain(r, &r->bench.instance[i]);
    }
    return VOUCH_OK;
}

/* Rows on standard output send the summary to standard error. */
static vouch_status conclude(runner *r, bool cut)
{
    const bool taken = r->cli->files.out != NULL && strcmp(r->cli->files.out, "-") == 0;
    FILE *out = taken ? stderr : stdout;
    VOUCH_TRY(vouch_bench_summary(r->arena, &r->bench, out));
    if (cut)
        fprintf(out, "\n%s after %d of %d instances%s\n",
                vouch_cli_interrupted() ? "interrupted" : "stopped by --total-timeout",
                count_done(&r->bench), r->wanted,
                is_file(r->cli->files.out) || is_file(r->cli->files.detail)
                    ? "; --resume goes on from there"
                    : "");
    return VOUCH_OK;
}

static vouch_exit exit_code(const runner *r)
{
    if (vouch_bench_contradictions(&r->bench) > 0)
        return VOUCH_EXIT_UNMET;
    if (r->failed)
        return VOUCH_EXIT_FAILED;
    if (r->unread)
        return VOUCH_EXIT_INPUT;
    return vouch_cli_interrupted() != 0 ? VOUCH_EXIT_INTERRUPTED : VOUCH_EXIT_OK;
}

static vouch_exit run(const vouch_cli_call *call)
{
    runner r = {.call = call,
                .arena = call->arena,
                .settings = call->settings[1],
                .cli = call->settings[2],
                .results = {{NULL, -1}, {NULL, -1}}};
    bool cut = false;
    r.server = (vouch_bench_server){.call = call,
                                    .settings = r.settings,
                                    .bench = &r.bench,
                                    .total_s = r.cli->total_timeout_s};
    vouch_status s = prepare(&r);
    if (s == VOUCH_OK) {
        vouch_cli_progress_start(call->ctx, r.cli->quiet, &r.progress);
        s = run_all(&r, &cut);
        vouch_bench_dismiss(&r.server.child);
        vouch_cli_progress_stop(call->ctx, &r.progress);
    }
    if (s == VOUCH_OK)
        s = conclude(&r, cut);
    const vouch_exit code = s == VOUCH_OK ? exit_code(&r) : vouch_cli_fail(call, s);
    vouch_bench_close(&r.results);
    return code;
}

const vouch_command vouch_command_bench = {
    .name = "bench",
    .summary = "run VNN-COMP benchmarks",
    .arguments = "PATH...",
    .description =
        "Each PATH is an instances file, a folder with an instances.csv (and perhaps an "
        "expected.csv), or a folder of such folders. Runs each row onnx,vnnlib,timeout; file "
        "names are relative to the instances file, and where a file is missing its .gz is "
        "read. "
        "An instance's own time limit holds unless --timeout is lower. Result rows are "
        "VNN-COMP's: category (the folder's name), onnx, vnnlib, seconds of preparation "
        "(reading), verdict, seconds.\n\n"
        "Each instance runs in a process of its own: what cannot be read, crashes or is killed "
        "is a row `error`, and makes the exit code 3 or 4 in the end.\n\n"
        "Each row is on disk before the next instance starts: a run that was killed goes on "
        "with --resume. SIGINT and SIGTERM stop the run, print the summary of what is done, "
        "and "
        "leave the instance under way without a row; the exit code is 5.\n\n"
        "At the end tables by verdict and by property, or by benchmark, are printed, with wall "
        "and CPU seconds, memory, and what the time went to. `wrong` is an unsat where a "
        "counterexample is known and was checked (column ce_checked of expected.csv); any "
        "other "
        "contradiction is counted under `disagrees`.",
    .examples =
        "vouch bench acasxu/instances.csv --out results.csv --expected expected.csv\n"
        "vouch bench acasxu/instances.csv --out results.csv --resume\n"
        "vouch bench acasxu/instances.csv --filter prop_3 --timeout 10 --detail p3.tsv\n"
        "vouch bench benchmarks --detail log.tsv --resume --timeout 60 --only acasxu,vit",
    .least = 1,
    .most = PATHS,
    .interruptible = true,
    .table = {{vouch_verify_options, &vouch_verify_option_count, sizeof(vouch_verify_settings)},
              {rows, &row_count, sizeof(bench_cli)}},
    .run = run,
};
