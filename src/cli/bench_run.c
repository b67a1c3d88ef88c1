/* Deciding instances in a child process, which answers with what fits into a fixed record.
 *
 * A child serves one instance after the other and keeps small networks, because benchmarks ask
 * many properties of few networks, and starting a process costs as much as a small instance.
 * After a large instance it leaves, so that the memory of the next is its own: an instance's
 * peak is exact where it is above LARGE_MIB.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "cli/bench.h"
#include "cli/interrupt.h"
#include "cli/load.h"
#include "cli/text.h"

enum { NAME = 32, REASON = 512, LARGE_MIB = 32, CACHE_MIB = 16, CACHE_COUNT = 256 };

/* Killed where a child is so much later than its limit. */
static const double grace_s = 10, grace_share = 0.1;

typedef struct answer {
    bool last; /* the child leaves */
    vouch_status status;
    vouch_verdict verdict;
    double seconds, cpu_s, peak_mib;
    double phase_s[VOUCH_BENCH_PHASES];
    uint64_t subproblems;
    int depth;
    char domain[NAME], split[NAME], decided_by[NAME], reason[REASON];
} answer;

/* Of a child. */
typedef struct worker {
    const vouch_bench_server *server;
    vouch_context *ctx;
    vouch_arena *arena, *keep; /* reset after each instance, and not */
    int nets;
    size_t net_bytes;
    vouch_cli_network net[CACHE_COUNT];
} worker;

const char *vouch_bench_phase_name(int phase)
{
    static const char *const names[] = {"load", "attack", "bounds", "search", "leaves"};
    return names[phase];
}

/* ---- in the child ------------------------------------------------------------------------ */

static void keep_text(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text != NULL ? text : "");
}

/* Where the search does not say which phase decided, the times do. */
static const char *deciding_phase(const vouch_verify_result *result)
{
    const bool decided = result->verdict == VOUCH_SAT || result->verdict == VOUCH_UNSAT;
    if (!decided || result->phase != NULL)
        return decided ? result->phase : NULL;
    if (result->search_s > 0)
        return vouch_bench_phase_name(VOUCH_BENCH_SEARCH);
    return vouch_bench_phase_name(result->attack_s > 0 ? VOUCH_BENCH_ATTACK : VOUCH_BENCH_LOAD);
}

static void record(const vouch_verify_result *result, answer *a)
{
    a->verdict = result->verdict;
    a->subproblems = result->subproblems;
    a->depth = result->max_depth;
    a->phase_s[VOUCH_BENCH_ATTACK] = result->attack_s;
    a->phase_s[VOUCH_BENCH_BOUNDS] = result->bounds_s;
    a->phase_s[VOUCH_BENCH_SEARCH] =
        fmax(0, result->search_s - result->bounds_s - result->leaves_s); /* its parts */
    a->phase_s[VOUCH_BENCH_LEAVES] = result->leaves_s;
    keep_text(a->domain, NAME, result->domain);
    keep_text(a->split, NAME, result->split);
    keep_text(a->decided_by, NAME, deciding_phase(result));
    keep_text(a->reason, REASON, result->reason);
}

/* Absolute paths stay, others are relative to the instances file. */
static const char *path_of(vouch_arena *arena, const vouch_bench_instance *one,
                           const char *name)
{
    return vouch_arena_print(arena, "%s%s", name[0] == '/' ? "" : one->folder, name);
}

static void forget_networks(worker *w)
{
    for (int i = 0; i < w->nets; i++)
        vouch_cli_network_free(&w->net[i]);
    w->nets = 0;
    w->net_bytes = 0;
}

static vouch_status network(worker *w, const char *path, const vouch_cli_network **net)
{
    for (int i = 0; i < w->nets; i++) {
        if (strcmp(w->net[i].path, path) == 0) {
            *net = &w->net[i];
            return VOUCH_OK;
        }
    }
    if (w->nets == CACHE_COUNT || w->net_bytes > (size_t)CACHE_MIB << 20)
        forget_networks(w);
    path = vouch_arena_text(w->keep, path);
    if (path == NULL)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(vouch_cli_network_load(w->ctx, path, &w->net[w->nets]));
    w->net_bytes += vouch_arena_bytes(w->net[w->nets].graph->arena);
    *net = &w->net[w->nets++];
    return VOUCH_OK;
}

