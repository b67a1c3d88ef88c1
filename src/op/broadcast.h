/* Which element of each operand an element of the output is made of, under ONNX broadcasting:
 * for operators that are applied seldom, on few elements (comparisons, Where).
 */
#ifndef VOUCH_OP_BROADCAST_H
#define VOUCH_OP_BROADCAST_H

#include "op/op_priv.h"

enum { VOUCH_BROADCAST_MAX = 3 };

typedef struct vouch_broadcast {
    int operands;
    int64_t count[VOUCH_BROADCAST_MAX], total; /* elements of the operands, of the output */
    const int64_t *map[VOUCH_BROADCAST_MAX];   /* [total], NULL: element i is i */
} vouch_broadcast;

/* Inputs 0 .. operands - 1; sets output 0 to dtype and the common shape. */
vouch_status vouch_broadcast_prepare(vouch_context *ctx, vouch_graph *g, const vouch_node *node,
                                     int operands, vouch_dtype dtype, vouch_broadcast *b);

static inline int64_t vouch_broadcast_at(const vouch_broadcast *b, int operand, int64_t i)
{
    return b->map[operand] ? b->map[operand][i] : i;
}

/* How often an element of the operand is used at most. */
static inline int64_t vouch_broadcast_repeat(const vouch_broadcast *b, int operand)
{
    return b->count[operand] > 0 ? b->total / b->count[operand] : 1;
}

#endif
