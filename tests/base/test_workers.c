#include "base/workers.h"
#include "support/support.h"

#include <pthread.h>
#include <stdio.h>

typedef struct meeting {
    pthread_barrier_t barrier;
    atomic_int seen[8];
    pthread_t caller;
    bool zero_is_caller;
    int first_failing;
} meeting;

static vouch_status meet(vouch_context *ctx, void *shared, int worker)
{
    meeting *m = shared;
    (void)ctx;
    atomic_fetch_add(&m->seen[worker], 1);
    if (worker == 0)
        m->zero_is_caller = pthread_equal(m->caller, pthread_self());
    pthread_barrier_wait(&m->barrier); /* passes only if all run at once */
    return VOUCH_OK;
}

static void all_workers_run_at_once_each_with_its_number(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    for (int count = 1; count <= 8; count++) {
        meeting m = {.caller = pthread_self()};
        pthread_barrier_init(&m.barrier, NULL, (unsigned)count);
        vouch_test_ok(ctx, vouch_workers_run(ctx, count, meet, &m));
        for (int i = 0; i < 8; i++)
            assert_int_equal(m.seen[i], i < count ? 1 : 0);
        assert_true(m.zero_is_caller);
        pthread_barrier_destroy(&m.barrier);
    }
    vouch_context_free(ctx);
}

static vouch_status fail_late_first(vouch_context *ctx, void *shared, int worker)
{
    meeting *m = shared;
    if (worker < m->first_failing)
        return VOUCH_OK;
    if (worker == m->first_failing) /* the last one to fail */
        pthread_barrier_wait(&m->barrier);
    vouch_status s = vouch_fail(ctx, VOUCH_ERR_VALUE, "worker %d", worker);
    if (worker == m->first_failing + 1)
        pthread_barrier_wait(&m->barrier);
    return s;
}

static void the_error_of_the_lowest_worker_is_reported(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    for (int first = 0; first < 3; first++) {
        meeting m = {.first_failing = first};
        pthread_barrier_init(&m.barrier, NULL, 2);
        char text[32];
        (void)snprintf(text, sizeof text, "worker %d", first);
        vouch_test_fails(ctx, vouch_workers_run(ctx, 4, fail_late_first, &m), VOUCH_ERR_VALUE,
                         text);
        pthread_barrier_destroy(&m.barrier);
    }
    vouch_context_free(ctx);
}

static vouch_status wait_for_stop(vouch_context *ctx, void *shared, int worker)
{
    (void)shared;
    if (worker == 0)
        vouch_context_cancel(ctx);
    while (!vouch_context_cancelled(ctx))
        continue;
    return VOUCH_ERR_CANCELLED;
}

static void cancelling_one_worker_stops_all(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    assert_int_equal(vouch_workers_run(ctx, 3, wait_for_stop, NULL), VOUCH_ERR_CANCELLED);
    assert_true(vouch_context_cancelled(ctx));
    vouch_context_free(ctx);
}

static void fewer_than_one_worker_is_refused(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_test_fails(ctx, vouch_workers_run(ctx, 0, wait_for_stop, NULL), VOUCH_ERR_ARGUMENT,
                     "0 workers");
    assert_true(vouch_workers_available() >= 1);
    vouch_context_free(ctx);
}

static vouch_status allocate(vouch_context *ctx, void *shared, int worker)
{
    (void)shared, (void)worker;
    void *p = vouch_alloc(ctx, 10);
    vouch_release(ctx, p);
    return p ? VOUCH_OK : VOUCH_ERR_MEMORY;
}

static vouch_status run_three(vouch_context *ctx, void *user)
{
    return vouch_workers_run(ctx, 3, allocate, user);
}

static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    vouch_test_every_allocation_fails(run_three, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_workers_run_at_once_each_with_its_number),
        cmocka_unit_test(the_error_of_the_lowest_worker_is_reported),
        cmocka_unit_test(cancelling_one_worker_stops_all),
        cmocka_unit_test(fewer_than_one_worker_is_refused),
        cmocka_unit_test(a_failed_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
