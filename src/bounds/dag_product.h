/* Planes of the products of one node (dag_product.c). */
#ifndef VOUCH_BOUNDS_DAG_PRODUCT_H
#define VOUCH_BOUNDS_DAG_PRODUCT_H

#include "bounds/dag_priv.h"

/* Lower or upper planes: of product k  left[k] a + right[k] b + offset[k];  of output i the sums over
 * its products: of offsets, of their magnitudes, and of |left| X_a + |right| X_b. */
typedef struct vouch_dag_side {
    double *left, *right, *offset; /* [products] */
    vouch_walk_sums *sums;         /* [count] */
} vouch_dag_side;

typedef struct vouch_dag_planes {
    const vouch_dag *dag;
    const vouch_walk_kernels *kernel;
    int node;
    vouch_dag_side side[2]; /* below, above */
} vouch_dag_planes;

/* Room on the scratch arena. */
vouch_status vouch_dag_planes_new(vouch_dag_worker *w, int n, vouch_dag_planes *planes);
/* Makes the planes of output i, of one side, on the row's intervals and with its mixes. */
void vouch_dag_planes_make(const vouch_dag_planes *planes, const vouch_dag_row *row, int64_t i,
                           bool above);
/* Have all rows of the walk the same planes, and is it worth making both sides of them? */
bool vouch_dag_planes_shared(const vouch_dag_walk *walk);
/* Adds to left and right, coefficients of the two inputs, what one row, lambda at the outputs,
 * brings. sums: what the constant gets, its magnitudes, and what rounding can reach. */
void vouch_dag_planes_pass(const vouch_dag_planes *planes, const double *lambda, double *left,
                           double *right, vouch_walk_sums *sums);

#endif
