/* The recipe reader: any bytes give a recipe or one error that names a line; what is written of it
 * reads back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "train/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_back(vouch_arena *arena, const vouch_recipe *recipe)
{
    vouch_recipe other = {0};
    char *text = NULL, *again = NULL;
    vouch_options_default(vouch_recipe_rows, vouch_recipe_row_count, &other);
    if (vouch_recipe_write(arena, recipe, &text) ||
        vouch_recipe_parse(arena, "w.ini", text, strlen(text), &other) ||
        vouch_recipe_write(arena, &other, &again) || strcmp(text, again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_recipe recipe = {0};
    vouch_options_default(vouch_recipe_rows, vouch_recipe_row_count, &recipe);
    const vouch_status status =
        vouch_recipe_parse(arena, "r.ini", (const char *)data, size, &recipe);
    if (status != vouch_context_status(ctx) ||
        (status && strncmp(vouch_context_error(ctx), "r.ini:", 6) != 0))
        abort();
    if (!status) {
        read_back(arena, &recipe);
        (void)vouch_recipe_finish(arena, &recipe);
    }
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    return 0;
}
