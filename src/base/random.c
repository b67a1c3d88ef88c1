/* splitmix64: a counter in steps of the golden ratio, and a bijective mixer of it. */
#include "base/random.h"

#include <math.h>

static const uint64_t GOLDEN = 0x9e3779b97f4a7c15u;

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* FNV-1a */
static uint64_t hash_text(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return h;
}

vouch_random vouch_random_stream(uint64_t seed, const char *purpose, uint64_t index)
{
    uint64_t state = mix(seed + GOLDEN);
    state = mix(state ^ hash_text(purpose));
    state = mix(state + index * GOLDEN);
    return (vouch_random){state};
}

uint64_t vouch_random_bits(vouch_random *r) { return mix(r->state += GOLDEN); }

double vouch_random_unit(vouch_random *r)
{
    return (double)(vouch_random_bits(r) >> 11) * 0x1p-53;
}

uint64_t vouch_random_below(vouch_random *r, uint64_t n)
{
    const uint64_t surplus = (0 - n) % n; /* 2^64 mod n: the values that would bias */
    uint64_t bits;
    do
        bits = vouch_random_bits(r);
    while (bits < surplus);
    return bits % n;
}

double vouch_random_normal(vouch_random *r)
{
    double x, s;
    do {
        x = 2 * vouch_random_unit(r) - 1;
        const double y = 2 * vouch_random_unit(r) - 1;
        s = x * x + y * y;
    } while (s >= 1 || s == 0);
    return x * sqrt(-2 * log(s) / s);
}
