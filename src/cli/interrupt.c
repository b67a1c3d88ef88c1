/* SIGINT and SIGTERM: the first asks the running analysis to stop, the second kills.
 *
 * A signal handler gets no argument, so this file holds the only two variables of the program
 * that are neither constant nor local. SA_RESETHAND restores the default action with the first
 * signal: who presses Ctrl-C twice does not want to wait.
 */
#include "cli/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

static _Atomic(vouch_context *) target;
static atomic_int caught;

static void on_signal(int number)
{
    vouch_context *ctx = atomic_load(&target);
    atomic_store(&caught, number);
    if (ctx != NULL)
        vouch_context_cancel(ctx);
}

void vouch_cli_interrupt(vouch_context *ctx)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    sigemptyset(&action.sa_mask);
    action.sa_handler = ctx != NULL ? on_signal : SIG_DFL;
    action.sa_flags = SA_RESTART | (int)SA_RESETHAND;
    atomic_store(&target, ctx);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

int vouch_cli_interrupted(void) { return atomic_load(&caught); }
