/* Operators that only move data; see move.h. */
#include "op/move.h"

/* A map takes 8 bytes an element. */
static const int64_t MAP_LIMIT = (int64_t)1 << 27;

/* ---- planning ---------------------------------------------------------------------------- */

static vouch_move *new_move(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                            const vouch_shape *out)
{
    const vouch_value *x = vouch_op_in(g, node, 0);
    if (vouch_op_set_output(ctx, g, node, 0, x->dtype, out))
        return NULL;
    vouch_move *m = VOUCH_NEW(g->arena, vouch_move);
    if (!m) {
        vouch_op_no_memory(ctx);
        return NULL;
    }
    m->in_count = vouch_shape_count(&x->shape);
    m->out_count = vouch_shape_count(out);
    m->repeat = 1;
    return m;
}

vouch_status vouch_move_reshape(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                const vouch_shape *out, const void **state)
{
    vouch_move *m = new_move(ctx, g, node, out);
    *state = m;
    return m ? VOUCH_OK : vouch_context_status(ctx);
}

/* The greatest number of times an index occurs; where that is once, the map's inverse. */
static vouch_status find_uses(vouch_context *ctx, vouch_graph *g, vouch_move *m,
                              const int64_t *map)
{
    int64_t *seen = vouch_alloc(ctx, (size_t)(m->in_count + 1) * sizeof *seen);
    int64_t *use = VOUCH_NEW_ARRAY(g->arena, int64_t, m->in_count + 1);
    if (!seen || !use) {
        vouch_release(ctx, seen);
        return vouch_op_no_memory(ctx);
    }
    for (int64_t i = 0; i < m->in_count; i++)
        use[i] = -1;
    for (int64_t i = 0; i < m->out_count; i++) {
        if (map[i] < 0)
            continue;
        use[map[i]] = i;
        if (++seen[map[i]] > m->repeat)
            m->repeat = seen[map[i]];
    }
    m->use = m->repeat == 1 ? use : NULL;
    vouch_release(ctx, seen);
    return VOUCH_OK;
}

int64_t *vouch_move_ramp(const vouch_graph *g, int64_t count, int64_t start, int64_t step)
{
    int64_t *t = VOUCH_NEW_ARRAY(g->arena, int64_t, count + 1);
    for (int64_t i = 0; t && i < count; i++)
        t[i] = start + i * step;
    return t;
}

void vouch_move_strides(const vouch_shape *s, int64_t stride[VOUCH_RANK_MAX])
{
    int64_t step = 1;
    for (int i = s->rank - 1; i >= 0; i--) {
        stride[i] = step;
        step *= s->dim[i];
    }
}

vouch_status vouch_move_map(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                            const int64_t *map, const vouch_shape *out, double fill,
                            const void **state)
{
    vouch_move *m = new_move(ctx, g, node, out);
    *state = m;
    if (!m)
        return vouch_context_status(ctx);
    bool same = m->in_count == m->out_count; /* y = x as it lies */
    for (int64_t i = 0; same && i < m->out_count; i++)
        same = map[i] == i;
    if (same)
        return VOUCH_OK;
    m->map = map;
    m->fill = fill;
    return find_uses(ctx, g, m, map);
}

vouch_status vouch_move_axes_map(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                 const vouch_move_axes *axes, const vouch_shape *out,
                                 double fill, const void **state)
{
    const int64_t count = vouch_shape_count(out);
    if (count > MAP_LIMIT)
        return vouch_node_fail(ctx, g, node, VOUCH_ERR_LIMIT, "the output is too large");
    int64_t *map = VOUCH_NEW_ARRAY(g->arena, int64_t, count + 1);
    if (!map)
        return vouch_op_no_memory(ctx);
    int64_t at[VOUCH_RANK_MAX] = {0};
    for (int64_t i = 0; i < count; i++) {
        for (int d = 0; d < axes->out.rank && map[i] >= 0; d++) {
            const int64_t part = axes->table[d][at[d]];
            map[i] = part < 0 ? -1 : map[i] + part;
        }
        for (int d = axes->out.rank - 1; d >= 0 && ++at[d] == axes->out.dim[d]; d--)
            at[d] = 0;
    }
    return vouch_move_map(ctx, g, node, map, out, fill, state);
}

