/* The crew: worker threads that live as long as the search and work stage by stage.
 *
 * Worker 0 conducts: it prepares a stage, opens it, works along, waits until all chunks are
 * done and goes on alone. The others wait between stages. Chunks are taken from a counter:
 * which worker gets which is chance, and nothing depends on it.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/workers.h"
#include "verify/branch_priv.h"

struct vouch_crew {
    pthread_mutex_t lock;
    pthread_cond_t opened, finished;
    vouch_branch_run *run;
    vouch_conduct_fn *conduct;
    vouch_branch_worker *own; /* worker 0's */
    uint64_t stage;           /* number of the stage that is open, or was last */
    int workers, busy;        /* workers (but 0) that still work on it */
    bool over;
    vouch_status status; /* of the first worker that failed */
    int failed;          /* which; -1: none */
    vouch_child *child;
    int count;
    atomic_int next;
};

static void note_failure(vouch_crew *crew, int index, vouch_status status)
{
    if (status && crew->failed < 0) {
        crew->failed = index;
        crew->status = status;
    }
}

/* Takes chunks until there are none; with the lock not held. */
static vouch_status take_chunks(vouch_crew *crew, vouch_branch_worker *worker)
{
    const int size = crew->run->chunk;
    for (;;) {
        int first = atomic_fetch_add(&crew->next, size);
        if (first >= crew->count)
            return VOUCH_OK;
        int left = crew->count - first;
        vouch_status s =
            vouch_branch_work(worker, crew->child + first, left < size ? left : size);
        if (s) {
            atomic_store(&crew->next, crew->count); /* the others need not go on */
            return s;
        }
    }
}

vouch_status vouch_crew_stage(vouch_branch_run *run, vouch_child *child, int count)
{
    vouch_crew *crew = run->crew;
    if (count == 0)
        return VOUCH_OK;
    pthread_mutex_lock(&crew->lock);
    crew->child = child;
    crew->count = count;
    atomic_store(&crew->next, 0);
    crew->stage++;
    crew->busy = crew->workers - 1;
    pthread_cond_broadcast(&crew->opened);
    pthread_mutex_unlock(&crew->lock);
    vouch_status status = take_chunks(crew, crew->own);
    pthread_mutex_lock(&crew->lock);
    note_failure(crew, 0, status);
    while (crew->busy > 0)
        pthread_cond_wait(&crew->finished, &crew->lock);
    status = crew->status;
    pthread_mutex_unlock(&crew->lock);
    return status;
}

/* A worker other than 0: one stage after the other. A failure, of its preparation too, is told
 * to the conductor by the stage that it should have worked on. */
static vouch_status follow(vouch_crew *crew, vouch_branch_worker *worker, int index,
                           vouch_status status)
{
    uint64_t seen = 0;
    pthread_mutex_lock(&crew->lock);
    for (;;) {
        while (crew->stage == seen && !crew->over)
            pthread_cond_wait(&crew->opened, &crew->lock);
        if (crew->over)
            break;
        seen = crew->stage;
        if (!status) {
            pthread_mutex_unlock(&crew->lock);
            status = take_chunks(crew, worker);
            pthread_mutex_lock(&crew->lock);
        }
        note_failure(crew, index, status);
        if (--crew->busy == 0)
            pthread_cond_signal(&crew->finished);
    }
    pthread_mutex_unlock(&crew->lock);
    return status;
}

/* The status of the whole is that of the worker who failed; the others report none. */
static vouch_status lead(vouch_context *ctx, vouch_crew *crew, vouch_status status)
{
    if (!status)
        status = crew->conduct(ctx, crew->run);
    pthread_mutex_lock(&crew->lock);
    crew->over = true;
    pthread_cond_broadcast(&crew->opened);
    if (crew->failed > 0)
        status = VOUCH_OK;
    pthread_mutex_unlock(&crew->lock);
    return status;
}

static vouch_status member(vouch_context *ctx, void *shared, int index)
{
    vouch_crew *crew = shared;
    vouch_branch_worker *worker = NULL;
    vouch_status status = vouch_branch_worker_new(ctx, crew->run, &worker);
    if (index == 0) {
        crew->own = worker;
        status = lead(ctx, crew, status);
    } else
        status = follow(crew, worker, index, status);
    vouch_branch_worker_free(ctx, worker);
    return status;
}

vouch_status vouch_crew_run(vouch_context *ctx, vouch_branch_run *run,
                            vouch_conduct_fn *conduct)
{
    vouch_crew crew = {
        .run = run, .conduct = conduct, .workers = run->in->threads, .failed = -1};
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.opened, NULL);
    pthread_cond_init(&crew.finished, NULL);
    atomic_init(&crew.next, 0);
    run->crew = &crew;
    vouch_status status = vouch_workers_run(ctx, crew.workers, member, &crew);
    run->crew = NULL;
    pthread_cond_destroy(&crew.finished);
    pthread_cond_destroy(&crew.opened);
    pthread_mutex_destroy(&crew.lock);
    return status;
}
