/* Schemas as JSON, read with jansson, whose errors have a line. docs/schema/schema.json is the
 * form: {"vouch_schema": 1, "target": NAME or null, "columns": [{"name", "type", ...}]}.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "spec/schema.h"

typedef struct reader {
    vouch_arena *arena;
    vouch_context *ctx;
    const char *source;
    const char *column; /* being read; NULL: none */
} reader;

static vouch_status fail(const reader *r, const char *problem)
{
    if (!r->column)
        return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s: %s", r->source, problem);
    return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s: column '%s': %s", r->source, r->column,
                      problem);
}

/* ---- reading ------------------------------------------------------------------------------ */

static vouch_status read_type(const reader *r, json_t *json, vouch_column_type *type)
{
    const char *text = json_string_value(json_object_get(json, "type"));

    for (int t = VOUCH_COLUMN_REAL; text && t <= VOUCH_COLUMN_IGNORED; t++) {
        if (strcmp(text, vouch_column_type_name((vouch_column_type)t)) != 0)
            continue;
        *type = (vouch_column_type)t;
        return VOUCH_OK;
    }
    return fail(r, "\"type\" is none of real, integer, category, ignored");
}

static vouch_status read_number(const reader *r, json_t *json, const char *name, double *number)
{
    const json_t *value = json_object_get(json, name);
    char problem[64];

    if (!value || json_is_null(value))
        return VOUCH_OK;
    *number = json_number_value(value);
    if (json_is_number(value))
        return VOUCH_OK;
    (void)snprintf(problem, sizeof problem, "\"%s\" is not a number", name);
    return fail(r, problem);
}

static vouch_status read_flag(const reader *r, json_t *json, const char *name, bool *flag)
{
    const json_t *value = json_object_get(json, name);
    char problem[64];

    *flag = json_is_true(value);
    if (!value || json_is_boolean(value))
        return VOUCH_OK;
    (void)snprintf(problem, sizeof problem, "\"%s\" is not true or false", name);
    return fail(r, problem);
}

static vouch_status read_categories(const reader *r, json_t *json, vouch_column *c)
{
    json_t *list = json_object_get(json, "categories");
    const size_t count = json_array_size(list);
    const char **name = VOUCH_NEW_ARRAY(r->arena, const char *, count);

    if (!name)
        return VOUCH_ERR_MEMORY;
    if (count == 0 || count > INT32_MAX)
        return fail(r, "\"categories\" is not a list of texts");
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (!text)
            return fail(r, "\"categories\" is not a list of texts");
        name[i] = vouch_arena_text(r->arena, text);
        if (!name[i])
            return VOUCH_ERR_MEMORY;
        for (size_t k = 0; k < i; k++)
            if (strcmp(name[k], text) == 0)
                return fail(r, "a category comes twice");
    }
    c->categories = (int)count;
    c->category = name;
    return VOUCH_OK;
}

/* What stands for a missing value must itself be valid. */
static vouch_status check_fill(const reader *r, vouch_column *c, bool given)
{
    const bool category = c->type == VOUCH_COLUMN_CATEGORY;

    if (!given && !category)
        c->fill = c->low > 0 ? c->low : c->high < 0 ? c->high : 0;
    if (category && (c->fill < 0 || c->fill >= c->categories || c->fill != floor(c->fill)))
        return fail(r, "\"fill\" is not the index of a category");
    if (c->type == VOUCH_COLUMN_INTEGER && c->fill != floor(c->fill))
        return fail(r, "\"fill\" is not an integer");
    return VOUCH_OK;
}

static vouch_status read_column(reader *r, json_t *json, vouch_column *c)
{
    const char *name = json_string_value(json_object_get(json, "name"));

    r->column = NULL;
    if (!name || !*name)
        return fail(r, "a column has no \"name\"");
    c->name = r->column = vouch_arena_text(r->arena, name);
    if (!c->name)
        return VOUCH_ERR_MEMORY;
    VOUCH_TRY(read_type(r, json, &c->type));
    const bool numeric = c->type == VOUCH_COLUMN_REAL || c->type == VOUCH_COLUMN_INTEGER;
    c->low = numeric ? -(double)INFINITY : 0;
    c->high = numeric ? (double)INFINITY : 0;
    VOUCH_TRY(read_number(r, json, "low", &c->low));
    VOUCH_TRY(read_number(r, json, "high", &c->high));
    if (c->low > c->high)
        return fail(r, "\"low\" is above \"high\"");
    if (c->type == VOUCH_COLUMN_CATEGORY)
        VOUCH_TRY(read_categories(r, json, c));
    VOUCH_TRY(read_flag(r, json, "immutable", &c->immutable));
    VOUCH_TRY(read_flag(r, json, "protected", &c->is_protected));
    VOUCH_TRY(read_flag(r, json, "missing", &c->may_miss));
    VOUCH_TRY(read_number(r, json, "fill", &c->fill));
    return check_fill(r, c, json_object_get(json, "fill") != NULL);
}