/* ---- values ------------------------------------------------------------------------------ */

#define COPY(T, name)                                                                          \
    static void name(const vouch_move *m, const T *x, T *y)                                    \
    {                                                                                          \
        for (int64_t i = 0; i < m->out_count; i++)                                             \
            y[i] = m->map[i] < 0 ? (T)m->fill : x[m->map[i]];                                  \
    }
COPY(float, copy_f32)
COPY(double, copy_f64)
COPY(int64_t, copy_i64)
COPY(unsigned char, copy_bool)

static void copy(const vouch_move *m, const vouch_tensor *x, vouch_tensor *y)
{
    if (!m->map) {
        memcpy(y->data, x->data, (size_t)m->out_count * vouch_dtype_size(y->dtype));
        return;
    }
    switch (y->dtype) {
    case VOUCH_F32:
        copy_f32(m, x->f32, y->f32);
        break;
    case VOUCH_F64:
        copy_f64(m, x->f64, y->f64);
        break;
    case VOUCH_I64:
        copy_i64(m, x->i64, y->i64);
        break;
    case VOUCH_BOOL:
        copy_bool(m, x->boolean, y->boolean);
        break;
    }
}

vouch_status vouch_move_eval(const vouch_op_call *call)
{
    const vouch_tensor *x = vouch_op_operand(call, 0, call->out[0]->dtype);
    if (!x)
        return vouch_op_no_memory(call->ctx);
    copy(call->node->state, x, call->out[0]);
    return VOUCH_OK;
}

vouch_status vouch_move_range(const vouch_op_call *call, const vouch_tensor *const *low,
                              const vouch_tensor *const *high, vouch_tensor *const *out_low,
                              vouch_tensor *const *out_high)
{
    const vouch_tensor *const from[2] = {low[0], high[0]};
    vouch_tensor *const to[2] = {out_low[0], out_high[0]};
    for (int side = 0; side < 2; side++) { /* a constant comes as stored */
        const vouch_tensor *x = from[side];
        if (x->dtype != to[side]->dtype)
            x = vouch_tensor_convert(call->scratch, x, to[side]->dtype);
        if (!x)
            return vouch_op_no_memory(call->ctx);
        copy(call->node->state, x, to[side]);
    }
    return VOUCH_OK;
}

vouch_status vouch_move_grad(const vouch_op_call *call, const vouch_tensor *const *d_out,
                             vouch_tensor *const *d_in)
{
    const vouch_move *m = call->node->state;
    vouch_tensor *dx = d_in[0];
    for (int64_t i = 0; dx && d_out[0] && i < m->out_count; i++) {
        const int64_t at = m->map ? m->map[i] : i;
        if (at >= 0 && dx->dtype == VOUCH_F32)
            dx->f32[at] += d_out[0]->f32[i];
        else if (at >= 0)
            dx->f64[at] += d_out[0]->f64[i];
    }
    return VOUCH_OK;
}

/* ---- linear ------------------------------------------------------------------------------ */

static void forward(const vouch_move *m, const double *x, double *y)
{
    if (!m->map)
        memcpy(y, x, (size_t)m->out_count * sizeof *y);
    else
        for (int64_t i = 0; i < m->out_count; i++)
            y[i] = m->map[i] < 0 ? 0 : x[m->map[i]];
}

static void backward(const vouch_move *m, const double *y, double *x)
{
    if (!m->map) {
        memcpy(x, y, (size_t)m->out_count * sizeof *y);
        return;
    }
    for (int64_t i = 0; m->use && i < m->in_count; i++)
        x[i] = m->use[i] < 0 ? 0 : y[m->use[i]];
    if (m->use)
        return;
    memset(x, 0, (size_t)m->in_count * sizeof *x);
    for (int64_t i = 0; i < m->out_count; i++)
        if (m->map[i] >= 0)
            x[m->map[i]] += y[i];
}

