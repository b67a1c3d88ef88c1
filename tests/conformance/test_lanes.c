/* Every lane-kernel table that runs here against the plain one, in float and double, and the
 * lines around ReLU against exact arithmetic. The texts of the two types are one: lanes.inc. */
#include <float.h>
#include <gmp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "num/lanes.h"
#include "num/lanes_tables.h"
#include "num/round.h"
#include "support/support.h"

#define REAL float
#define SUFFIX f32
#define LANES VOUCH_LANES_F32
#define HALF_ULP ((double)VOUCH_U32)
#define LEAST_NORMAL ((double)FLT_MIN)
#define GREATEST ((double)FLT_MAX)
#include "conformance/lanes.inc"

#define REAL double
#define SUFFIX f64
#define LANES VOUCH_LANES_F64
#define HALF_ULP VOUCH_U64
#define LEAST_NORMAL DBL_MIN
#define GREATEST DBL_MAX
#include "conformance/lanes.inc"

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANE_TESTS(f32),
        LANE_TESTS(f64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
