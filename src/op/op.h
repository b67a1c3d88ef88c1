/* Operators: one descriptor each, one file per family, one line in op.def.
 *
 * The bounds engine never asks which operator a node is. It asks for its class, and uses the
 * few functions of that class:
 *
 *   AFFINE    y = A x + b in the inputs that vary (the constant ones being part of A and b).
 *             Conv, Gemm, Add, Reshape, Slice ... Gives `linear`: products with A, |A|, A^T.
 *   POINTWISE y_i = f(x_i), a curve. Relu, Sigmoid ... Gives `curve`: two lines around f.
 *   BILINEAR  products of two varying values.    MAX  greatest of several.
 *   SELECT, STEP, COMPOSITE, OPAQUE as in the design.
 *
 * Whatever its class, an operator gives `range`: a sound interval of its outputs for intervals
 * of its inputs. That alone makes it sound in every domain; the others only tighten.
 *
 * Sound means: over the reals, for the weights as stored, rounding of our own arithmetic
 * included (num/round.h).
 */
#ifndef VOUCH_OP_OP_H
#define VOUCH_OP_OP_H

#include "graph/graph.h"
#include "num/walk.h"
#include "op/patch.h"

struct vouch_op_expansion;

typedef enum vouch_op_class {
    VOUCH_OP_AFFINE = 1,
    VOUCH_OP_POINTWISE,
    VOUCH_OP_BILINEAR,
    VOUCH_OP_MAX,
    VOUCH_OP_SELECT,
    VOUCH_OP_STEP,
    VOUCH_OP_COMPOSITE,
    VOUCH_OP_OPAQUE
} vouch_op_class;

/* A slice at a computed place may have fewer elements than its shape says (op/slice.c): its value
 * is partial, and so is what is computed from it. Which nodes may read a partial value that
 * varies? Refused otherwise, and for the network's outputs. */
typedef enum vouch_partial {
    VOUCH_PARTIAL_REFUSED,
    VOUCH_PARTIAL_CARRIED, /* moves elements, missing ones too */
    VOUCH_PARTIAL_SKIPPED  /* knows a missing element; the output is whole again (ScatterND) */
} vouch_partial;

/* One application of a node to tensors. in[i] follows node->input (NULL where left out),
 * out[i] follows node->output (NULL where left out, otherwise allocated with shape and dtype).
 * Float inputs have the dtype of the outputs, but constants may come as stored (operators
 * convert where they need to), so that a network's weights are never copied as a whole. */
typedef struct vouch_op_call {
    vouch_context *ctx;
    vouch_arena *scratch; /* reset by the caller afterwards */
    const vouch_graph *graph;
    const vouch_node *node;
    const vouch_tensor *const *in;
    vouch_tensor *const *out;
} vouch_op_call;

/* What `linear` computes. A is the node's matrix from the varying input `which` to output 0,
 * b its offset, which holds the contribution of every constant input; all tensors float64.
 *
 * Rounding. With t = op->terms(graph, node), u, eta and gamma_t of num/round.h, elementwise:
 *
 *     PLAIN, TRANSPOSED       |out - exact|  <=  gamma_t (|A| |x|) + t eta
 *     ABS, ABS_TRANSPOSED     exact  <=  out (1 + gamma_t) + t eta        for x >= 0
 *     OFFSET                  |out - b|  <=  gamma_t |b|abs + t eta
 *     ABS_OFFSET              |b|abs  <=  out (1 + gamma_t) + t eta
 *
 * where exact is the real result for the weights as stored and |b|abs the sum of the magnitudes
 * of b's terms. t counts every rounding on the way from stored weights to the result: products,
 * sums in either direction, divisions by a count, and the roundings of coefficients that have
 * no exact double (BatchNormalization's scale / sqrt(var + eps)). t == 0 means that nothing
 * rounds: A has entries 0, 1, -1, at most one in each row and column, and b is exact. */
typedef enum vouch_linear_mode {
    VOUCH_LINEAR_PLAIN,      /* out = A x                      */
    VOUCH_LINEAR_ABS,        /* out = |A| x                    */
    VOUCH_LINEAR_OFFSET,     /* out = b       (x is not read)  */
    VOUCH_LINEAR_ABS_OFFSET, /* out = |b| as a sum of magnitudes of its terms (x is not read) */
    VOUCH_LINEAR_TRANSPOSED, /* x-shaped out = A^T y          */
    VOUCH_LINEAR_ABS_TRANSPOSED /* x-shaped out = |A|^T y        */
} vouch_linear_mode;

typedef struct vouch_linear_call {
    vouch_context *ctx;
    vouch_arena *scratch;
    const vouch_graph *graph;
    const vouch_node *node;
    int which; /* index into node->input of the varying input */
    vouch_linear_mode mode;
    int64_t batch;    /* independent vectors, the outermost dimension of in and out */
    const double *in; /* [batch][count of x or of y] */
    double *out;      /* [batch][count of y or of x], overwritten */
    /* TRANSPOSED, of operators that give `patch`: in is this patch of y, zero elsewhere, and out
     * that patch of x, the one that `patch` names. NULL: the whole values. */
    const vouch_patch *patch_y, *patch_x;
    /* TRANSPOSED, of operators that give `picks`: only these elements of x, side by side. NULL: all
     * of them. */
    const int64_t *pick;
    int64_t pick_count;
} vouch_linear_call;

