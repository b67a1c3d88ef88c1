/* What a domain says about a network's outputs on a box of inputs. */
#ifndef VOUCH_CLI_ENCLOSE_H
#define VOUCH_CLI_ENCLOSE_H

#include "bounds/domain.h"

/* Runs the domain on the box [low, high]; out_low, out_high: [outputs of the graph], in the
 * order of the graph's outputs. *empty: the domain found that the box holds no point. */
vouch_status vouch_cli_enclose(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                               const vouch_domain *domain, const double *const box[2],
                               double *const out[2], bool *empty);

#endif
