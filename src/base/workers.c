/* Worker threads: all of them run, or none.
 *
 * The workers of one call share work and may wait for one another's, so a call in which only
 * some threads could be started would never end. Threads therefore wait at a gate, which opens
 * when the last one is there, or says "go home" when one could not be started.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "base/workers.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

typedef enum gate_state { GATE_SHUT = 0, GATE_OPEN, GATE_HOME } gate_state;

typedef struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    gate_state state;
} gate;

typedef struct worker {
    gate *gate;
    vouch_worker_fn *fn;
    void *shared;
    vouch_context *ctx;
    pthread_t thread;
    int number;
    vouch_status status;
} worker;

static void *thread_main(void *arg)
{
    worker *w = arg;
    pthread_mutex_lock(&w->gate->mutex);
    while (w->gate->state == GATE_SHUT)
        pthread_cond_wait(&w->gate->changed, &w->gate->mutex);
    const bool go = w->gate->state == GATE_OPEN;
    pthread_mutex_unlock(&w->gate->mutex);
    if (go)
        w->status = w->fn(w->ctx, w->shared, w->number);
    return NULL;
}

static void set_gate(gate *g, gate_state state)
{
    pthread_mutex_lock(&g->mutex);
    g->state = state;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->mutex);
}

/* Worker 0 is the calling thread. */
static vouch_status run_threads(vouch_context *ctx, worker *w, int count)
{
    gate g = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, GATE_SHUT};
    int started = 1, error = 0;
    for (int i = 0; i < count; i++)
        w[i].gate = &g;
    while (started < count && !error) {
        error = pthread_create(&w[started].thread, NULL, thread_main, &w[started]);
        started += error ? 0 : 1;
    }
    set_gate(&g, error ? GATE_HOME : GATE_OPEN);
    if (!error)
        w[0].status = w[0].fn(w[0].ctx, w[0].shared, 0);
    for (int i = 1; i < started; i++)
        pthread_join(w[i].thread, NULL);
    pthread_cond_destroy(&g.changed);
    pthread_mutex_destroy(&g.mutex);
    if (error)
        return vouch_fail(ctx, VOUCH_ERR_MEMORY, "cannot start worker thread %d of %d: %s",
                          started, count, strerror(error));
    return VOUCH_OK;
}

static vouch_status make_children(vouch_context *ctx, worker *w, int count)
{
    for (int i = 0; i < count; i++) {
        w[i].ctx = vouch_context_new_child(ctx);
        if (!w[i].ctx)
            return vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory for worker %d", i);
    }
    vouch_context_share_progress(w[0].ctx, ctx);
    return VOUCH_OK;
}

static vouch_status first_error(vouch_context *ctx, const worker *w, int count)
{
    for (int i = 0; i < count; i++) {
        if (w[i].status != VOUCH_OK) {
            vouch_context_adopt_error(ctx, w[i].ctx);
            return w[i].status;
        }
    }
    return VOUCH_OK;
}

vouch_status vouch_workers_run(vouch_context *ctx, int count, vouch_worker_fn *fn, void *shared)
{
    if (count < 1)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "%d workers asked for", count);
    worker *w = vouch_alloc(ctx, (size_t)count * sizeof *w);
    if (!w)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < count; i++)
        w[i] = (worker){.fn = fn, .shared = shared, .number = i};
    vouch_status s = make_children(ctx, w, count);
    if (s == VOUCH_OK)
        s = run_threads(ctx, w, count);
    if (s == VOUCH_OK)
        s = first_error(ctx, w, count);
    for (int i = 0; i < count; i++)
        vouch_context_free(w[i].ctx);
    vouch_release(ctx, w);
    return s;
}

int vouch_workers_available(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}
