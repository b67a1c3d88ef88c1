/* The victim: a network as an attack sees it, a classifier of float32 rows.
 *
 * Logits are what the network computes before a last softmax or another function that keeps the
 * order of its elements: there gradients do not vanish, and the class is the same. A plan is
 * made once and shared; each thread has its own victim. What a row gives does not depend on
 * the rows beside it, bit for bit: results are the same for any number of threads.
 *
 * Nothing sound rests on a victim: it computes in float32. Claims are replayed (replay.h).
 */
#ifndef VOUCH_ATTACK_VICTIM_H
#define VOUCH_ATTACK_VICTIM_H

#include "op/op.h"

typedef struct vouch_victim_plan vouch_victim_plan; /* immutable */
typedef struct vouch_victim vouch_victim;

/* In the arena; graph must outlive it. An error unless the network has one output tensor of at
 * least two numbers. */
vouch_status vouch_victim_plan_new(vouch_context *ctx, vouch_arena *arena,
                                   const vouch_graph *graph, vouch_victim_plan **plan);
/* The network as looked at: its output are the logits. */
const vouch_graph *vouch_victim_graph(const vouch_victim_plan *plan);
int64_t vouch_victim_inputs(const vouch_victim_plan *plan);
int64_t vouch_victim_classes(const vouch_victim_plan *plan);

vouch_status vouch_victim_new(vouch_context *ctx, vouch_arena *arena,
                              const vouch_victim_plan *plan, vouch_victim **victim);

/* z[count][classes] <- logits of x[count][inputs]. */
vouch_status vouch_victim_forward(vouch_victim *victim, int64_t count, const float *x,
                                  float *z);

/* Writes d_z[classes], the gradient of a loss of row `row` by its logits z. */
typedef void vouch_cotangent_fn(void *user, int64_t row, const float *z, float *d_z);
typedef struct vouch_cotangent {
    vouch_cotangent_fn *fn;
    void *user;
} vouch_cotangent;

/* Forward, then backward: z as above, d_x[count][inputs] <- gradients of the losses. */
vouch_status vouch_victim_gradient(vouch_victim *victim, int64_t count, const float *x,
                                   vouch_cotangent loss, float *z, float *d_x);

#endif
