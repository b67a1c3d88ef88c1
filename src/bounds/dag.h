/* The DAG engine: lower bounds of an unsafe case on any network, under splits of its scalars.
 *
 * Problem: is there a point of a box whose rows r_1(x, y) <= 0, ..., r_m(x, y) <= 0 all hold,
 * given decisions "scalar z_j <= p" or ">= p" about inputs and about scalars inside the network?
 *
 * Method: any w >= 0, sum w = 1, and any multipliers b_j >= 0 give
 *
 *     max_i r_i  >=  sum_i w_i r_i  >=  sum_i w_i r_i + sum_j b_j s_j (z_j - p_j)
 *
 * on the subproblem (s_j = 1 for <=, -1 for >=), and the right side is bounded from below by one
 * walk backwards through the network in which every nonlinear node is replaced by planes. Where
 * several planes are sound so is any mix of them; mixes, multipliers and weights are optimised
 * by projected gradient, with analytic derivatives at the minimiser [Xu 2021 (alpha-CROWN), Wang
 * 2021 (beta-CROWN), here for every class of node]. The optimisation may round as it likes: its
 * result is only a choice, and the last walk, with that choice, accounts for all rounding.
 *
 * A *neuron* is a scalar read by a nonlinear node. Neurons are numbered 0 .. neuron_count - 1;
 * the inputs follow as neuron_count .. neuron_count + input_size - 1, so that an input cut and
 * an activation split are the same thing: a decision.
 *
 * All bounds hold over the reals. Results do not depend on which worker computed them, nor on
 * what else was in the call.
 */
#ifndef VOUCH_BOUNDS_DAG_H
#define VOUCH_BOUNDS_DAG_H

#include "bounds/engine.h"

typedef struct vouch_dag vouch_dag;               /* immutable once open, shared by workers */
typedef struct vouch_dag_worker vouch_dag_worker; /* buffers of one thread */

typedef struct vouch_dag_settings {
    int root_steps;   /* gradient steps for every neuron of a root; 0 = none */
    int64_t cells;    /* doubles a chunk of rows may use */
    double root_work; /* multiply-adds that walks of neurons may take in one analysis */
    double
        hull_work; /* the same, of the hull's, of a network of at most hull_neurons neurons */
    int64_t hull_neurons;
    int threads; /* of the hull's analysis; 0 = 1 */
} vouch_dag_settings;

/* z <= point (upper) or z >= point; open: without the point itself. At a jump the two children of
 * a split are  z <= p  and  z > p  (or  z < p  and  z >= p ), so that the step is decided in both;
 * all else takes an open end for a closed one, which is sound. */
typedef struct vouch_decision {
    int32_t neuron;
    bool upper;
    double point;
    bool open;
} vouch_decision;

/* Where a neuron is best cut, and which child does not hold the point: the upper decision's
 * (z < p), the lower one's (z > p), or neither. */
typedef enum vouch_cut_side {
    VOUCH_CUT_CLOSED,
    VOUCH_CUT_BELOW,
    VOUCH_CUT_ABOVE
} vouch_cut_side;
typedef struct vouch_split_point {
    double at; /* NaN: a cut would not help */
    vouch_cut_side open;
} vouch_split_point;

/* Sound intervals on a subproblem; reference counted, immutable once made. */
typedef struct vouch_dag_intervals vouch_dag_intervals;

/* One case of the task on one subproblem. */
typedef struct vouch_dag_job {
    const vouch_dag_intervals *at;
    int which_case;
    int decision_count; /* those that take multipliers; decisions on inputs may be left out */
    const vouch_decision *decision;
    /* Where to start from; NULL = defaults. */
    const uint8_t *warm;      /* [vouch_dag_mix_count]: mixes of the parent, in 255ths */
    const float *warm_beta;   /* [decision_count] */
    const float *warm_weight; /* [rows of the case] */
    bool only_lower;          /* nothing but lower and proved is wanted: cheaper */
    bool only_form;   /* of the answer also point, form and offset, but no scores and slopes */
    bool to_the_end;  /* all steps, also once proved */
    bool spread;      /* input scores count what the inputs have to do with the neurons' */
    bool spread_hull; /* the same, as if each input had its extent in the hull */
    bool clip;        /* also shrink the box by the half-spaces of the case's rows */
    int steps;        /* gradient steps at most; 0: one plain walk */
} vouch_dag_job;

