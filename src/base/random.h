/* Seeded random streams.
 *
 * A stream is named by (seed, purpose, index): two parts of a program never share one, and the
 * numbers do not depend on threads or on the order of calls elsewhere. The generator is
 * splitmix64 (Steele, Lea, Flood 2014) over a hash of the name: 8 bytes of state, passes
 * BigCrush, and cheap to create by the million.
 */
#ifndef VOUCH_BASE_RANDOM_H
#define VOUCH_BASE_RANDOM_H

#include <stdint.h>

typedef struct vouch_random {
    uint64_t state;
} vouch_random;

vouch_random vouch_random_stream(uint64_t seed, const char *purpose, uint64_t index);
uint64_t vouch_random_bits(vouch_random *r);
/* Uniform in [0, 1), 53 bits. */
double vouch_random_unit(vouch_random *r);
/* Uniform in 0..n-1, n > 0, without modulo bias. */
uint64_t vouch_random_below(vouch_random *r, uint64_t n);
/* Standard normal (polar method). */
double vouch_random_normal(vouch_random *r);

#endif
