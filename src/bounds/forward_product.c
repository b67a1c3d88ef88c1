/* Forward linear forms through products: y_i = sum over some pairs of u v.
 *
 * With the centres and radii of the factors' intervals, u = c +- p and v = d +- q,
 *
 *     u v = d u + c v - c d + (u - c)(v - d),      |(u - c)(v - d)| <= p q,
 *
 * so the forms M, D and r of u and v give those of the product, c and d taking the part of an
 * affine node's coefficients. A factor that is constant on the box (q = 0) loses nothing: masks
 * and one-hot rows that a property fixes. [Affine arithmetic's product, Stolfi and de Figueiredo
 * 1997, sec. 3; DeepZ, Singh 2018.]
 *
 * Where p q outweighs what the factors' own widths make, |d| p + |c| q, the form says little, and
 * the scalar is its interval.
 *
 * Rounding: with n products a coefficient is off by less than 3 n + 6 roundings of the sum of
 * |d| (|M_u| + |D_u|) + |c| (|M_v| + |D_v|) (and |c d|, in the constant), in the middle and in the difference; both go to the
 * radius, as for curves.
 */
#include "bounds/bounds_priv.h"

typedef struct factors {
    int which[2];         /* values */
    int64_t count[2], to; /* scalars of each; of the product */
    double *size[2];      /* s of each scalar */
    vouch_product *pair;
    double tiny;       /* underflow of one product's coefficients */
    double lost, kept; /* of the scalar at hand: sums of p q, and of |d| p + |c| q */
} factors;

/* to += by * from, scalar by scalar in all variables. */
static void add_form(const vouch_form *from, int64_t from_count, int64_t j, double by,
                     const vouch_form *to, int64_t to_count, int64_t i)
{
    for (int64_t k = 0; k <= from->variables; k++)
        to->middle[k * to_count + i] += by * from->middle[k * from_count + j];
    for (int64_t k = 0; from->spread && k < from->variables; k++)
        to->spread[k * to_count + i] += fabs(by) * from->spread[k * from_count + j];
}

static void add_product(const vouch_forward *f, factors *p, const vouch_product *pair,
                        double gamma, const vouch_form *to, int64_t i)
{
    const int64_t at[2] = {pair->left, pair->right};
    double centre[2], radius[2], error = p->tiny;

    for (int w = 0; w < 2; w++)
        centre[w] = vouch_centre(f->pass.bounds->low[p->which[w]][at[w]],
                                 f->pass.bounds->high[p->which[w]][at[w]], &radius[w]);
    for (int w = 0; w < 2; w++) {
        const vouch_form *from = &f->form[p->which[w]];
        double by = centre[1 - w];

        add_form(from, p->count[w], at[w], by, to, p->to, i);
        error += fabs(by) * (from->radius[at[w]] + 2 * gamma * p->size[w][at[w]]);
    }
    to->middle[i] -= centre[0] * centre[1];
    error += 2 * gamma * fabs(centre[0] * centre[1]) + radius[0] * radius[1];
    to->radius[i] = vouch_up(to->radius[i] + vouch_inflate(error, 8));
    p->lost += radius[0] * radius[1];
    p->kept += fabs(centre[0]) * radius[1] + fabs(centre[1]) * radius[0];
}

static void multiply_all(vouch_forward *f, int node, factors *p)
{
    const vouch_node *n = &f->pass.graph->node[node];
    double gamma = 0;
    int64_t last = -1;

    for (int64_t i = 0; i < p->to; i++) {
        int64_t pairs = n->op->products(f->pass.graph, n, i, p->pair);

        if (pairs != last) /* a division, and mostly the same */
            gamma = vouch_gamma64(3 * pairs + 6);
        last = pairs;
        p->lost = p->kept = 0;
        for (int64_t k = 0; k < pairs; k++)
            add_product(f, p, &p->pair[k], gamma, &f->form[n->output[0]], i);
        if (!(p->lost <= p->kept))
            vouch_forward_reset(f, n->output[0], i);
    }
}

static int64_t most_pairs(const vouch_forward *f, const vouch_node *n, int64_t count)
{
    int64_t most = 0;

    for (int64_t i = 0; i < count; i++) {
        int64_t pairs = n->op->products(f->pass.graph, n, i, NULL);

        most = pairs > most ? pairs : most;
    }
    return most;
}

vouch_status vouch_forward_product(vouch_forward *f, int node)
{
    const vouch_node *n = &f->pass.graph->node[node];
    const vouch_form *left = &f->form[n->input[0]], *right = &f->form[n->input[1]];
    int64_t variables = left->variables > right->variables ? left->variables : right->variables;
    int y = n->output[0];
    factors p = {.which = {n->input[0], n->input[1]}, .to = vouch_forward_count(f, y)};

    if (!n->op->products || !left->middle || !right->middle || variables == 0 ||
        !vouch_forward_fits(f, variables, p.to))
        return vouch_forward_interval(f, y);
    VOUCH_TRY(vouch_forward_new_form(f, y, variables, left->spread || right->spread));
    p.pair = VOUCH_NEW_ARRAY(f->pass.arena, vouch_product, most_pairs(f, n, p.to) + 1);
    if (!p.pair)
        return VOUCH_ERR_MEMORY;
    p.tiny = 16 * DBL_MIN;
    for (int64_t k = 0; k < variables; k++)
        p.tiny += 16 * DBL_MIN * f->scale[k];
    for (int w = 0; w < 2; w++) {
        p.count[w] = vouch_forward_count(f, p.which[w]);
        p.size[w] = vouch_pool_take(&f->pool, p.count[w]);
        if (!p.size[w])
            return VOUCH_ERR_MEMORY;
        vouch_forward_sizes(f, p.which[w], p.size[w]);
    }
    multiply_all(f, node, &p);
    for (int w = 0; w < 2; w++)
        vouch_pool_give(&f->pool, p.size[w]);
    return VOUCH_OK;
}
