#include "base/arena.h"
#include "support/support.h"

#include <stdio.h>
#include <string.h>

static void memory_is_zeroed_and_aligned_after_a_reset_too(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    assert_ptr_equal(vouch_arena_context(arena), ctx);
    const vouch_arena_mark mark = vouch_arena_get_mark(arena);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 2000; size += 37) {
            unsigned char *p = vouch_arena_alloc(arena, size);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % 64, 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xff, size);
        }
        vouch_arena_reset(arena, mark);
    }
    vouch_arena_free(arena);
    vouch_arena_free(NULL);
    vouch_context_free(ctx);
}

/* One round of a search: some allocations, some of them large, in another order each time. */
static void allocate_some(vouch_arena *arena, vouch_random *r)
{
    for (int i = 0; i < 40; i++) {
        const size_t size = vouch_random_below(r, 8) ? 64 : 20000;
        memset(vouch_arena_alloc(arena, size), 1, size);
    }
}

static void a_loop_with_resets_stops_asking_for_memory(void **state)
{
    (void)state;
    vouch_test_memory memory = {0};
    const vouch_allocator allocator = vouch_test_allocator(&memory);
    vouch_context *ctx = vouch_context_new(&allocator);
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_random r = vouch_random_stream(1, "arena", 0);
    const vouch_arena_mark mark = vouch_arena_get_mark(arena);
    long after_warm_up = 0;
    for (int round = 0; round < 1000; round++) {
        allocate_some(arena, &r);
        vouch_arena_reset(arena, mark);
        if (round == 100)
            after_warm_up = memory.requests;
    }
    assert_int_equal(memory.requests, after_warm_up);
    assert_true(memory.requests < 20);
    assert_in_range(vouch_arena_bytes(arena), 1, 4 << 20);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    assert_int_equal(memory.live, 0);
}

static void what_lies_before_a_mark_survives_the_reset(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    for (int level = 0; level < 50; level++) {
        char *kept = vouch_arena_print(arena, "level %d", level);
        const vouch_arena_mark mark = vouch_arena_get_mark(arena);
        for (int i = 0; i < 10; i++)
            memset(vouch_arena_alloc(arena, 3000), 0xee, 3000);
        vouch_arena_reset(arena, mark);
        memset(vouch_arena_alloc(arena, 100), 0xdd, 100);
        char expected[32];
        (void)snprintf(expected, sizeof expected, "level %d", level);
        assert_string_equal(kept, expected);
    }
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static void sizes_that_overflow_are_out_of_memory(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    assert_null(vouch_arena_array(arena, SIZE_MAX / 2, 4));
    vouch_test_fails(ctx, vouch_context_status(ctx), VOUCH_ERR_MEMORY, "out of memory");
    assert_null(vouch_arena_alloc(arena, SIZE_MAX - 10));
    vouch_test_fails(ctx, vouch_context_status(ctx), VOUCH_ERR_MEMORY, "out of memory");
    assert_non_null(vouch_arena_array(arena, 0, 8));
    vouch_arena_free(arena);
    vouch_context_free(ctx);
}

static vouch_status make_texts(vouch_context *ctx, void *user)
{
    (void)user;
    vouch_arena *arena = vouch_arena_new(ctx);
    if (!arena)
        return VOUCH_ERR_MEMORY;
    vouch_status s = VOUCH_OK;
    for (int i = 0; i < 300 && s == VOUCH_OK; i++) {
        const char *a = vouch_arena_text(arena, "some text");
        const char *b = vouch_arena_text_n(arena, "cut here", 3);
        const char *c = vouch_arena_print(arena, "%d%0500d", i, i);
        if (!a || !b || !c)
            s = VOUCH_ERR_MEMORY;
        else if (strcmp(a, "some text") != 0 || strcmp(b, "cut") != 0 || strlen(c) < 501)
            s = VOUCH_ERR_INTERNAL;
    }
    vouch_arena_free(arena);
    return s;
}

static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    vouch_test_every_allocation_fails(make_texts, NULL);
}

static void trimming_gives_back_what_a_reset_left(void **state)
{
    (void)state;
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    char *kept = vouch_arena_text(arena, "kept");
    const vouch_arena_mark mark = vouch_arena_get_mark(arena);
    const size_t before = vouch_context_memory(ctx).used;
    assert_non_null(vouch_arena_alloc(arena, 1 << 20));
    vouch_arena_reset(arena, mark);
    assert_true(vouch_context_memory(ctx).used > before + (1 << 20));
    vouch_arena_trim(arena);
    assert_int_equal(vouch_context_memory(ctx).used, before);
    assert_true(vouch_arena_bytes(arena) <= before);
    assert_string_equal(kept, "kept");
    assert_non_null(vouch_arena_alloc(arena, 1 << 20));
    vouch_arena_free(arena);
    assert_int_equal(vouch_context_memory(ctx).used, 0);
    vouch_context_free(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_aligned_after_a_reset_too),
        cmocka_unit_test(a_loop_with_resets_stops_asking_for_memory),
        cmocka_unit_test(what_lies_before_a_mark_survives_the_reset),
        cmocka_unit_test(sizes_that_overflow_are_out_of_memory),
        cmocka_unit_test(a_failed_allocation_is_an_error_and_leaks_nothing),
        cmocka_unit_test(trimming_gives_back_what_a_reset_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
