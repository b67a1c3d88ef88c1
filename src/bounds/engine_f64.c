/* The batched engine in double. */
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/random.h"
#include "bounds/clip.h"
#include "bounds/engine.h"
#include "num/lanes.h"
#include "num/round.h"

#define REAL double
#define SUFFIX f64
#define LANES VOUCH_LANES_F64
#define HALF_ULP VOUCH_U64
/* Up to this value of its rows a roughly evaluated point is worth an exact replay. */
#define PROMISING ((REAL)1e-6)
#define BIGGEST DBL_MAX
#define ABS(x) fabs(x)
#define ROUND_DOWN(x) (x)
#define ROUND_UP(x) (x)

#include "bounds/engine_impl.inc"
