/* The batched engine in double against exact values; see engine.inc. The engine's own text is
 * included, so that the test sees its batches. */
#include "bounds/engine_f64.c"

#include "property/engine.inc"
