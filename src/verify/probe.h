/* Sampling on the engine's own network: thousands of points for the price of a few. */
#ifndef VOUCH_VERIFY_PROBE_H
#define VOUCH_VERIFY_PROBE_H

#include "verify/search.h"

/* Samples the spec's boxes; points that seem to be witnesses are replayed exactly. */
vouch_status vouch_probe(vouch_context *ctx, vouch_arena *arena, const vouch_search_input *in,
                         int samples, vouch_witness *witness);

#endif
