/* Smallest hitting sets against all subsets. */
#include "explain/hitting.h"
#include "support/support.h"

enum { FEATURES = 9, SUBSETS = 1 << FEATURES, MOST = 8, ROUNDS = 400 };

typedef struct problem {
    uint64_t hit[MOST], bar[MOST];
    const uint64_t *hits[MOST], *bars[MOST];
    vouch_hitting h;
} problem;

static uint64_t draw(vouch_random *r)
{
    uint64_t set = 0;
    for (int f = 0; f < FEATURES; f++)
        set |= (uint64_t)(vouch_random_below(r, 3) == 0) << f;
    return set;
}

static void make(problem *p, vouch_random *r)
{
    p->h = (vouch_hitting){.words = 1,
                           .features = FEATURES,
                           .hit = p->hits,
                           .bar = p->bars,
                           .hits = (int64_t)vouch_random_below(r, MOST),
                           .bars = (int64_t)vouch_random_below(r, 3)};
    for (int k = 0; k < MOST; k++) {
        p->hit[k] = draw(r);
        p->bar[k] = draw(r) | 1;
        p->hits[k] = &p->hit[k];
        p->bars[k] = &p->bar[k];
    }
}

static bool fits(const problem *p, uint64_t set)
{
    for (int64_t k = 0; k < p->h.hits; k++)
        if ((p->hit[k] & set) == 0)
            return false;
    for (int64_t k = 0; k < p->h.bars; k++)
        if ((p->bar[k] & ~set) == 0)
            return false;
    return true;
}

/* The fewest members; FEATURES + 1: there is none. */
static int64_t fewest(const problem *p)
{
    int64_t best = FEATURES + 1;
    for (uint64_t set = 0; set < SUBSETS; set++)
        if (fits(p, set) && vouch_set_size(1, &set) < best)
            best = vouch_set_size(1, &set);
    return best;
}

typedef bool checker(const problem *p, const vouch_hitting_set *answer);

/* Random problems, each answer checked; how many checks return true. */
static int check_all(uint64_t seed, int64_t most_nodes, checker *check)
{
    vouch_context *ctx = vouch_test_context();
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_random r = vouch_random_stream(seed, "hitting", 0);
    int count = 0;
    for (int k = 0; k < ROUNDS; k++) {
        problem p;
        uint64_t set = 0;
        vouch_hitting_set answer = {.set = &set};
        make(&p, &r);
        p.h.most_nodes = most_nodes;
        vouch_test_ok(ctx, vouch_hitting_smallest(arena, &p.h, &answer));
        count += check(&p, &answer);
    }
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    return count;
}

static bool check_ended(const problem *p, const vouch_hitting_set *answer)
{
    const int64_t truth = fewest(p);
    assert_true(answer->is_ended);
    assert_int_equal(answer->exists, truth <= FEATURES);
    if (answer->exists) {
        assert_int_equal(answer->size, truth);
        assert_int_equal(answer->at_least, truth);
        assert_int_equal(vouch_set_size(1, answer->set), truth);
        assert_true(fits(p, *answer->set));
    }
    return !answer->exists;
}

static void test_no_set_that_hits_all_is_smaller(void **state)
{
    (void)state;
    const int none = check_all(5, 1 << 20, check_ended);
    assert_true(none > 0 && none < ROUNDS / 2);
}

static bool check_cut(const problem *p, const vouch_hitting_set *answer)
{
    assert_true(answer->at_least <= fewest(p));
    assert_true(!answer->exists || fits(p, *answer->set));
    return !answer->is_ended;
}

static void test_a_search_that_is_cut_short_claims_no_more_than_it_knows(void **state)
{
    (void)state;
    assert_true(check_all(6, 4, check_cut) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_set_that_hits_all_is_smaller),
        cmocka_unit_test(test_a_search_that_is_cut_short_claims_no_more_than_it_knows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
