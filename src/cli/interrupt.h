/* SIGINT and SIGTERM: the first asks the running analysis to stop, a later one kills. */
#ifndef VOUCH_CLI_INTERRUPT_H
#define VOUCH_CLI_INTERRUPT_H

#include "base/context.h"

/* First thing in main: from now on a signal is noted and no more. */
void vouch_cli_interrupt_catch(void);
/* The command to come has nothing to save: a signal kills again, also one that came before. */
void vouch_cli_interrupt_release(void);
/* From now on a signal cancels ctx, also one that came before; NULL: the context goes, a signal
 * is noted and no more. */
void vouch_cli_interrupt(vouch_context *ctx);
/* The signal that came, or 0. */
int vouch_cli_interrupted(void);

#endif
