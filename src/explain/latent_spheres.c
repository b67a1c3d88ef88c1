/* spheres: the sphere in which all given spheres meet, exactly.
 *
 * Differences of given squared distances are linear in z, so z = C + w with C in the affine hull of
 * the prototypes p_j given, w orthogonal to it and |w| = r: all of that follows from the distances,
 * and nothing else does. For another prototype p - C = u + v, u along the hull and v across it,
 *
 *   |z - p|^2 = |u|^2 + |w - v|^2  in  |u|^2 + [(r - |v|)^2, (r + |v|)^2],
 *
 * and every value between is taken where the hull leaves two dimensions free. With C = sum a_j p_j,
 * sum a_j = 1, and u = sum b_j p_j, sum b_j = 0, the multipliers that prove the ends are
 *
 *   (t - 1) a - b  and  (t + 1) a + b,   t = |v| / r.
 *
 * They come from normal equations, by a Cholesky factor with a small ridge: exact they need not be.
 */
#include <math.h>
#include <string.h>

#include "explain/latent_bound.h"

/* Room, m = given - 1 edges from the first prototype given. */
typedef struct hull {
    int64_t m;
    double *edge;   /* [m][dimension] */
    double *factor; /* [m][m] */
    double *share;  /* [m + 1] a */
    double *along;  /* [m + 1] b */
    double *centre; /* [dimension] */
    double *squared_radius;
} hull;

static hull hull_of(const vouch_latent_view *v)
{
    const int64_t n = v->problem->dimension, most = v->problem->prototypes;
    hull h = {.m = v->count - 1, .edge = v->room};
    h.factor = h.edge + most * n;
    h.share = h.factor + most * most;
    h.along = h.share + most;
    h.centre = h.along + most;
    h.squared_radius = h.centre + n;
    return h;
}

static size_t room(const vouch_latent_problem *p)
{
    return (size_t)(p->prototypes * (p->dimension + p->prototypes + 2) + p->dimension + 1);
}

static double dot(int64_t n, const double *a, const double *b)
{
    double sum = 0;
    for (int64_t k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

static void factorise(const hull *h, int64_t n)
{
    double trace = 0;
    for (int64_t i = 0; i < h->m; i++)
        trace += dot(n, h->edge + i * n, h->edge + i * n);
    for (int64_t i = 0; i < h->m; i++)
        for (int64_t j = 0; j <= i; j++) {
            double *row = h->factor + i * h->m;
            double sum = dot(n, h->edge + i * n, h->edge + j * n) + (i == j) * 1e-12 * trace;
            sum -= dot(j, row, h->factor + j * h->m);
            row[j] = i > j ? sum / h->factor[j * h->m + j]
                           : sqrt(fmax(sum, 1e-12 * trace + DBL_MIN));
        }
}

/* x <- (edge edge^T)^-1 x */
static void solve(const hull *h, double *x)
{
    for (int64_t i = 0; i < h->m; i++)
        x[i] = (x[i] - dot(i, h->factor + i * h->m, x)) / h->factor[i * h->m + i];
    for (int64_t i = h->m - 1; i >= 0; i--) {
        for (int64_t j = i + 1; j < h->m; j++)
            x[i] -= h->factor[j * h->m + i] * x[j];
        x[i] /= h->factor[i * h->m + i];
    }
}

/* Coefficients of edges into those of prototypes, which sum to `total`. */
static void spread(const hull *h, double total, double *x)
{
    memmove(x + 1, x, (size_t)h->m * sizeof *x);
    x[0] = total;
    for (int64_t i = 1; i <= h->m; i++)
        x[0] -= x[i];
}

static void begin(vouch_latent_view *v)
{
    const int64_t n = v->problem->dimension;
    const hull h = hull_of(v);
    if (v->count == 0)
        return;
    const double *first = vouch_latent_prototype(v, v->given[0]);
    const double d = vouch_latent_observed(v, v->given[0]);
    double right = 0;
    for (int64_t i = 0; i < h.m; i++) {
        double *edge = h.edge + i * n;
        const double *p = vouch_latent_prototype(v, v->given[i + 1]);
        for (int64_t k = 0; k < n; k++)
            edge[k] = p[k] - first[k];
        h.share[i] = h.along[i] =
            0.5 * (d - vouch_latent_observed(v, v->given[i + 1]) + dot(n, edge, edge));
    }
    factorise(&h, n);
    solve(&h, h.share);
    right = dot(h.m, h.share, h.along);
    *h.squared_radius = fmax(d - right, 0);
    memcpy(h.centre, first, (size_t)n * sizeof *first);
    for (int64_t i = 0; i < h.m; i++)
        for (int64_t k = 0; k < n; k++)
            h.centre[k] += h.share[i] * h.edge[i * n + k];
    spread(&h, 1, h.share);
}

/* |v|^2, with b into h->along. */
static double across(const vouch_latent_view *v, const hull *h)
{
    const int64_t n = v->problem->dimension;
    const double *p = vouch_latent_prototype(v, v->prototype);
    double sum = 0;
    for (int64_t i = 0; i < h->m; i++)
        h->along[i] = dot(n, h->edge + i * n, p) - dot(n, h->edge + i * n, h->centre);
    solve(h, h->along);
    for (int64_t k = 0; k < n; k++) {
        double rest = p[k] - h->centre[k];
        for (int64_t i = 0; i < h->m; i++)
            rest -= h->along[i] * h->edge[i * n + k];
        sum += rest * rest;
    }
    spread(h, 0, h->along);
    return sum;
}

static void bound(vouch_latent_view *v)
{
    if (v->count == 0)
        return;
    const hull h = hull_of(v);
    const double apart = sqrt(across(v, &h)), radius = sqrt(*h.squared_radius);
    const double t = apart / fmax(radius, 1e-9 * (1 + apart));
    for (int64_t j = 0; j < v->count; j++)
        v->lambda[j] = (t - 1) * h.share[j] - h.along[j];
    vouch_latent_try(v, 1);
    for (int64_t j = 0; j < v->count; j++)
        v->lambda[j] = (t + 1) * h.share[j] + h.along[j];
    vouch_latent_try(v, -1);
}

const vouch_latent_bounding vouch_latent_spheres = {
    .name = "spheres",
    .summary = "the sphere in which the spheres of all given distances meet",
    .citation = "ours",
    .room = room,
    .begin = begin,
    .bound = bound,
};
