/* SIGINT and SIGTERM: the first asks the running analysis to stop, a later one kills. */
#ifndef VOUCH_CLI_INTERRUPT_H
#define VOUCH_CLI_INTERRUPT_H

#include "base/context.h"

/* From now on a signal cancels ctx; NULL: the context goes, a signal is noted and no more. */
void vouch_cli_interrupt(vouch_context *ctx);
/* The signal that came, or 0. */
int vouch_cli_interrupted(void);

#endif
