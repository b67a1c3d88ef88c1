/* The reader of schemas: any bytes give a schema, which is the same after writing and reading, or
 * one error that names the file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(vouch_arena *arena, const vouch_schema *schema)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_schema *again = NULL;
    char *text = NULL;
    size_t size = 0;

    if (vouch_schema_dump(ctx, schema, &text, &size) ||
        vouch_schema_parse(arena, "s", text, size, &again) ||
        again->columns != schema->columns || again->target != schema->target)
        abort();
    vouch_release(ctx, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    vouch_context *ctx = vouch_context_new(NULL);
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_schema *schema = NULL;
    vouch_status status =
        vouch_schema_parse(arena, "s.json", (const char *)data, size, &schema);

    if (status != vouch_context_status(ctx) || !status != (schema != NULL) ||
        (status && strncmp(vouch_context_error(ctx), "s.json:", 7) != 0))
        abort();
    if (schema)
        check_again(arena, schema);
    vouch_arena_free(arena);
    vouch_context_free(ctx);
    return 0;
}
