/* Settings of an attack by its option rows: see attack_settings.h. */
#include "cli/attack_settings.h"

#include <stdio.h>
#include <string.h>

static vouch_status fail_unknown(vouch_context *ctx, const vouch_attack *attack,
                                 const char *option, const char *name)
{
    char known[256] = "";
    for (size_t i = 0, used = 0; i < attack->option_count && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                                 attack->options[i].name);
    return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                      "option '%s': attack %s has no setting '%s'; it has %s", option,
                      attack->name, name, known[0] ? known : "none");
}

static vouch_status set_one(vouch_context *ctx, const vouch_attack *attack, const char *option,
                            char *text, void *settings)
{
    char *value = strchr(text, '=');
    if (value == NULL)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "option '%s': '%s' is not NAME=VALUE",
                          option, text);
    *value++ = '\0';
    const vouch_option *row = vouch_option_find(attack->options, attack->option_count, text);
    if (row == NULL)
        return fail_unknown(ctx, attack, option, text);
    return vouch_option_set(ctx, row, value, settings);
}

vouch_status vouch_cli_attack_settings(vouch_arena *arena, const vouch_attack *attack,
                                       const char *option, const char *separator,
                                       const char *text, const void **settings)
{
    void *made = vouch_arena_alloc(arena, attack->size + 1);
    char *copy = vouch_arena_text(arena, text ? text : ""), *rest = NULL;
    if (made == NULL || copy == NULL)
        return VOUCH_ERR_MEMORY;
    vouch_options_default(attack->options, attack->option_count, made);
    for (char *at = strtok_r(copy, separator, &rest); at; at = strtok_r(NULL, separator, &rest))
        VOUCH_TRY(set_one(vouch_arena_context(arena), attack, option, at, made));
    *settings = made;
    return VOUCH_OK;
}

vouch_status vouch_cli_attack_add(vouch_arena *arena, vouch_norm norm, const char *text,
                                  vouch_eval_attack *list, int *count)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_eval_attack *to = &list[*count];
    const size_t length = strcspn(text, ":");
    const char *name = vouch_arena_text_n(arena, text, length);
    to->name = vouch_arena_text(arena, text);
    if (name == NULL || to->name == NULL)
        return VOUCH_ERR_MEMORY;
    if (strcmp(text, "none") == 0)
        return VOUCH_OK;
    to->attack = vouch_attack_find(name);
    if (to->attack == NULL)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "option 'attack': there is no '%s' (vouch list attacks)", name);
    if (!(to->attack->norms >> norm & 1))
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "option 'attack': %s does not attack in the norm %s", name,
                          vouch_norm_name(norm));
    for (int k = 0; k < *count; k++)
        if (strcmp(list[k].name, text) == 0)
            return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "option 'attack': %s comes twice", text);
    (*count)++;
    return vouch_cli_attack_settings(arena, to->attack, "attack", ":", text + length,
                                     &to->settings);
}
