/* Latent explanations of networks with prototypes: which similarities decide.
 *
 * Problem: an encoder gives each input a latent map z of L components, the head compares each with
 *            prototypes p_j,  D_lj = |z_l - p_j|^2,  a_j = max_l s(D_lj),  s falling,
 *            and judges       f_k = sum_j w_kj a_j + b_k.
 *          A set E of pairs (l, j) explains class c at a point if every latent map of the domain
 *          whose distances D_lj, (l, j) in E, are as observed there has class c. It is an abductive
 *          explanation whose words are "this part looks that much like that prototype".
 * Method:  bounds of all other distances from those of E and the domain (latent_bound.h); they give
 *          bounds of the a_j and of f_c - f_k. E grows, component by component and the nearest
 *          prototypes first, until every rival is beaten; then pairs are left out again as long as it
 *          stays so. All arithmetic rounds outward.
 *
 * What was left out last cannot be missed: with any single pair less the bounds do not prove the
 * class. Where bounds only loosen with fewer pairs that makes E subset-minimal for them.
 *
 * Source: Soria, Chihani, Girard-Satabin, Grastien, Xu-Darme, Cancila 2026, "Formal abductive latent
 * explanations for prototype-based networks" (arXiv 2511.16588).
 */
#ifndef VOUCH_EXPLAIN_LATENT_H
#define VOUCH_EXPLAIN_LATENT_H

#include "base/arena.h"
#include "op/span.h"

/* The head of a network, and latent maps at a point. Arrays belong to the caller. */
typedef struct vouch_latent_problem {
    int64_t components, dimension, prototypes, classes;
    const double *prototype;   /* [prototypes][dimension], numbers of float32 */
    const double *low, *high;  /* [components][dimension]: the domain, ends perhaps infinite */
    const vouch_span *squared; /* [components][prototypes]: distances, squared, as observed */
    double offset[2], factor;  /* s(D) = log(factor / (D + offset[0]) + offset[1]), all > 0 */
    const double *weight;      /* [classes][prototypes] */
    const double *bias;        /* [classes] */
    int label;
} vouch_latent_problem;

struct vouch_latent_bounding;

typedef struct vouch_latent_explanation {
    bool *given;      /* [components][prototypes]: E */
    int64_t count;    /* pairs of it */
    int64_t grown;    /* before pairs were left out again */
    int64_t whole;    /* prototypes of which all components are given */
    bool is_entailed; /* it is an explanation; else even all distances do not prove the class */
    double margin;    /* proved: at most f_c - f_k, for every rival k */
    int64_t questions; /* sets that bounds were made of */
    double cpu_s;
} vouch_latent_explanation;

/* In the arena. */
vouch_status vouch_latent_explain(vouch_context *ctx, vouch_arena *arena,
                                  const vouch_latent_problem *problem,
                                  const struct vouch_latent_bounding *bounding,
                                  vouch_latent_explanation *explanation);
/* What that set proves: the least f_c - f_k over rivals k, rounded down. */
vouch_status vouch_latent_margin(vouch_arena *arena, const vouch_latent_problem *problem,
                                 const struct vouch_latent_bounding *bounding,
                                 const bool *given, double *margin);

#endif