static void offset(const vouch_move *m, bool absolute, double *y)
{
    const double fill = absolute ? fabs(m->fill) : m->fill;
    for (int64_t i = 0; i < m->out_count; i++)
        y[i] = m->map && m->map[i] < 0 ? fill : 0;
}

/* Both images, as patches. */
static bool both_images(const vouch_graph *g, const vouch_node *node, vouch_patch *x,
                        vouch_patch *y)
{
    return vouch_patch_whole(&vouch_op_in(g, node, 0)->shape, x) &&
           vouch_patch_whole(&g->value[node->output[0]].shape, y);
}

bool vouch_move_patch(const vouch_graph *g, const vouch_node *node, int which,
                      const vouch_patch *y, vouch_patch *x)
{
    const vouch_move *m = node->state;
    vouch_patch in, out;
    (void)which;
    *x = *y;
    if (!both_images(g, node, &in, &out))
        return false;
    if (!m->map)
        return vouch_patch_equal(&in, &out);
    x->channels = 0;
    for (int64_t k = 0; k < vouch_patch_count(y); k++) {
        const int64_t from = m->map[vouch_patch_index(y, k, &out)];
        if (from < 0)
            continue;
        const vouch_patch one = vouch_patch_at(&in, from);
        if (x->channels == 0)
            *x = one;
        vouch_patch_cover(x, &one);
    }
    if (x->channels == 0) /* only padding: any position will do */
        *x = vouch_patch_at(&in, 0);
    return true;
}

static vouch_status backward_patch(const vouch_linear_call *call, const vouch_move *m)
{
    const int64_t ys = vouch_patch_count(call->patch_y), xs = vouch_patch_count(call->patch_x);
    int64_t *to = VOUCH_NEW_ARRAY(call->scratch, int64_t, ys + 1);
    vouch_patch in, out;
    if (!to || !both_images(call->graph, call->node, &in, &out))
        return vouch_op_no_memory(call->ctx);
    for (int64_t k = 0; k < ys; k++) {
        const int64_t from = m->map[vouch_patch_index(call->patch_y, k, &out)];
        to[k] = from < 0 ? -1 : vouch_patch_index(&in, from, call->patch_x);
    }
    memset(call->out, 0, (size_t)(call->batch * xs) * sizeof *call->out);
    for (int64_t v = 0; v < call->batch; v++)
        for (int64_t i = 0; i < ys; i++)
            if (to[i] >= 0)
                call->out[v * xs + to[i]] += call->in[v * ys + i];
    return VOUCH_OK;
}

vouch_status vouch_move_linear(const vouch_linear_call *call)
{
    const vouch_move *m = call->node->state;
    if (call->patch_y && m->map)
        return backward_patch(call, m);
    if (call->patch_y) {
        memcpy(call->out, call->in,
               (size_t)(call->batch * vouch_patch_count(call->patch_y)) * sizeof *call->out);
        return VOUCH_OK;
    }
    for (int64_t v = 0; v < call->batch; v++) {
        if (vouch_op_offset(call->mode))
            offset(m, vouch_op_absolute(call->mode), call->out + v * m->out_count);
        else if (vouch_op_transposed(call->mode))
            backward(m, call->in + v * m->out_count, call->out + v * m->in_count);
        else
            forward(m, call->in + v * m->in_count, call->out + v * m->out_count);
    }
    return VOUCH_OK;
}

/* Copies are exact; an element used n times is a sum of n in the transposed product. */
int64_t vouch_move_terms(const vouch_graph *graph, const vouch_node *node)
{
    (void)graph;
    const vouch_move *m = node->state;
    return m->repeat - 1;
}
