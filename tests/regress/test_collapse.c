/* Studies of catastrophic overfitting told collapse by the best accuracy under PGD: a network that
 * withstood one step alone from its first epoch on did not count, and one that had learnt nothing
 * did. */
#include <jansson.h>

#include "lab/co.h"
#include "support/support.h"

static bool has_collapsed(double single, double pgd)
{
    json_t *result = json_pack("{s:[{s:f,s:f},{s:f,s:f}]}", "epochs", "single", 0.1, "pgd",
                               0.16, "single", single, "pgd", pgd);
    assert_non_null(result);
    const bool collapsed = vouch_co_has_collapsed(result);
    json_decref(result);
    return collapsed;
}

static void what_withstands_one_step_alone_has_collapsed(void **state)
{
    (void)state;
    assert_true(has_collapsed(0.54, 0.015));
    assert_false(has_collapsed(0.63, 0.42));
}

static void what_learnt_nothing_has_not_collapsed(void **state)
{
    (void)state;
    assert_false(has_collapsed(0.075, 0.0625));
    assert_false(has_collapsed(0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_withstands_one_step_alone_has_collapsed),
        cmocka_unit_test(what_learnt_nothing_has_not_collapsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
