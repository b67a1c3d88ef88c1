/* Instances in a process of their own, so that a crash or a kill for memory is one row and not
 * the end of the run.
 *
 * The child computes and writes answers of a fixed size into a pipe; the parent reads one at a
 * time. A child that outstays its limit by far is killed. It dies with its parent, and it is
 * the first that the system sacrifices when memory runs out.
 */
#define _DEFAULT_SOURCE /* wait4 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/clock.h"
#include "cli/bench.h"
#include "cli/interrupt.h"

enum { LOOK_MS = 200 };
static const double stop_s = 5; /* from an interruption to the kill */

static void give_way(pid_t parent)
{
#ifdef __linux__
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    FILE *file = fopen("/proc/self/oom_score_adj", "we");
    if (file != NULL) {
        (void)fputs("1000", file);
        (void)fclose(file);
    }
#endif
    if (getppid() != parent)
        _exit(VOUCH_EXIT_FAILED);
}

bool vouch_bench_send(int fd, const void *answer, size_t size)
{
    const char *at = answer;
    while (size > 0) {
        const ssize_t n = write(fd, at, size);
        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Passes an interruption on; kills a child that is overdue or does not heed it. */
static void watch(vouch_bench_child *child, double begun_s, double kill_s)
{
    const double now_s = vouch_wall_s();
    if (vouch_cli_interrupted() != 0 && child->told_s <= 0) {
        child->told_s = now_s;
        (void)kill(child->pid, SIGTERM);
    }
    const bool late = kill_s > 0 && now_s - begun_s > kill_s;
    if (late || (child->told_s > 0 && now_s - child->told_s > stop_s)) {
        child->overdue = child->overdue || late;
        (void)kill(child->pid, SIGKILL);
    }
}

static void reap(vouch_bench_child *child)
{
    struct rusage usage;
    int status = 0;
    memset(&usage, 0, sizeof usage);
    while (wait4(child->pid, &status, 0, &usage) < 0 && errno == EINTR)
        continue;
    (void)close(child->fd);
    child->pid = 0;
    child->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    child->code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    child->cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    child->peak_mib = (double)usage.ru_maxrss / 1024;
}

bool vouch_bench_receive(vouch_bench_child *child, double kill_s, void *answer, size_t size)
{
    struct pollfd wait = {.fd = child->fd, .events = POLLIN};
    const double begun_s = vouch_wall_s();
    size_t got = 0;
    while (got < size) {
        ssize_t n = 1;
        if (poll(&wait, 1, LOOK_MS) > 0) {
            n = read(child->fd, (char *)answer + got, size - got);
            got += n > 0 ? (size_t)n : 0;
        }
        if (n == 0 || (n < 0 && errno != EINTR)) {
            reap(child);
            return false;
        }
        watch(child, begun_s, kill_s);
    }
    return true;
}

void vouch_bench_dismiss(vouch_bench_child *child)
{
    if (child->pid == 0)
        return;
    (void)kill(child->pid, SIGKILL);
    reap(child);
}

vouch_status vouch_bench_fork(vouch_context *ctx, void (*fn)(void *user, int fd), void *user,
                              vouch_bench_child *child)
{
    int ends[2];
    const pid_t parent = getpid();
    *child = (vouch_bench_child){0};
    if (pipe(ends) != 0)
        return vouch_fail(ctx, VOUCH_ERR_IO, "cannot make a pipe: %s", strerror(errno));
    (void)fflush(NULL); /* what waits in buffers must not be written twice */
    const pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        give_way(parent);
        fn(user, ends[1]);
        _exit(VOUCH_EXIT_OK);
    }
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return vouch_fail(ctx, VOUCH_ERR_IO, "cannot start a process: %s", strerror(errno));
    }
    child->pid = pid;
    child->fd = ends[0];
    return VOUCH_OK;
}
