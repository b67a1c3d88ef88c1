/* External data: tensors that a model keeps in files beside it.
 *
 * A model may come from anywhere, so it must not make us open what it likes: the location has
 * to be a relative path without "..", and what it resolves to, symbolic links followed, has to
 * lie in the model's folder.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "io/onnx_priv.h"

#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

static const char *entry(const Onnx__TensorProto *p, const char *key)
{
    for (size_t i = 0; i < p->n_external_data; i++) {
        const Onnx__StringStringEntryProto *e = p->external_data[i];
        if (e->key && e->value && strcmp(e->key, key) == 0)
            return e->value;
    }
    return NULL;
}

/* A decimal number without sign; otherwise where the key is absent. */
static vouch_status entry_size(const vouch_onnx_reader *r, const Onnx__TensorProto *p,
                               const char *what, const char *key, size_t *value)
{
    const char *text = entry(p, key);
    char *end = NULL;

    if (!text)
        return VOUCH_OK;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || number > LONG_MAX)
        return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s: %s: external %s '%s' is not a size",
                          r->source, what, key, text);
    *value = (size_t)number;
    return VOUCH_OK;
}

static bool climbs(const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return true;
    }
    return false;
}

/* Is path, links followed, below the folder? Unresolvable: let opening say why. */
static bool leaves(const char *folder, const char *path)
{
    char root[PATH_MAX];
    char file[PATH_MAX];

    if (!realpath(folder, root) || !realpath(path, file))
        return false;
    size_t length = strlen(root);
    while (length && root[length - 1] == '/')
        length--;
    return strncmp(root, file, length) != 0 || file[length] != '/';
}

static vouch_status find_file(const vouch_onnx_reader *r, const Onnx__TensorProto *p,
                              const char *what, const char **path)
{
    const char *location = entry(p, "location");

    if (!location || !location[0])
        return vouch_fail(r->ctx, VOUCH_ERR_PARSE, "%s: %s: external data without a location",
                          r->source, what);
    if (!r->folder)
        return vouch_fail(r->ctx, VOUCH_ERR_UNSUPPORTED,
                          "%s: %s: is in file '%s', but the model was not read from a file",
                          r->source, what, location);
    *path = vouch_arena_print(r->scratch, "%s/%s", r->folder, location);
    if (!*path)
        return VOUCH_ERR_MEMORY;
    if (location[0] == '/' || strchr(location, '\\') || climbs(location) ||
        leaves(r->folder, *path))
        return vouch_fail(r->ctx, VOUCH_ERR_VALUE,
                          "%s: %s: external file '%s' is outside the model's folder", r->source,
                          what, location);
    return VOUCH_OK;
}

vouch_status vouch_onnx_external(const vouch_onnx_reader *r, const Onnx__TensorProto *proto,
                                 const char *what, size_t size, const uint8_t **data)
{
    const char *path = NULL;
    void *bytes = NULL;
    size_t offset = 0;
    size_t length = size;

    VOUCH_TRY(find_file(r, proto, what, &path));
    VOUCH_TRY(entry_size(r, proto, what, "offset", &offset));
    VOUCH_TRY(entry_size(r, proto, what, "length", &length));
    if (length != size)
        return vouch_fail(r->ctx, VOUCH_ERR_SHAPE,
                          "%s: %s: has %zu bytes in '%s', its dimensions need %zu", r->source,
                          what, length, entry(proto, "location"), size);
    VOUCH_TRY(vouch_file_read_range(r->scratch, path, offset, length, &bytes));
    *data = bytes;
    return VOUCH_OK;
}
