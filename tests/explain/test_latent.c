/* Latent explanations: bounds hold and the exact ones are attained; explanations are attacked by
 * latent maps that keep what is given, and compared with all subsets. */
#include <math.h>
#include <string.h>

#include "explain/latent_bound.h"
#include "support/support.h"

enum { LONGEST = 4, PROTOTYPES = 4, PARTS = 2, CLASSES = 3, PAIRS = PARTS * PROTOTYPES };

typedef struct scene {
    vouch_context *ctx;
    vouch_arena *arena;
    vouch_random random;
    vouch_latent_problem p;
    double prototype[PROTOTYPES * LONGEST], low[PARTS * LONGEST], high[PARTS * LONGEST];
    double weight[CLASSES * PROTOTYPES], bias[CLASSES];
    vouch_span squared[PAIRS];
    double z[PARTS * LONGEST]; /* the map observed */
} scene;

static double unit(scene *s) { return (double)(float)vouch_random_unit(&s->random); }

static long double squared_distance(const scene *s, const double *z, int64_t j)
{
    long double sum = 0;
    for (int64_t k = 0; k < s->p.dimension; k++) {
        const long double off = (long double)z[k] - s->prototype[j * s->p.dimension + k];
        sum += off * off;
    }
    return sum;
}

static vouch_span around(long double x)
{
    return (vouch_span){vouch_down((double)x), vouch_up((double)x)};
}

static void observe(scene *s)
{
    for (int64_t k = 0; k < PAIRS; k++)
        s->squared[k] =
            around(squared_distance(s, s->z + k / PROTOTYPES * s->p.dimension, k % PROTOTYPES));
}

static long double margin_at(const scene *s, const double *z)
{
    long double a[PROTOTYPES], least = INFINITY;
    for (int64_t j = 0; j < PROTOTYPES; j++) {
        long double d = INFINITY;
        for (int64_t l = 0; l < PARTS; l++)
            d = fminl(d, squared_distance(s, z + l * s->p.dimension, j));
        a[j] = logl(s->p.factor / (d + s->p.offset[0]) + s->p.offset[1]);
    }
    for (int k = 0; k < CLASSES; k++) {
        long double f = (long double)s->bias[s->p.label] - s->bias[k];
        for (int64_t j = 0; j < PROTOTYPES; j++)
            f += ((long double)s->weight[s->p.label * PROTOTYPES + j] -
                  s->weight[k * PROTOTYPES + j]) *
                 a[j];
        least = k == s->p.label ? least : fminl(least, f);
    }
    return least;
}

static void open_scene(scene *s, uint64_t index, int64_t dimension, bool unbounded)
{
    *s = (scene){.ctx = vouch_test_context(),
                 .random = vouch_random_stream(11, "latent", index)};
    s->arena = vouch_arena_new(s->ctx);
    s->p = (vouch_latent_problem){.components = PARTS,
                                  .dimension = dimension,
                                  .prototypes = PROTOTYPES,
                                  .classes = CLASSES,
                                  .prototype = s->prototype,
                                  .low = s->low,
                                  .high = s->high,
                                  .squared = s->squared,
                                  .offset = {(double)1e-4F, 1},
                                  .factor = 1 - (double)1e-4F,
                                  .weight = s->weight,
                                  .bias = s->bias};
    for (int64_t i = 0; i < PROTOTYPES * dimension; i++)
        s->prototype[i] = unit(s);
    for (int64_t i = 0; i < PARTS * dimension; i++) {
        s->z[i] = unit(s);
        s->low[i] = unbounded ? -(double)INFINITY : 0;
        s->high[i] = unbounded ? (double)INFINITY : 1;
    }
    for (int i = 0; i < CLASSES * PROTOTYPES; i++)
        s->weight[i] = 2 * unit(s) - 1;
    for (int i = 0; i < CLASSES; i++)
        s->bias[i] = 0.2 * unit(s);
    for (s->p.label = 0; s->p.label < CLASSES - 1 && !(margin_at(s, s->z) > 0);)
        s->p.label++;
    observe(s);
}

static void close_scene(scene *s)
{
    vouch_arena_free(s->arena);
    vouch_context_free(s->ctx);
}

/* Another component as far from the prototypes given as z is, up to rounding: z turned about their
 * affine hull. */
