#include "base/clock.h"
#include "base/context.h"
#include "support/support.h"

#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

static void every_status_has_its_own_name(void **state)
{
    (void)state;
    for (int a = VOUCH_OK; a <= (int)VOUCH_ERR_INTERNAL; a++)
        for (int b = a + 1; b <= (int)VOUCH_ERR_INTERNAL; b++)
            assert_string_not_equal(vouch_status_name((vouch_status)a),
                                    vouch_status_name((vouch_status)b));
}

static void the_first_error_wins(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    assert_int_equal(vouch_context_status(ctx), VOUCH_OK);
    assert_string_equal(vouch_context_error(ctx), "");
    assert_int_equal(vouch_fail(ctx, VOUCH_ERR_IO, "file %d", 1), VOUCH_ERR_IO);
    assert_int_equal(vouch_fail(ctx, VOUCH_ERR_PARSE, "file %d", 2), VOUCH_ERR_PARSE);
    assert_int_equal(vouch_context_status(ctx), VOUCH_ERR_IO);
    assert_string_equal(vouch_context_error(ctx), "file 1");
    vouch_context_clear_error(ctx);
    assert_string_equal(vouch_context_error(ctx), "");
    vouch_fail(ctx, VOUCH_ERR_PARSE, "later");
    assert_string_equal(vouch_context_error(ctx), "later");
    vouch_context_free(ctx);
}

static void an_error_is_one_line_of_bounded_length(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    char name[5000];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    name[3] = '\n';
    name[5] = '\x1b';
    vouch_fail(ctx, VOUCH_ERR_PARSE, "%s", name);
    assert_true(strlen(vouch_context_error(ctx)) < sizeof name);
    assert_memory_equal(vouch_context_error(ctx), "xxx?x?x", 7);
    vouch_error_prefix(ctx, name);
    assert_memory_equal(vouch_context_error(ctx), "xxx?x?x", 7);
    vouch_context_free(ctx);
}

static void a_prefix_is_put_before_an_error_only(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_error_prefix(ctx, "a.onnx");
    assert_string_equal(vouch_context_error(ctx), "");
    vouch_fail(ctx, VOUCH_ERR_PARSE, "bad");
    vouch_error_prefix(ctx, "a.onnx");
    assert_string_equal(vouch_context_error(ctx), "a.onnx: bad");
    vouch_context_free(ctx);
}

static vouch_context *stopped_by_signal; /* a handler has no other way to its context */

static void on_signal(int number)
{
    (void)number;
    vouch_context_cancel(stopped_by_signal);
}

static void cancelling_a_context_reaches_its_children(void **state)
{
    (void)state;
    vouch_context *root = vouch_test_context();
    vouch_context *child = vouch_context_new_child(root);
    vouch_context *grandchild = vouch_context_new_child(child);
    assert_false(vouch_context_cancelled(grandchild));
    stopped_by_signal = root;
    struct sigaction action = {.sa_handler = on_signal};
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    raise(SIGUSR1);
    assert_true(vouch_context_cancelled(grandchild));
    assert_true(vouch_context_cancelled(root));
    vouch_context_reset_cancel(child);
    assert_false(vouch_context_cancelled(root));
    vouch_context_free(grandchild);
    vouch_context_free(child);
    vouch_context_free(root);
}

static void a_deadline_stops_a_context_and_children_born_under_it(void **state)
{
    (void)state;
    vouch_context *root = vouch_test_context();
    vouch_context *before = vouch_context_new_child(root);
    assert_false(vouch_context_stopped(root));
    vouch_context_set_deadline(root, vouch_wall_s() + 1e6);
    assert_false(vouch_context_stopped(root));
    vouch_context_set_deadline(root, vouch_wall_s());
    vouch_context *child = vouch_context_new_child(root);
    assert_true(vouch_context_stopped(root));
    assert_true(vouch_context_stopped(child));
    assert_false(vouch_context_stopped(before));
    assert_false(vouch_context_cancelled(root));
    vouch_test_fails(root, vouch_fail_stopped(root), VOUCH_ERR_CANCELLED, "time limit");
    vouch_context_set_deadline(root, (double)INFINITY);
    assert_false(vouch_context_stopped(root));
    vouch_context_free(child);
    vouch_context_free(before);
    vouch_context_free(root);
}

static void a_child_error_is_adopted_once(void **state)
{
    (void)state;
    vouch_context *root = vouch_test_context();
    vouch_context *child = vouch_context_new_child(root);
    vouch_context_adopt_error(root, child);
    assert_int_equal(vouch_context_status(root), VOUCH_OK);
    vouch_fail(child, VOUCH_ERR_SHAPE, "from below");
    assert_int_equal(vouch_context_status(root), VOUCH_OK);
    vouch_context_adopt_error(root, child);
    vouch_context_clear_error(child);
    vouch_fail(child, VOUCH_ERR_IO, "second");
    vouch_context_adopt_error(root, child);
    vouch_test_fails(root, vouch_context_status(root), VOUCH_ERR_SHAPE, "from below");
    vouch_context_free(child);
    vouch_context_free(root);
}

