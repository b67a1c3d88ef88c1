/* DeepFool: steps to the nearest decision boundary of the linearised network.
 *
 * At x the classifier is replaced by its tangent. The boundary to class t is the hyperplane
 * f_t(x) + w_t . d = 0, f_t = z_t - z_y, w_t its gradient, at distance |f_t| / |w_t|_q (q = 2 for
 * L2, 1 for L-infinity). The step goes to the nearest one, and a little beyond (overshoot). What is
 * found is close to the point, so the attack needs no bound; with one, it counts if it is inside.
 */
#include <math.h>
#include <string.h>

#include "attack/attack.h"

typedef struct deepfool_settings {
    int64_t steps, classes;
    double overshoot;
} deepfool_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(deepfool_settings, steps, "linearisations", 50, 1, VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(deepfool_settings, classes, "likeliest other classes looked at", 9, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_REAL(deepfool_settings, overshoot, "how far beyond the boundary, relative",
                      0.02, 0, 10),
};

typedef struct fool {
    vouch_assault *a;
    vouch_rows rows;
    float *at, *move; /* [count][inputs]; move: to the nearest boundary so far */
    double *nearest;  /* [count] its distance */
} fool;

static double dual_norm(const vouch_assault *a, const float *g)
{
    double sum = 0;
    for (int64_t i = 0; i < a->inputs; i++)
        sum +=
            a->ball->norm == VOUCH_NORM_L2 ? (double)g[i] * (double)g[i] : fabs((double)g[i]);
    return a->ball->norm == VOUCH_NORM_L2 ? sqrt(sum) : sum;
}

/* How far beyond the boundary a step aims, in logits: so that the margin there is clear. */
static double beyond(const fool *f, int64_t r)
{
    double size = 1e-6;
    for (int64_t j = 0; j < f->a->classes; j++)
        size = fmax(size, fabs((double)f->rows.z[r * f->a->classes + j]));
    return 2e-4 * size;
}

/* Row r knows the boundary to its target: is it the nearest? */
static void take(fool *f, int64_t r)
{
    const int64_t p = f->rows.place[r], n = f->a->inputs;
    const float *g = f->rows.gradient + r * n;
    float *move = f->move + p * n;
    const double dual = dual_norm(f->a, g) + 1e-30;
    const double far = (fmax(-f->rows.value[r], 0) + beyond(f, r)) / dual;
    if (!(far < f->nearest[p]))
        return;
    f->nearest[p] = far;
    for (int64_t i = 0; i < n; i++)
        move[i] = f->a->ball->norm == VOUCH_NORM_L2
                      ? (float)(far * (double)g[i] / dual)
                      : (float)(far * (double)((g[i] > 0) - (g[i] < 0)));
}

/* The distances to the boundary with each point's class of that rank. */
static vouch_status look_at_rank(fool *f, int64_t rank, int64_t passes)
{
    const vouch_assault *a = f->a;
    vouch_rows_gather(a, passes, f->at, &f->rows);
    for (int64_t r = 0; r < f->rows.count; r++) {
        const int64_t p = f->rows.place[r];
        if (a->target[p] < 0)
            f->rows.target[r] =
                vouch_ranked(a->classes, a->clean + p * a->classes, a->label[p], rank);
    }
    VOUCH_TRY(vouch_rows_climb(f->a, vouch_objective_find("gap"), &f->rows));
    for (int64_t r = 0; r < f->rows.count; r++)
        take(f, r);
    return VOUCH_OK;
}

static void move(fool *f)
{
    const deepfool_settings *s = f->a->settings;
    const vouch_ball *ball = f->a->ball;
    const int64_t n = f->a->inputs;
    for (int64_t k = 0; k < f->a->count * n; k++) {
        const double wish = (double)f->at[k] + (1 + s->overshoot) * (double)f->move[k];
        f->at[k] = fminf(fmaxf((float)wish, ball->low[k % n]), ball->high[k % n]);
    }
}

static vouch_status linearise(fool *f, int64_t ranks)
{
    memset(f->move, 0, (size_t)(f->a->count * f->a->inputs) * sizeof *f->move);
    for (int64_t p = 0; p < f->a->count; p++)
        f->nearest[p] = (double)INFINITY;
    for (int64_t rank = 0; rank < ranks; rank++)
        VOUCH_TRY(look_at_rank(f, rank, 2 * (ranks - rank) + 1));
    move(f);
    return VOUCH_OK;
}

static vouch_status run(vouch_assault *a)
{
    const deepfool_settings *s = a->settings;
    fool f = {.a = a,
              .at = vouch_assault_copy(a),
              .move = vouch_assault_copy(a),
              .nearest = VOUCH_NEW_ARRAY(a->arena, double, a->count)};
    const int64_t ranks = s->classes < a->classes - 1 ? s->classes : a->classes - 1;
    if (!f.at || !f.move || !f.nearest)
        return vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    VOUCH_TRY(vouch_rows_new(a, a->count, &f.rows));
    for (int64_t step = 0; step < s->steps; step++) {
        VOUCH_TRY(linearise(&f, ranks));
        if (f.rows.count == 0)
            return VOUCH_OK;
    }
    vouch_rows_gather(a, 1, f.at, &f.rows);
    return vouch_rows_look(a, &f.rows);
}

const vouch_attack vouch_attack_deepfool = {
    .name = "deepfool",
    .summary = "steps to the nearest boundary of the linearised network",
    .citation = "Moosavi-Dezfooli 2016",
    .norms = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2,
    .nearest = VOUCH_ATTACK_LINF | VOUCH_ATTACK_L2,
    .size = sizeof(deepfool_settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run};
