/* SIGINT and SIGTERM: the first asks the running analysis to stop, a later one kills.
 *
 * A signal handler gets no argument, so this file holds the only variables of the program that
 * are neither constant nor local. Who presses Ctrl-C twice does not want to wait; but
 * timeout(1) and service managers signal the process and at once its group, which is one wish
 * and not two: a second signal counts from GRACE_S on.
 *
 * A file that grows beyond the limit of the shell is an error of writing like a full disk, which
 * names the file, and not the end of the process: SIGXFSZ is ignored.
 */
#include "cli/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"

static const double GRACE_S = 0.2;
static _Atomic(vouch_context *) target;
static atomic_int caught;
static _Atomic double caught_s;

static void on_signal(int number)
{
    vouch_context *ctx = atomic_load(&target);
    if (atomic_load(&caught) == 0) {
        atomic_store(&caught_s, vouch_wall_s());
        atomic_store(&caught, number);
    } else if (vouch_wall_s() - atomic_load(&caught_s) > GRACE_S) {
        (void)signal(number, SIG_DFL);
        (void)raise(number);
    }
    if (ctx != NULL)
        vouch_context_cancel(ctx);
}

static void handle(void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

void vouch_cli_interrupt_catch(void)
{
    (void)signal(SIGXFSZ, SIG_IGN);
    handle(on_signal);
}

void vouch_cli_interrupt_release(void)
{
    handle(SIG_DFL);
    if (atomic_load(&caught) != 0)
        (void)raise(atomic_load(&caught));
}

void vouch_cli_interrupt(vouch_context *ctx)
{
    atomic_store(&target, ctx);
    if (ctx != NULL && atomic_load(&caught) != 0)
        vouch_context_cancel(ctx);
}

int vouch_cli_interrupted(void) { return atomic_load(&caught); }