static vouch_status verify(worker *w, const vouch_bench_instance *one, double begun_s,
                           answer *a, vouch_verify_result *result)
{
    const vouch_bench_server *server = w->server;
    vouch_verify_settings settings = *server->settings;
    const double total_s =
        vouch_cli_limit_left(server->total_s, begun_s - server->call->started_s);
    const vouch_cli_network *net = NULL;
    vouch_cli_property property = {0};
    const char *onnx = path_of(w->arena, one, one->onnx);
    const char *vnnlib = path_of(w->arena, one, one->vnnlib);
    if (onnx == NULL || vnnlib == NULL)
        return VOUCH_ERR_MEMORY;
    const double limit_s = vouch_cli_limit_lower(one->limit_s, total_s);
    vouch_context_set_deadline(w->ctx, vouch_cli_deadline(begun_s, limit_s));
    vouch_status s = network(w, onnx, &net);
    if (s == VOUCH_OK)
        s = vouch_cli_property_load(w->ctx, w->arena, net->graph, vnnlib, &property);
    a->phase_s[VOUCH_BENCH_LOAD] = vouch_wall_s() - begun_s;
    settings.timeout_s = vouch_cli_limit_left(limit_s, a->phase_s[VOUCH_BENCH_LOAD]);
    if (s == VOUCH_OK)
        s = vouch_verify(w->ctx, w->arena, net->graph, property.spec, &settings, NULL, result);
    vouch_cli_property_free(&property);
    return s;
}

static double peak_mib(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss / 1024 : 0;
}

static void decide(worker *w, const vouch_bench_instance *one, answer *a)
{
    const double begun_s = vouch_wall_s(), begun_cpu_s = vouch_cpu_s();
    const vouch_arena_mark mark = vouch_arena_get_mark(w->arena);
    vouch_verify_result result = {0};
    vouch_context_set_memory_limit(w->ctx, vouch_verify_memory(w->server->settings));
    a->status = verify(w, one, begun_s, a, &result);
    if (a->status == VOUCH_ERR_MEMORY && vouch_context_memory(w->ctx).refused) {
        a->status = VOUCH_OK;
        result.reason = "memory limit reached";
    } else if (a->status == VOUCH_ERR_CANCELLED && !vouch_context_cancelled(w->ctx)) {
        a->status = VOUCH_OK; /* while reading */
        result.verdict = VOUCH_TIMEOUT;
        result.reason = "time limit reached";
    }
    vouch_context_set_deadline(w->ctx, (double)INFINITY);
    record(&result, a);
    if (a->status != VOUCH_OK)
        keep_text(a->reason, REASON, vouch_context_error(w->ctx));
    vouch_context_clear_error(w->ctx);
    vouch_arena_reset(w->arena, mark);
    a->seconds = vouch_wall_s() - begun_s;
    a->cpu_s = vouch_cpu_s() - begun_cpu_s;
    a->peak_mib = peak_mib();
    a->last = a->peak_mib > LARGE_MIB || vouch_cli_interrupted() != 0 ||
              (a->status != VOUCH_OK && vouch_cli_exit(a->status) == VOUCH_EXIT_FAILED);
}

static bool is_next(const vouch_bench_instance *one) { return one->chosen && !one->done; }

/* The process ends after this: nothing is freed. */
static void serve(void *user, int fd)
{
    const vouch_bench_server *server = user;
    vouch_context *ctx = server->call->ctx;
    worker *w = VOUCH_NEW(server->call->arena, worker);
    if (w == NULL || (w->keep = vouch_arena_new(ctx)) == NULL)
        return;
    w->server = server;
    w->ctx = ctx;
    w->arena = server->call->arena;
    vouch_context_set_progress(ctx, NULL, NULL);
    for (int i = server->from; i < server->bench->count; i++) {
        answer a = {0};
        if (!is_next(&server->bench->instance[i]))
            continue;
        decide(w, &server->bench->instance[i], &a);
        if (!vouch_bench_send(fd, &a, sizeof a) || a.last)
            return;
    }
}