/* A line y = slope * x + offset. */
typedef struct vouch_line {
    double slope, offset;
} vouch_line;

/* Two lines around a curve on [low, high]: lower(x) <= f(x) <= upper(x) over the reals. */
typedef struct vouch_relaxation {
    vouch_line lower, upper;
} vouch_relaxation;

/* Several sound lines a side. Any convex combination of two sound lines is sound: the optimised
 * bounds search among the combinations of neighbours in the list, which should therefore be in
 * order of slope (Relu, lower: slope 0, slope 1). `start` is where that search begins: 0 the
 * first line, 1 the second, 1.5 half way between the second and the third. */
enum { VOUCH_LINES_MAX = 3 };
typedef struct vouch_lines {
    int count;
    vouch_line line[VOUCH_LINES_MAX];
    double start;
} vouch_lines;

/* One product of a BILINEAR node: element `left` of input 0 times element `right` of input 1. */
typedef vouch_walk_pair vouch_product;

typedef struct vouch_op {
    const char *name;     /* ONNX operator type, "Conv" */
    const char *summary;  /* one line for `vouch list operators` */
    const char *citation; /* "ONNX Conv-11" and, for relaxations, the paper */
    vouch_op_class op_class;
    int since, until; /* opsets whose meaning of the operator we implement (inclusive) */

    /* Checks attributes and input shapes, sets dtype and shape of the outputs (node->output)
     * and may return derived state (kept in graph->arena). Error texts through vouch_node_fail.
     */
    vouch_status (*prepare)(vouch_context *ctx, vouch_graph *graph, vouch_node *node,
                            const void **state);

    /* Evaluates with the dtype of out[0] (float32 or float64; int64, bool where it applies). */
    vouch_status (*eval)(const vouch_op_call *call);

    /* Vector-Jacobian product, float64 or float32: given in, out (values), d_out, adds to
     * d_in[i] (NULL where not wanted). NULL = not differentiable. */
    vouch_status (*grad)(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in);

    /* float64: low[i] <= in[i] <= high[i] elementwise; writes sound bounds of the outputs.
     * Constant inputs have low == high (same tensor). NULL only for AFFINE operators that give
     * `linear` (then the engine computes the range from it, rounding included). */
    vouch_status (*range)(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high);

    /* AFFINE: is the node affine in the inputs marked varying (varying[value index], as of
     * vouch_op_varying)? NULL = always. For Mul: only if one factor is constant; otherwise the
     * engine treats the node as `otherwise`. So with another class, for "is it of its class"
     * (Pow is a curve only if its exponent is one constant). */
    bool (*is_affine)(const vouch_graph *graph, const vouch_node *node, const bool *varying);
    vouch_op_class otherwise;
    vouch_status (*linear)(const vouch_linear_call *call);
    /* AFFINE, optional: the patch of input `which` that the patch y of the output depends on.
     * False where the two are no images, or no smaller patch is known. */
    bool (*patch)(const vouch_graph *graph, const vouch_node *node, int which,
                  const vouch_patch *y, vouch_patch *x);
    /* AFFINE, optional: can `linear` pick elements of input `which`? */
    bool (*picks)(const vouch_graph *graph, const vouch_node *node, int which);
    /* AFFINE: the t of vouch_linear_mode's error bounds; 0 where nothing rounds. */
    int64_t (*terms)(const vouch_graph *graph, const vouch_node *node);
    /* AFFINE, optional: are all entries of A and b stored numbers (their negatives, 0 or 1), so
     * that `linear` on a basis vector, and OFFSET, return them exactly? (Gemm: alpha and beta
     * 1; not a mean, not a quotient.) Exact rational evaluation rests on it. NULL = no. */
    bool (*exact)(const vouch_graph *graph, const vouch_node *node);

    /* POINTWISE (input 0, other inputs constant): sound lines around the curve on [low, high].
     */
    vouch_status (*relax)(const vouch_graph *graph, const vouch_node *node, double low,
                          double high, vouch_relaxation *out);
    /* POINTWISE and STEP, optional: the families of lines below and above the curve on
     * [low, high], low < high, both finite. NULL: the two of `relax`. */
    vouch_status (*lines)(const vouch_graph *graph, const vouch_node *node, double low,
                          double high, vouch_lines *below, vouch_lines *above);
    /* POINTWISE and STEP, optional: where branch and bound best cuts [low, high]; strictly
     * inside, or NaN where cutting would not help (Relu on a side of 0). NULL: the middle. */
    double (*split_point)(const vouch_graph *graph, const vouch_node *node, double low,
                          double high);
    /* STEP with `relax`, which never falls and jumps at doubles only: its value at x (side 0), or
     * beside x on the right (1) or left (-1): what it takes on (x, x + e) for a small e. Where
     * that is not known, the value at x, which is below on the right and above on the left. A
     * branch z > p asks for it. */
    double (*limit)(const vouch_graph *graph, const vouch_node *node, double x, int side);
    /* POINTWISE: range of the derivative on [low, high], outward (for gradient smear). */
    void (*slopes)(const vouch_graph *graph, const vouch_node *node, double low, double high,
                   double *slope_low, double *slope_high);
    /* POINTWISE, optional: piecewise linear? Fills breakpoints and returns how many (Relu: 1).
     * Pieces between them are exact lines; NULL = not piecewise linear. */
    int (*pieces)(const vouch_graph *graph, const vouch_node *node, double breakpoint[4],
                  vouch_line piece[5]);

    /* MAX: output i is the greatest of which elements of input 0? Fills element (if not NULL,
     * with room for what a call with NULL returned) and returns how many. */
    int64_t (*window)(const vouch_graph *graph, const vouch_node *node, int64_t i,
                      int64_t *element);

    /* BILINEAR: output i is the sum of which products? Fills product (if not NULL, with room for
     * what a call with NULL returned) and returns how many. */
    int64_t (*products)(const vouch_graph *graph, const vouch_node *node, int64_t i,
                        vouch_product *product);

    /* Optional: the same real function as simpler nodes, for bounds only (lower/decompose.h):
     * evaluation keeps the node. As `expand`, called after binding, and only where an input
     * varies. A hook that adds nothing leaves the node as it is (Mul does but for x * x). */
    vouch_status (*decompose)(vouch_context *ctx, vouch_graph *graph, const vouch_node *node,
                              struct vouch_op_expansion *into);

    /* Optional: the node is replaced at binding by simpler ones (Split by Slices), given to
     * vouch_op_expansion_add. Called after prepare; such operators need no eval. */
    vouch_status (*expand)(vouch_context *ctx, vouch_graph *graph, const vouch_node *node,
                           struct vouch_op_expansion *into);

    vouch_partial partial;
    bool takes_infinity; /* infinite constants are fine (limits of Clip); NaN never is */
} vouch_op;

