/* The batched engine in float. */
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/random.h"
#include "bounds/clip.h"
#include "bounds/engine.h"
#include "num/lanes.h"
#include "num/round.h"

#define REAL float
#define SUFFIX f32
#define LANES VOUCH_LANES_F32
#define HALF_ULP VOUCH_U32
/* Up to this value of its rows a roughly evaluated point is worth an exact replay. */
#define PROMISING ((REAL)1e-6)
#define BIGGEST FLT_MAX
#define ABS(x) fabsf(x)
#define ROUND_DOWN(x) vouch_float_down(x)
#define ROUND_UP(x) vouch_float_up(x)

#include "bounds/engine_impl.inc"
