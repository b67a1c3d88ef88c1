#include "base/json.h"

#include <math.h>
#include <string.h>

static vouch_status no_memory(vouch_context *ctx)
{
    return vouch_fail(ctx, VOUCH_ERR_MEMORY, "out of memory for JSON");
}

vouch_status vouch_json_object(vouch_context *ctx, json_t **object)
{
    *object = json_object();
    return *object ? VOUCH_OK : no_memory(ctx);
}

vouch_status vouch_json_array(vouch_context *ctx, json_t **array)
{
    *array = json_array();
    return *array ? VOUCH_OK : no_memory(ctx);
}

vouch_status vouch_json_add(vouch_context *ctx, json_t *parent, const char *name, json_t *value)
{
    if (!value)
        return no_memory(ctx);
    const int failed =
        name ? json_object_set_new(parent, name, value) : json_array_append_new(parent, value);
    return failed ? no_memory(ctx) : VOUCH_OK;
}

static json_t *real(double x)
{
    if (isnan(x))
        return json_null();
    if (isinf(x))
        return json_string(x > 0 ? "inf" : "-inf");
    return json_real(x);
}

json_t *vouch_json_object_in(vouch_context *ctx, json_t *parent, const char *name)
{
    json_t *child = json_object();
    return vouch_json_add(ctx, parent, name, child) == VOUCH_OK ? child : NULL;
}

json_t *vouch_json_array_in(vouch_context *ctx, json_t *parent, const char *name)
{
    json_t *child = json_array();
    return vouch_json_add(ctx, parent, name, child) == VOUCH_OK ? child : NULL;
}

vouch_status vouch_json_add_real(vouch_context *ctx, json_t *parent, const char *name, double x)
{
    return vouch_json_add(ctx, parent, name, real(x));
}

vouch_status vouch_json_add_int(vouch_context *ctx, json_t *parent, const char *name, int64_t n)
{
    return vouch_json_add(ctx, parent, name, json_integer(n));
}

vouch_status vouch_json_add_count(vouch_context *ctx, json_t *parent, const char *name,
                                  uint64_t n)
{
    if (n > INT64_MAX)
        return vouch_json_add_real(ctx, parent, name, (double)n);
    return vouch_json_add_int(ctx, parent, name, (int64_t)n);
}

vouch_status vouch_json_add_flag(vouch_context *ctx, json_t *parent, const char *name, bool is)
{
    return vouch_json_add(ctx, parent, name, json_boolean(is));
}

/* jansson refuses text that is not UTF-8; a file name may be any bytes. */
static vouch_status add_repaired(vouch_context *ctx, json_t *parent, const char *name,
                                 const char *text)
{
    const size_t length = strlen(text);
    char *copy = vouch_alloc(ctx, length + 1);
    if (!copy)
        return VOUCH_ERR_MEMORY;
    for (size_t i = 0; i < length; i++)
        copy[i] = (char)((unsigned char)text[i] < 0x80 ? text[i] : '?');
    const vouch_status s = vouch_json_add(ctx, parent, name, json_string(copy));
    vouch_release(ctx, copy);
    return s;
}

vouch_status vouch_json_add_text(vouch_context *ctx, json_t *parent, const char *name,
                                 const char *text)
{
    if (!text)
        return vouch_json_add(ctx, parent, name, json_null());
    json_t *value = json_string(text);
    if (!value)
        return add_repaired(ctx, parent, name, text);
    return vouch_json_add(ctx, parent, name, value);
}

vouch_status vouch_json_add_reals(vouch_context *ctx, json_t *parent, const char *name,
                                  const double *x, size_t count)
{
    if (!x)
        return vouch_json_add(ctx, parent, name, json_null());
    json_t *array = NULL;
    VOUCH_TRY(vouch_json_array(ctx, &array));
    for (size_t i = 0; i < count; i++) {
        const vouch_status s = vouch_json_add_real(ctx, array, NULL, x[i]);
        if (s != VOUCH_OK) {
            json_decref(array);
            return s;
        }
    }
    return vouch_json_add(ctx, parent, name, array);
}

vouch_status vouch_json_dump(vouch_context *ctx, const json_t *root, char **text, size_t *size)
{
    const size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(17);
    const size_t need = json_dumpb(root, NULL, 0, flags);
    if (need == 0)
        return no_memory(ctx);
    char *out = vouch_alloc(ctx, need + 2);
    if (!out)
        return VOUCH_ERR_MEMORY;
    if (json_dumpb(root, out, need, flags) != need) {
        vouch_release(ctx, out);
        return no_memory(ctx);
    }
    out[need] = '\n';
    *text = out;
    *size = need + 1;
    return VOUCH_OK;
}
