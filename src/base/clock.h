/* Time: wall seconds on a clock that never jumps, CPU seconds of process and thread. */
#ifndef VOUCH_BASE_CLOCK_H
#define VOUCH_BASE_CLOCK_H

double vouch_wall_s(void);       /* monotonic, arbitrary origin */
double vouch_cpu_s(void);        /* all threads of the process */
double vouch_thread_cpu_s(void); /* the calling thread */

#endif
