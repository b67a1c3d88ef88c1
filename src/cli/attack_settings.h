/* The settings of an attack as the command line gives them: "steps=40,restarts=3". */
#ifndef VOUCH_CLI_ATTACK_SETTINGS_H
#define VOUCH_CLI_ATTACK_SETTINGS_H

#include "base/arena.h"
#include "eval/eval.h"

/* Defaults, and over them the NAME=VALUE parts of text (NULL: none) between that separator;
 * `option` is whose value it is, for messages. */
vouch_status vouch_cli_attack_settings(vouch_arena *arena, const vouch_attack *attack,
                                       const char *option, const char *separator,
                                       const char *text, const void **settings);
/* One of a list of attacks, "NAME:SETTING=VALUE:...", after the *count that list has; "none" adds
 * none. It must attack in that norm, and be none of those before. */
vouch_status vouch_cli_attack_add(vouch_arena *arena, vouch_norm norm, const char *text,
                                  vouch_eval_attack *list, int *count);

#endif