static void turn(scene *s, const double *z, const bool *given, double *out)
{
    const int64_t n = s->p.dimension;
    double base[PROTOTYPES][LONGEST], off[LONGEST], way[LONGEST], length = 0, along = 0;
    int64_t first = 0, count = 0;
    while (first < PROTOTYPES && !given[first])
        first++;
    for (int64_t k = 0; k < n; k++) {
        way[k] = 2 * unit(s) - 1;
        off[k] = first < PROTOTYPES ? z[k] - s->prototype[first * n + k] : 0;
        out[k] = unit(s);
    }
    if (first == PROTOTYPES)
        return;
    for (int64_t j = first + 1; j < PROTOTYPES; j++) {
        double *e = base[count], size = 0;
        for (int64_t k = 0; k < n; k++)
            e[k] = s->prototype[j * n + k] - s->prototype[first * n + k];
        for (int64_t b = 0; b < count; b++) {
            double dot = 0;
            for (int64_t k = 0; k < n; k++)
                dot += e[k] * base[b][k];
            for (int64_t k = 0; k < n; k++)
                e[k] -= dot * base[b][k];
        }
        for (int64_t k = 0; k < n; k++)
            size += e[k] * e[k];
        for (int64_t k = 0; k < n && size > 1e-9; k++)
            e[k] /= sqrt(size);
        count += given[j] && size > 1e-9;
    }
    for (int64_t b = 0; b < count; b++)
        for (int side = 0; side < 2; side++) {
            double dot = 0, *x = side ? way : off;
            for (int64_t k = 0; k < n; k++)
                dot += x[k] * base[b][k];
            for (int64_t k = 0; k < n; k++)
                x[k] -= dot * base[b][k];
        }
    for (int64_t k = 0; k < n; k++) {
        length += way[k] * way[k];
        along += off[k] * off[k];
    }
    for (int64_t k = 0; k < n; k++) /* where the hull leaves nothing free: z itself */
        out[k] = length > 1e-12 ? z[k] - off[k] + way[k] * sqrt(along / length) : z[k];
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static vouch_latent_view view_of(scene *s, const vouch_latent_bounding *way, const bool *given,
                                 int64_t *list)
{
    vouch_latent_view v = {.problem = &s->p, .given = list};
    v.lambda = VOUCH_NEW_ARRAY(s->arena, double, PROTOTYPES);
    v.sum = VOUCH_NEW_ARRAY(s->arena, double, 4 * s->p.dimension);
    v.room = VOUCH_NEW_ARRAY(s->arena, double, way->room ? way->room(&s->p) : 1);
    for (int64_t j = 0; j < PROTOTYPES; j++)
        if (given[j])
            list[v.count++] = j;
    return v;
}

static vouch_span bound(vouch_latent_view *v, const vouch_latent_bounding *way, int64_t j)
{
    v->prototype = j;
    v->squared = (vouch_span){0, (double)INFINITY};
    memset(v->lambda, 0, PROTOTYPES * sizeof *v->lambda);
    vouch_latent_try(v, 1);
    vouch_latent_try(v, -1);
    if (way->bound)
        way->bound(v);
    return v->squared;
}

static void distances_lie_within_their_bounds(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 200; i++) {
        scene s;
        double other[LONGEST];
        bool given[PROTOTYPES];
        int64_t list[PROTOTYPES];
        open_scene(&s, i, 1 + (int64_t)(i % LONGEST), i % 2 == 0);
        for (int j = 0; j < PROTOTYPES; j++)
            given[j] = vouch_random_below(&s.random, 2) == 1;
        turn(&s, s.z, given, other);
        for (int64_t k = 0; k < s.p.dimension && i % 2 == 1; k++)
            if (other[k] < 0 || other[k] > 1)
                memcpy(other, s.z, sizeof other);
        for (int64_t j = 0; j < PROTOTYPES; j++) /* both are as observed, exactly */
            s.squared[j] =
                vouch_span_hull(s.squared[j], around(squared_distance(&s, other, j)));
        for (const vouch_latent_bounding *const *w = vouch_latent_table(); *w; w++) {
            vouch_latent_view v = view_of(&s, *w, given, list);
            for (int64_t j = 0; j < PROTOTYPES; j++)
                if (!given[j])
                    s.squared[j] = (vouch_span){0, 0}; /* not to be looked at */
            if ((*w)->begin)
                (*w)->begin(&v);
            for (int64_t j = 0; j < PROTOTYPES; j++) {
                const vouch_span b = bound(&v, *w, j);
                for (int which = 0; which < 2; which++) {
                    const long double d = squared_distance(&s, which ? other : s.z, j);
                    assert_true((long double)b.low <= d && d <= (long double)b.high);
                }
            }
        }
        close_scene(&s);
    }
}