static vouch_status read_columns(reader *r, json_t *list, vouch_schema *schema)
{
    const size_t count = json_array_size(list);

    if (count == 0 || count > INT32_MAX)
        return fail(r, "\"columns\" is not a list of columns");
    schema->column = VOUCH_NEW_ARRAY(r->arena, vouch_column, count);
    if (!schema->column)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < count; i++) {
        VOUCH_TRY(read_column(r, json_array_get(list, i), &schema->column[i]));
        if (vouch_schema_find(schema, schema->column[i].name) >= 0)
            return fail(r, "the name comes twice");
        schema->columns++;
    }
    r->column = NULL;
    return VOUCH_OK;
}

static vouch_status read_target(const reader *r, json_t *root, vouch_schema *schema)
{
    const json_t *target = json_object_get(root, "target");
    const char *name = json_string_value(target);

    schema->target = -1;
    if (!target || json_is_null(target))
        return VOUCH_OK;
    schema->target = name ? vouch_schema_find(schema, name) : -1;
    if (schema->target < 0)
        return fail(r, "\"target\" is not the name of a column");
    if (schema->column[schema->target].type != VOUCH_COLUMN_CATEGORY)
        return fail(r, "the target is not a category");
    return VOUCH_OK;
}

static vouch_status read_schema(reader *r, json_t *root, vouch_schema *schema)
{
    enum { VERSION = 1 };

    if (json_integer_value(json_object_get(root, "vouch_schema")) != VERSION)
        return fail(r, "\"vouch_schema\" is not 1");
    VOUCH_TRY(read_columns(r, json_object_get(root, "columns"), schema));
    return read_target(r, root, schema);
}

vouch_status vouch_schema_parse(vouch_arena *arena, const char *source, const char *text,
                                size_t size, vouch_schema **schema)
{
    reader r = {.arena = arena, .ctx = vouch_arena_context(arena), .source = source};
    json_error_t error;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);

    *schema = NULL;
    if (!root)
        return vouch_fail(r.ctx, VOUCH_ERR_PARSE, "%s:%d: %s", source, error.line, error.text);
    vouch_schema *made = VOUCH_NEW(arena, vouch_schema);
    vouch_status status = made ? read_schema(&r, root, made) : VOUCH_ERR_MEMORY;
    json_decref(root);
    if (!status)
        *schema = made;
    return status;
}

/* ---- writing ------------------------------------------------------------------------------ */

/* JSON has no infinity: a range without an end leaves it out. */
static void add_end(vouch_context *ctx, json_t *json, const char *name, double end)
{
    if (isfinite(end))
        (void)vouch_json_add_real(ctx, json, name, end);
}

static void add_categories(vouch_context *ctx, json_t *json, const vouch_column *c)
{
    json_t *list = NULL;

    if (vouch_json_array(ctx, &list))
        return;
    for (int i = 0; i < c->categories; i++)
        (void)vouch_json_add_text(ctx, list, NULL, c->category[i]);
    (void)vouch_json_add(ctx, json, "categories", list);
}

static void add_column(vouch_context *ctx, json_t *list, const vouch_column *c)
{
    json_t *json = NULL;

    if (vouch_json_object(ctx, &json))
        return;
    (void)vouch_json_add_text(ctx, json, "name", c->name);
    (void)vouch_json_add_text(ctx, json, "type", vouch_column_type_name(c->type));
    if (c->type == VOUCH_COLUMN_CATEGORY) {
        add_categories(ctx, json, c);
    } else if (c->type != VOUCH_COLUMN_IGNORED) {
        add_end(ctx, json, "low", c->low);
        add_end(ctx, json, "high", c->high);
    }
    (void)vouch_json_add_flag(ctx, json, "immutable", c->immutable);
    (void)vouch_json_add_flag(ctx, json, "protected", c->is_protected);
    (void)vouch_json_add_flag(ctx, json, "missing", c->may_miss);
    (void)vouch_json_add_real(ctx, json, "fill", c->fill);
    (void)vouch_json_add(ctx, list, NULL, json);
}

vouch_status vouch_schema_dump(vouch_context *ctx, const vouch_schema *schema, char **text,
                               size_t *size)
{
    const char *target = schema->target < 0 ? NULL : schema->column[schema->target].name;
    json_t *root = NULL, *list = NULL;

    VOUCH_TRY(vouch_json_object(ctx, &root));
    (void)vouch_json_add_int(ctx, root, "vouch_schema", 1);
    (void)vouch_json_add_text(ctx, root, "target", target);
    if (vouch_json_array(ctx, &list) == VOUCH_OK) {
        for (int i = 0; i < schema->columns; i++)
            add_column(ctx, list, &schema->column[i]);
        (void)vouch_json_add(ctx, root, "columns", list);
    }
    vouch_status status = vouch_context_status(ctx);
    if (!status)
        status = vouch_json_dump(ctx, root, text, size);
    json_decref(root);
    return status;
}