static void count_progress(void *user, const vouch_progress *progress)
{
    *(unsigned long long *)user += progress->done;
}

static void progress_reaches_the_caller_and_not_through_a_child(void **state)
{
    (void)state;
    unsigned long long sum = 0;
    const vouch_progress progress = {.phase = "test", .done = 7};
    vouch_context *root = vouch_test_context();
    vouch_report_progress(root, &progress);
    assert_false(vouch_has_progress(root));
    vouch_context_set_progress(root, count_progress, &sum);
    vouch_context *child = vouch_context_new_child(root);
    assert_false(vouch_has_progress(child));
    vouch_report_progress(child, &progress);
    vouch_report_progress(root, &progress);
    assert_int_equal(sum, 7);
    vouch_context_share_progress(child, root);
    vouch_report_progress(child, &progress);
    assert_int_equal(sum, 14);
    vouch_context_free(child);
    vouch_context_free(root);
}

static void memory_comes_zeroed_from_the_callers_allocator(void **state)
{
    (void)state;
    vouch_test_memory memory = {0};
    const vouch_allocator allocator = vouch_test_allocator(&memory);
    vouch_context *ctx = vouch_context_new(&allocator);
    assert_ptr_equal(vouch_context_allocator(ctx)->user, &memory);
    char *p = vouch_alloc(ctx, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    p[99] = 5;
    p = vouch_resize(ctx, p, 1000);
    assert_int_equal(p[99], 5);
    void *empty = vouch_alloc(ctx, 0);
    assert_non_null(empty);
    assert_int_equal(memory.live, 3);
    vouch_release(ctx, p);
    vouch_release(ctx, empty);
    vouch_release(ctx, NULL);
    vouch_context_free(ctx);
    vouch_context_free(NULL);
    assert_int_equal(memory.live, 0);
    assert_int_equal(memory.bytes, 0);
}

static void running_out_of_memory_is_recorded(void **state)
{
    (void)state;
    vouch_test_memory memory = {.fail_at = 2, .fail_on = true};
    const vouch_allocator allocator = vouch_test_allocator(&memory);
    vouch_context *ctx = vouch_context_new(&allocator);
    assert_null(vouch_context_new_child(ctx));
    assert_null(vouch_alloc(ctx, 42));
    vouch_test_fails(ctx, vouch_context_status(ctx), VOUCH_ERR_MEMORY, "42 bytes");
    vouch_context_free(ctx);
    memory = (vouch_test_memory){.fail_at = 1};
    assert_null(vouch_context_new(&allocator));
}

static void memory_beyond_the_limit_is_refused_and_nothing_is_lost(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_context *child = vouch_context_new_child(ctx);
    assert_int_equal(vouch_context_memory(ctx).used, 0);
    vouch_context_set_memory_limit(ctx, 1000);
    char *kept = vouch_alloc(ctx, 600);
    assert_non_null(kept);
    kept[599] = 7;
    assert_false(vouch_context_memory(ctx).is_short);
    assert_null(vouch_alloc(child, 401));
    assert_int_equal(vouch_context_status(child), VOUCH_ERR_MEMORY);
    assert_non_null(strstr(vouch_context_error(child), "memory limit reached"));
    assert_null(vouch_resize(child, kept, 1001));
    assert_int_equal(kept[599], 7);
    assert_true(vouch_context_memory(ctx).refused);
    assert_int_equal(vouch_context_memory(ctx).used, 600);
    kept = vouch_resize(ctx, kept, 1000);
    assert_non_null(kept);
    assert_int_equal(kept[599], 7);
    assert_true(vouch_context_memory(child).is_short);
    kept = vouch_resize(ctx, kept, 10);
    assert_int_equal(vouch_context_memory(ctx).used, 10);
    assert_int_equal(vouch_context_memory(ctx).peak, 1000);
    vouch_context_set_memory_limit(ctx, SIZE_MAX);
    assert_false(vouch_context_memory(ctx).refused);
    assert_null(vouch_alloc(ctx, SIZE_MAX - 8));
    assert_false(vouch_context_memory(ctx).refused);
    vouch_release(child, kept);
    assert_int_equal(vouch_context_memory(ctx).used, 0);
    vouch_context_free(child);
    vouch_context_free(ctx);
}

static void a_machine_has_memory(void **state)
{
    (void)state;
    assert_true(vouch_machine_memory() > 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_name),
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(an_error_is_one_line_of_bounded_length),
        cmocka_unit_test(a_prefix_is_put_before_an_error_only),
        cmocka_unit_test(cancelling_a_context_reaches_its_children),
        cmocka_unit_test(a_deadline_stops_a_context_and_children_born_under_it),
        cmocka_unit_test(a_child_error_is_adopted_once),
        cmocka_unit_test(progress_reaches_the_caller_and_not_through_a_child),
        cmocka_unit_test(memory_comes_zeroed_from_the_callers_allocator),
        cmocka_unit_test(running_out_of_memory_is_recorded),
        cmocka_unit_test(memory_beyond_the_limit_is_refused_and_nothing_is_lost),
        cmocka_unit_test(a_machine_has_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
