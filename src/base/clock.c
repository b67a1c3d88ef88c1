#include "base/clock.h"

#include <time.h>

static double seconds(clockid_t id)
{
    struct timespec t = {0, 0};
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double vouch_wall_s(void) { return seconds(CLOCK_MONOTONIC); }

double vouch_cpu_s(void) { return seconds(CLOCK_PROCESS_CPUTIME_ID); }

double vouch_thread_cpu_s(void) { return seconds(CLOCK_THREAD_CPUTIME_ID); }
