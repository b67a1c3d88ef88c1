/* Without --memory a verification takes 7 GiB at most: a search of ten minutes once grew to 8.9 GB
 * on a machine that had more. */
#include "support/support.h"
#include "verify/verify.h"

static void memory_without_a_wish_is_seven_gib_at_most(void **state)
{
    const vouch_verify_settings none = {0};
    (void)state;
    assert_true(vouch_verify_memory(&none) > 0);
    assert_true(vouch_verify_memory(&none) <= (size_t)7 << 30);
}

static void a_wish_for_memory_is_taken_as_it_is(void **state)
{
    const vouch_verify_settings wish = {.memory_mib = 9000};
    (void)state;
    assert_true(vouch_verify_memory(&wish) == (size_t)9000 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_without_a_wish_is_seven_gib_at_most),
        cmocka_unit_test(a_wish_for_memory_is_taken_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