/* The table, NULL-terminated; order of op.def. */
const vouch_op *const *vouch_op_table(void);
/* By ONNX type and opset, or NULL. */
const vouch_op *vouch_op_find(const char *type, int64_t opset);

/* Attaches operators, infers shapes, folds constants. Symbolic or unknown leading dimensions of
 * inputs become 1. Errors name node and operator.
 *
 * Afterwards every node has operator, state and shapes; nodes whose outputs were folded are
 * gone (a folded value is an exact real number: nodes on constants that would round stay, and
 * their outputs count as varying, with an interval for a value); nodes with `expand` are gone
 * too. */
vouch_status vouch_op_bind_graph(vouch_context *ctx, vouch_graph *graph);
/* Appends a node in place of the one being expanded (arrays in graph->arena). */
vouch_status vouch_op_expansion_add(struct vouch_op_expansion *into, const vouch_node *node);
/* Replaces the nodes of a bound graph by their decompositions, in place, until none is left
 * (lower/decompose.h). New nodes are read as of the graph's opset, which must be 13 to 22. */
vouch_status vouch_op_decompose_nodes(vouch_context *ctx, vouch_graph *graph);

/* Evaluates the whole graph in dtype (VOUCH_F32 or VOUCH_F64); input and output are flat, in
 * the order of graph->input / graph->output, concatenated, as doubles. */
vouch_status vouch_op_eval_graph(vouch_context *ctx, const vouch_graph *graph,
                                 vouch_dtype dtype, const double *input, double *output);

/* The same many times over: buffers are planned once, dead values' memory is reused within a
 * run, and a run allocates nothing lasting. For one thread at a time. NULL: out of memory. */
typedef struct vouch_evaluator vouch_evaluator;
vouch_evaluator *vouch_evaluator_new(vouch_context *ctx, const vouch_graph *graph,
                                     vouch_dtype dtype);
vouch_status vouch_evaluator_run(vouch_evaluator *e, const double *input, double *output);
void vouch_evaluator_free(vouch_evaluator *e); /* NULL is fine */

/* Sound outputs for interval inputs, by the operator's `range` or, for affine nodes without
 * one, by `linear` (midpoint and radius, rounding included). Arguments as of `range`, but
 * constants may come as stored. */
vouch_status vouch_op_range(const vouch_op_call *call, const vouch_tensor *const *low,
                            const vouch_tensor *const *high, vouch_tensor *const *out_low,
                            vouch_tensor *const *out_high);

/* Sum of element counts of the graph's inputs / outputs. */
int64_t vouch_op_input_size(const vouch_graph *graph);
int64_t vouch_op_output_size(const vouch_graph *graph);

/* Is value v not a known constant; fills varying[value_count]. */
void vouch_op_varying(const vouch_graph *graph, bool *varying);
/* The class the engine must use for this node, given which values vary. OPAQUE for nodes on
 * constants alone (those that binding could not fold exactly). */
vouch_op_class vouch_op_node_class(const vouch_graph *graph, const vouch_node *node,
                                   const bool *varying);

#endif
