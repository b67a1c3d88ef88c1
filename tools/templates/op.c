/* @NAME@: ONE SENTENCE, the formula included.
 *
 * Steps for a new operator (delete each as you finish it):
 *   1. Read its page of the ONNX operator reference: inputs, attributes, opsets, broadcasting.
 *   2. Choose the class (op/op.h). This template is a POINTWISE operator computing y = x.
 *      Of another class: give the functions that class uses, leave the rest out.
 *   3. prepare: check attributes and shapes, set dtype and shape of every output.
 *   4. eval: values as ONNX defines them.
 *   5. range: sound interval outputs, rounding included (num/round.h). This alone makes the
 *      operator sound in every domain; what follows only tightens.
 *   6. relax, slopes, pieces (pointwise) or linear, terms (affine); grad where differentiable.
 *   7. make test ARGS='-L conformance' checks all of it on random shapes and intervals.
 *
 * SPEC: ONNX @NAME@-1
 */
#include "op/op.h"

/* Outputs have the type and shape of the input. */
static vouch_status prepare(vouch_context *ctx, vouch_graph *graph, vouch_node *node,
                            const void **state)
{
    if (node->input_count != 1 || node->output_count != 1)
        return vouch_node_fail(ctx, graph, node, VOUCH_ERR_SHAPE, "takes one input");
    const vouch_value *in = &graph->value[node->input[0]];
    vouch_value *out = &graph->value[node->output[0]];

    out->dtype = in->dtype;
    out->shape = in->shape;
    out->shape_known = in->shape_known;
    *state = NULL;
    return VOUCH_OK;
}

static vouch_status eval(const vouch_op_call *call)
{
    for (int64_t i = 0; i < call->out[0]->count; i++)
        vouch_tensor_set(call->out[0], i, vouch_tensor_get(call->in[0], i));
    return VOUCH_OK;
}

static vouch_status grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                         vouch_tensor *const *d_in)
{
    (void)call;
    for (int64_t i = 0; d_in[0] && i < d_in[0]->count; i++)
        vouch_tensor_set(d_in[0], i,
                         vouch_tensor_get(d_in[0], i) + vouch_tensor_get(d_out[0], i));
    return VOUCH_OK;
}

/* Exact for a copy. A computed value needs vouch_down below and vouch_up above. */
static vouch_status range(const vouch_op_call *call, const vouch_tensor *const *low,
                          const vouch_tensor *const *high, vouch_tensor *const *out_low,
                          vouch_tensor *const *out_high)
{
    (void)call;
    for (int64_t i = 0; i < out_low[0]->count; i++) {
        out_low[0]->f64[i] = low[0]->f64[i];
        out_high[0]->f64[i] = high[0]->f64[i];
    }
    return VOUCH_OK;
}

/* A line is chosen freely, then made valid: shift its offset until it is proved. */
static vouch_status relax(const vouch_graph *graph, const vouch_node *node, double low,
                          double high, vouch_relaxation *out)
{
    (void)graph, (void)node, (void)low, (void)high;
    out->lower = (vouch_line){.slope = 1, .offset = 0};
    out->upper = (vouch_line){.slope = 1, .offset = 0};
    return VOUCH_OK;
}

static void slopes(const vouch_graph *graph, const vouch_node *node, double low, double high,
                   double *slope_low, double *slope_high)
{
    (void)graph, (void)node, (void)low, (void)high;
    *slope_low = *slope_high = 1;
}

const vouch_op vouch_op_@NAME@ = {
    .name = "@NAME@",
    .summary = "ONE LINE FOR `vouch list operators`",
    .citation = "ONNX @NAME@-1",
    .op_class = VOUCH_OP_POINTWISE,
    .since = 2,
    .until = 22,
    .prepare = prepare,
    .eval = eval,
    .grad = grad,
    .range = range,
    .relax = relax,
    .slopes = slopes,
};
