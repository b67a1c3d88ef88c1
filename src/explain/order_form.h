/* Orders by linear forms of the margins on some box. */
#ifndef VOUCH_EXPLAIN_ORDER_FORM_H
#define VOUCH_EXPLAIN_ORDER_FORM_H

#include "explain/strategy.h"

/* score[features] <- the most that freeing a feature takes off a form, over the rivals; where
 * `relative`, as a share of what that form has left at the point. */
vouch_status vouch_order_by_forms(vouch_inquiry *q, const bool *free, bool relative,
                                  double *score);

#endif
