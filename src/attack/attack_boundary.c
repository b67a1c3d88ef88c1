/* Boundary attack: from the class alone (Brendel, Rauber, Bethge 2018).
 *
 * Start: a random point that is adversarial, moved towards the clean point by bisection. Then two
 * moves take turns: along the sphere around the clean point in a random direction, and a little
 * inward; what is still adversarial is taken. Each length follows its own rate of success: along
 * so that about half of the moves stay adversarial, inward about a quarter.
 */
#include <math.h>
#include <string.h>

#include "attack/attack.h"

typedef struct boundary_settings {
    int64_t queries;
    double along, inward;
} boundary_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(boundary_settings, queries, "queries of a point, the start included", 5000,
                     1, VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_REAL(boundary_settings, along, "first length along the sphere, relative", 0.1,
                      1e-9, 1),
    VOUCH_ATTACK_REAL(boundary_settings, inward, "first length inward, relative", 0.1, 1e-9, 1),
};

typedef struct wanderer {
    vouch_random random;
    double along, inward;
    bool started;
    float *at;      /* [inputs] adversarial, once started */
    int bisections; /* done so far */
    bool turn;      /* inward next? */
    double low;     /* share of the way from the clean point to `at` known to be right */
} wanderer;

typedef struct boundary {
    vouch_assault *a;
    vouch_rows rows;
    float *state; /* [count][inputs]: what each point tries next */
    double *d;    /* [inputs] */
    wanderer *w;  /* [count] */
} boundary;

enum { BISECTIONS = 12 };

static double clipped(const vouch_assault *a, int64_t i, double value)
{
    return fmin(fmax(value, (double)a->ball->low[i]), (double)a->ball->high[i]);
}

static double length_of(int64_t n, const double *d)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += d[i] * d[i];
    return sqrt(sum);
}

/* ---- proposals ----------------------------------------------------------------------------- */

static void random_point(boundary *b, int64_t p, float *x)
{
    const vouch_ball *ball = b->a->ball;
    for (int64_t i = 0; i < b->a->inputs; i++)
        x[i] =
            (float)((double)ball->low[i] + vouch_random_unit(&b->w[p].random) *
                                               ((double)ball->high[i] - (double)ball->low[i]));
}

static void between(boundary *b, int64_t p, float *x)
{
    const float *clean = vouch_assault_x(b->a, p);
    const wanderer *w = &b->w[p];
    const double t = (w->low + 1) / 2;
    for (int64_t i = 0; i < b->a->inputs; i++)
        x[i] = (float)((double)clean[i] + t * ((double)w->at[i] - (double)clean[i]));
}

static void go_inward(boundary *b, int64_t p, float *x)
{
    const float *clean = vouch_assault_x(b->a, p);
    const wanderer *w = &b->w[p];
    for (int64_t i = 0; i < b->a->inputs; i++)
        x[i] =
            (float)((double)clean[i] + (1 - w->inward) * ((double)w->at[i] - (double)clean[i]));
}

/* Along the sphere: a random direction orthogonal to the radius, scaled; back onto the sphere. */
static void wander(boundary *b, int64_t p, float *x)
{
    const int64_t n = b->a->inputs;
    const float *clean = vouch_assault_x(b->a, p);
    wanderer *w = &b->w[p];
    double dot = 0, radius = 0, *d = b->d;
    for (int64_t i = 0; i < n; i++) {
        const double out = (double)w->at[i] - (double)clean[i];
        d[i] = vouch_random_normal(&w->random);
        dot += d[i] * out;
        radius += out * out;
    }
    for (int64_t i = 0; i < n; i++)
        d[i] -= dot / (radius + 1e-30) * ((double)w->at[i] - (double)clean[i]);
    const double scale = w->along * sqrt(radius) / (length_of(n, d) + 1e-30);
    const double back = 1 / sqrt(1 + w->along * w->along);
    for (int64_t i = 0; i < n; i++) {
        const double out = (double)w->at[i] - (double)clean[i] + scale * d[i];
        x[i] = (float)clipped(b->a, i, (double)clean[i] + back * out);
    }
}

static void propose(boundary *b, int64_t p)
{
    float *x = b->state + p * b->a->inputs;
    if (!b->w[p].started)
        random_point(b, p, x);
    else if (b->w[p].bisections < BISECTIONS)
        between(b, p, x);
    else if (b->w[p].turn)
        go_inward(b, p, x);
    else
        wander(b, p, x);
}

/* ---- answers ------------------------------------------------------------------------------- */

static void take(boundary *b, int64_t p, bool fooled)
{
    wanderer *w = &b->w[p];
    if (!w->started) {
        w->started = fooled;
    } else if (w->bisections < BISECTIONS) {
        const double middle = (w->low + 1) / 2; /* a success there is the new whole way */
        w->low = fooled ? w->low / middle : middle;
        w->bisections++;
    } else {
        if (w->turn)
            w->inward = fmin(w->inward * (fooled ? 1.3 : .9), .5);
        else
            w->along = fmin(w->along * (fooled ? 1.1 : .9), 1);
        w->turn = !w->turn;
    }
    if (fooled)
        memcpy(w->at, b->state + p * b->a->inputs, (size_t)b->a->inputs * sizeof(float));
}

static vouch_status one_query(boundary *b)
{
    vouch_assault *a = b->a;
    for (int64_t p = 0; p < a->count; p++)
        propose(b, p);
    vouch_rows_gather(a, 1, b->state, &b->rows);
    VOUCH_TRY(vouch_rows_look(a, &b->rows));
    for (int64_t r = 0; r < b->rows.count; r++) {
        const vouch_aim aim = vouch_assault_aim(a, &b->rows, r);
        const double margin = vouch_aim_margin(&aim, b->rows.z + r * a->classes);
        take(b, b->rows.place[r], margin > 0);
    }
    return VOUCH_OK;
}

static vouch_status run(vouch_assault *a)
{
    const boundary_settings *s = a->settings;
    boundary b = {.a = a,
                  .state = vouch_assault_copy(a),
                  .d = VOUCH_NEW_ARRAY(a->arena, double, a->inputs),
                  .w = VOUCH_NEW_ARRAY(a->arena, wanderer, a->count)};
    float *at = vouch_assault_copy(a);
    if (!b.state || !b.d || !b.w || !at)
        return vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    VOUCH_TRY(vouch_rows_new(a, a->count, &b.rows));
    for (int64_t p = 0; p < a->count; p++)
        b.w[p] = (wanderer){.random = vouch_assault_random(a, p, "boundary", 0),
                            .along = s->along,
                            .inward = s->inward,
                            .at = at + p * a->inputs};
    b.rows.count = 1;
    for (int64_t query = 0; query < s->queries && b.rows.count > 0; query++)
        VOUCH_TRY(one_query(&b));
    return VOUCH_OK;
}

const vouch_attack vouch_attack_boundary = {
    .name = "boundary",
    .summary = "walks along the decision boundary, from the class alone",
    .citation = "Brendel, Rauber, Bethge 2018",
    .norms = VOUCH_ATTACK_L2,
    .black_box = true,
    .decision = true,
    .targeted = true,
    .nearest = VOUCH_ATTACK_L2,
    .size = sizeof(boundary_settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run};