static void bounds_by_spheres_are_attained(void **state)
{
    const vouch_latent_bounding *way = vouch_latent_find("spheres");
    (void)state;
    for (uint64_t i = 0; i < 30; i++) {
        scene s;
        bool given[PROTOTYPES] = {true, i % 2 == 0};
        int64_t list[PROTOTYPES];
        double least = INFINITY, most = 0;
        open_scene(&s, i, 3, true);
        vouch_latent_view v = view_of(&s, way, given, list);
        way->begin(&v);
        const vouch_span b = bound(&v, way, 3);
        for (int k = 0; k < 4000; k++) {
            double z[LONGEST];
            turn(&s, s.z, given, z);
            least = fmin(least, (double)squared_distance(&s, z, 3));
            most = fmax(most, (double)squared_distance(&s, z, 3));
        }
        assert_true(b.low <= least + 1e-12 && least - b.low < 0.02);
        assert_true(b.high >= most - 1e-12 && b.high - most < 0.02);
        close_scene(&s);
    }
}

static void the_exact_sphere_is_no_looser_than_others(void **state)
{
    static const char *const names[] = {"triangle", "hypersphere"};
    (void)state;
    for (uint64_t i = 0; i < 100; i++) {
        scene s;
        bool given[PROTOTYPES] = {true, true, i % 2 == 0};
        int64_t list[PROTOTYPES];
        open_scene(&s, i, LONGEST, true);
        vouch_span b[3];
        for (int k = 0; k < 3; k++) {
            const vouch_latent_bounding *way = vouch_latent_find(k < 2 ? names[k] : "spheres");
            vouch_latent_view v = view_of(&s, way, given, list);
            if (way->begin)
                way->begin(&v);
            b[k] = bound(&v, way, 3);
        }
        for (int k = 0; k < 2; k++)
            assert_true(b[2].low >= b[k].low - 1e-9 && b[2].high <= b[k].high + 1e-9);
        close_scene(&s);
    }
}

/* ---- explanations ---------------------------------------------------------------------------- */

/* Maps that keep the distances given, within what was observed of both: class and margin hold. */
static void attack(scene *s, const vouch_latent_bounding *way, const bool *given, bool bounded)
{
    for (int trial = 0; trial < 200; trial++) {
        double z[PARTS * LONGEST], proved;
        bool inside = true;
        observe(s);
        for (int64_t l = 0; l < PARTS; l++) {
            double *at = z + l * s->p.dimension;
            turn(s, s->z + l * s->p.dimension, given + l * PROTOTYPES, at);
            for (int64_t k = 0; k < s->p.dimension; k++)
                inside = inside && (!bounded || (at[k] >= 0 && at[k] <= 1));
            for (int64_t j = 0; j < PROTOTYPES; j++)
                s->squared[l * PROTOTYPES + j] = vouch_span_hull(
                    s->squared[l * PROTOTYPES + j], around(squared_distance(s, at, j)));
        }
        if (!inside)
            continue;
        vouch_test_ok(s->ctx, vouch_latent_margin(s->arena, &s->p, way, given, &proved));
        assert_true(margin_at(s, z) >= (long double)proved);
    }
    observe(s);
}

/* Is a proper subset of the explanation one, by the same bounds? */
static bool has_smaller(scene *s, const vouch_latent_bounding *way, const bool *given)
{
    for (int subset = 0; subset < 1 << PAIRS; subset++) {
        bool part[PAIRS], within = true, proper = false;
        double proved = 0;
        for (int k = 0; k < PAIRS; k++) {
            part[k] = subset >> k & 1;
            within = within && (given[k] || !part[k]);
            proper = proper || (given[k] && !part[k]);
        }
        if (!within || !proper)
            continue;
        vouch_test_ok(s->ctx, vouch_latent_margin(s->arena, &s->p, way, part, &proved));
        if (proved > 0)
            return true;
    }
    return false;
}

