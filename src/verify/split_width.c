/* Split the widest interval: blind to the network, the usual baseline. */
#include <string.h>

#include "verify/split.h"

static void score(const vouch_split_view *view, double *score)
{
    memcpy(score, view->width, (size_t)view->input_size * sizeof *score);
}

const vouch_split vouch_split_width = {.name = "width",
                                       .summary = "widest input interval first",
                                       .citation = "Wang 2018 (ReluVal), baseline",
                                       .score = score};
