/* Made-up derivatives for operators whose own are zero almost everywhere. */
#ifndef VOUCH_GRAD_SURROGATE_H
#define VOUCH_GRAD_SURROGATE_H

#include "op/op.h"

/* As vouch_op's grad; NULL where the operator needs none. */
typedef vouch_status vouch_surrogate_fn(const vouch_op_call *call,
                                        const vouch_tensor *const *d_out,
                                        vouch_tensor *const *d_in);
vouch_surrogate_fn *vouch_surrogate_find(const vouch_op *op);

#endif