typedef struct vouch_dag_answer {
    double
        lower; /* > 0 (>= 0 for a strict row met) proves the case impossible here; +inf: empty */
    bool proved;   /* that test */
    double *point; /* [input_size]: minimiser of the form on the box, a candidate */
    double *form;  /* [input_size]; sum_i w_i r_i >= form . x + offset on the subproblem */
    double offset;
    double *score; /* [neuron_count + input_size]: how much of the bound relaxing each neuron
                       (and the extent of each input) costs, >= 0; 0 = a split would not help */
    double *slope; /* [neuron_count]: coefficient of the neuron in the walk (lambda) */
    uint8_t *mix;  /* [vouch_dag_mix_count]: the best mixes found */
    float *beta;   /* [decision_count] */
    float *weight; /* [rows of the case], sum 1 */
    double *low, *high; /* [input_size]: what is left of the box; NULL where nothing was cut off
                           (and where clipping was not asked for). Nothing left: proved */
} vouch_dag_answer;

/* Prepares task->graph (any bound graph) on the task's hull. Decomposes composite operators
 * (lower/decompose.h). */
vouch_status vouch_dag_open(vouch_context *ctx, const vouch_task *task,
                            const vouch_dag_settings *settings, vouch_dag **dag);
void vouch_dag_close(vouch_context *ctx, vouch_dag *dag);
int64_t vouch_dag_neuron_count(const vouch_dag *dag);
/* The network as it is bounded, composites decomposed; and the first neuron of a value of it
 * (those of its other scalars follow), -1 where it has none. */
const vouch_graph *vouch_dag_graph(const vouch_dag *dag);
int64_t vouch_dag_neuron(const vouch_dag *dag, int value);
int64_t vouch_dag_mix_count(const vouch_dag *dag);
/* Has it nodes whose bounds may gain from smaller inputs though no neuron does: those without
 * lines, and steps? */
bool vouch_dag_is_ragged(const vouch_dag *dag);
/* Multiply-adds of one backward walk of one row: the unit of cost. */
double vouch_dag_cost(const vouch_dag *dag);
/* Where neuron j (or input) is best cut on its interval. */
vouch_split_point vouch_dag_split_point(const vouch_dag *dag, const vouch_dag_intervals *at,
                                        int64_t j);

vouch_status vouch_dag_worker_new(vouch_context *ctx, const vouch_dag *dag,
                                  vouch_dag_worker **worker);
void vouch_dag_worker_free(vouch_context *ctx, vouch_dag_worker *worker);

/* Intervals of every neuron on a box inside the hull, from scratch: intervals, forward forms
 * where inputs are few, backward walks for what is still unstable. *at NULL: the box is empty. */
vouch_status vouch_dag_root(vouch_dag_worker *worker, const double *low, const double *high,
                            vouch_dag_intervals **at);
/* The same for several boxes at once, which is cheaper: at[count]. */
vouch_status vouch_dag_roots(vouch_dag_worker *worker, int count, const double *const *low,
                             const double *const *high, vouch_dag_intervals **at);
/* What a child's intervals may cost: as much as `walks` walks through the whole network; 0: none.
 * score: [neuron_count], the walks go to the neurons with most of it for their cost, none to those
 * with 0; NULL = all alike. */
typedef struct vouch_dag_effort {
    int64_t walks;
    const double *score;
    int threads; /* 0 = 1; changes no result */
} vouch_dag_effort;
/* The parent's intervals with some decisions met. If effort->walks > 0 they are carried forward,
 * by interval arithmetic and by walks of unstable neurons. *at NULL: contradiction, the subproblem
 * is empty. */
vouch_status vouch_dag_narrow(vouch_dag_worker *worker, const vouch_dag_intervals *parent,
                              int decision_count, const vouch_decision *decision,
                              const vouch_dag_effort *effort, vouch_dag_intervals **at);
void vouch_dag_intervals_hold(vouch_dag_intervals *at);
void vouch_dag_intervals_drop(vouch_context *ctx, vouch_dag_intervals *at); /* NULL is fine */
const double *vouch_dag_low(const vouch_dag_intervals *at); /* [neuron_count + input_size] */
const double *vouch_dag_high(const vouch_dag_intervals *at);
size_t vouch_dag_intervals_bytes(const vouch_dag_intervals *at);

/* Bounds count jobs at once. answer[i]'s arrays live until the worker's next call. */
vouch_status vouch_dag_bound(vouch_dag_worker *worker, int count, const vouch_dag_job *job,
                             vouch_dag_answer *answer);

#endif