/* ---- in the parent ----------------------------------------------------------------------- */

static vouch_status take_texts(vouch_arena *arena, const answer *a, vouch_bench_instance *one)
{
    one->domain = vouch_arena_text(arena, a->domain);
    one->split = vouch_arena_text(arena, a->split);
    one->decided_by = vouch_arena_text(arena, a->decided_by);
    one->reason = vouch_arena_text(arena, a->reason);
    return one->domain && one->split && one->decided_by && one->reason ? VOUCH_OK
                                                                       : VOUCH_ERR_MEMORY;
}

static void take_answer(const answer *a, vouch_bench_instance *one)
{
    one->seconds = a->seconds;
    one->cpu_s = a->cpu_s;
    one->peak_mib = a->peak_mib;
    one->verdict = a->status == VOUCH_OK ? vouch_verdict_name(a->verdict) : "error";
    one->prepare_s = a->phase_s[VOUCH_BENCH_LOAD];
    one->subproblems = a->subproblems;
    one->depth = (uint64_t)a->depth;
    memcpy(one->phase_s, a->phase_s, sizeof one->phase_s);
}

/* A child that gave no answer. */
static void obituary(const vouch_bench_server *server, double begun_s, answer *a)
{
    const vouch_bench_child *child = &server->child;
    *a = (answer){.status = VOUCH_ERR_INTERNAL,
                  .seconds = vouch_wall_s() - begun_s,
                  .cpu_s = child->cpu_s - server->cpu_s,
                  .peak_mib = child->peak_mib};
    if (child->overdue) {
        a->status = VOUCH_OK;
        a->verdict = VOUCH_TIMEOUT;
        keep_text(a->reason, REASON, "killed: it did not stop at its time limit");
    } else if (child->signal != 0)
        (void)snprintf(a->reason, REASON, "its process was ended by signal %d (%s)",
                       child->signal, strsignal(child->signal));
    else
        (void)snprintf(a->reason, REASON, "its process left with exit code %d", child->code);
}

vouch_status vouch_bench_decide(vouch_bench_server *server, vouch_arena *arena,
                                vouch_bench_instance *one, bool *failed)
{
    const double begun_s = vouch_wall_s();
    const double kill_s = one->limit_s > 0 ? one->limit_s * (1 + grace_share) + grace_s : 0;
    answer a = {0};
    if (server->child.pid == 0) {
        server->from = (int)(one - server->bench->instance);
        server->cpu_s = 0;
        VOUCH_TRY(vouch_bench_fork(server->call->ctx, serve, server, &server->child));
    }
    if (!vouch_bench_receive(&server->child, kill_s, &a, sizeof a))
        obituary(server, begun_s, &a);
    server->cpu_s += a.cpu_s;
    if (a.last)
        vouch_bench_dismiss(&server->child);
    *failed = a.status != VOUCH_OK && vouch_cli_exit(a.status) == VOUCH_EXIT_FAILED;
    take_answer(&a, one);
    VOUCH_TRY(take_texts(arena, &a, one));
    return a.status == VOUCH_ERR_CANCELLED ? VOUCH_ERR_CANCELLED : VOUCH_OK;
}

/* ---- against what was expected ------------------------------------------------------------ */

static bool is(const char *word, const char *wanted)
{
    return word != NULL && strcmp(word, wanted) == 0;
}

/* `wrong`: there is a counterexample that somebody replayed, and we say unsat. Any other
 * contradiction may be an error of who was asked for the expectation. */
bool vouch_bench_compare(vouch_bench_instance *one)
{
    const bool sat = is(one->verdict, "sat"), unsat = is(one->verdict, "unsat");
    one->compared = NULL;
    if ((sat && is(one->expected, "sat")) || (unsat && is(one->expected, "unsat")))
        one->compared = "agrees";
    else if (unsat && is(one->expected, "sat"))
        one->compared = is(one->checked, "valid") ? "wrong" : "disagrees";
    else if (sat && is(one->expected, "unsat"))
        one->compared = "disagrees";
    return one->compared != NULL && !is(one->compared, "agrees");
}