static void explanations_hold_and_are_minimal(void **state)
{
    int explained = 0, left_out = 0;
    (void)state;
    for (uint64_t i = 0; i < 24; i++)
        for (const vouch_latent_bounding *const *w = vouch_latent_table(); *w; w++) {
            scene s;
            vouch_latent_explanation e;
            open_scene(&s, i, 2 + (int64_t)(i % 3), i % 2 == 0);
            vouch_test_ok(s.ctx, vouch_latent_explain(s.ctx, s.arena, &s.p, *w, &e));
            assert_int_equal(e.is_entailed, margin_at(&s, s.z) > 0);
            if (e.is_entailed && !(*w)->top) {
                explained++;
                left_out += e.count < PAIRS;
                attack(&s, *w, e.given, i % 2 == 1);
                assert_false(has_smaller(&s, *w, e.given));
            }
            close_scene(&s);
        }
    assert_true(explained > 60 && left_out > 20);
}

/* Is the map as similar to prototype j as the one observed, and no more so to others? */
static bool keeps_top(const scene *s, const double *z, int64_t j)
{
    long double nearest[2] = {INFINITY, INFINITY}; /* to j, to any other */
    for (int64_t l = 0; l < PARTS; l++)
        for (int64_t i = 0; i < PROTOTYPES; i++)
            nearest[i != j] =
                fminl(nearest[i != j], squared_distance(s, z + l * s->p.dimension, i));
    return nearest[1] >= nearest[0];
}

/* One prototype given: a component as near to it in another direction, the others farther away. */
static int attack_top(scene *s, const vouch_latent_bounding *way, const bool *given)
{
    int tried = 0;
    int64_t j = 0;
    while (!given[j])
        j++;
    const long double least =
        fminl(squared_distance(s, s->z, j), squared_distance(s, s->z + s->p.dimension, j));
    for (int trial = 0; trial < 400; trial++) {
        double z[PARTS * LONGEST], proved, angle = 6.283185307179586 * unit(s);
        const int64_t near = trial % PARTS * 2, far = 2 - near;
        z[near] = s->prototype[2 * j] + sqrt((double)least) * cos(angle);
        z[near + 1] = s->prototype[2 * j + 1] + sqrt((double)least) * sin(angle);
        z[far] = unit(s);
        z[far + 1] = unit(s);
        const bool inside =
            z[near] >= 0 && z[near] <= 1 && z[near + 1] >= 0 && z[near + 1] <= 1;
        if (!inside || squared_distance(s, z + far, j) < squared_distance(s, z + near, j) ||
            !keeps_top(s, z, j))
            continue;
        for (int64_t k = 0; k < PAIRS; k++) /* of both, wherever the nearest component is */
            if (k % PROTOTYPES == j)
                s->squared[k] =
                    vouch_span_hull(around(least), around(squared_distance(s, z + near, j)));
        vouch_test_ok(s->ctx, vouch_latent_margin(s->arena, &s->p, way, given, &proved));
        assert_true(margin_at(s, z) >= (long double)proved);
        tried++;
    }
    return tried;
}

static void the_most_similar_prototypes_decide(void **state)
{
    const vouch_latent_bounding *way = vouch_latent_find("top");
    int fewer = 0, tried = 0;
    (void)state;
    for (uint64_t i = 0; i < 60; i++) {
        scene s;
        vouch_latent_explanation e;
        open_scene(&s, i, 2, false);
        vouch_test_ok(s.ctx, vouch_latent_explain(s.ctx, s.arena, &s.p, way, &e));
        fewer += e.is_entailed && e.whole < PROTOTYPES;
        assert_int_equal(e.count, e.whole * PARTS);
        if (e.is_entailed && e.whole == 1)
            tried += attack_top(&s, way, e.given);
        close_scene(&s);
    }
    assert_true(fewer > 5 && tried > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_lie_within_their_bounds),
        cmocka_unit_test(bounds_by_spheres_are_attained),
        cmocka_unit_test(the_exact_sphere_is_no_looser_than_others),
        cmocka_unit_test(explanations_hold_and_are_minimal),
        cmocka_unit_test(the_most_similar_prototypes_decide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
