/* The batched engine in float against exact values; see engine.inc. The engine's own text is
 * included, so that the test sees its batches. */
#include "bounds/engine_f32.c"

#include "property/engine.inc"
