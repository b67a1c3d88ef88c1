/* Which reader a file is for: by its name where that says so, else by its first byte. */
#include <string.h>

#include "io/io_priv.h"

typedef vouch_status parse_fn(vouch_context *ctx, const char *source, const char *folder,
                              const void *data, size_t size, vouch_graph **graph);

static vouch_status parse_nnet(vouch_context *ctx, const char *source, const char *folder,
                               const void *data, size_t size, vouch_graph **graph)
{
    (void)folder;
    return vouch_nnet_parse(ctx, source, data, size, graph);
}

/* Does path end in the suffix, or in the suffix and .gz? */
static bool has_suffix(const char *path, const char *suffix)
{
    size_t length = strlen(path);
    size_t tail = strlen(suffix);

    if (length > 3 && strcmp(path + length - 3, ".gz") == 0)
        length -= 3;
    return length >= tail && strncmp(path + length - tail, suffix, tail) == 0;
}

/* An ONNX file begins with a protobuf tag, which is no printing character; .nnet is text. */
static parse_fn *choose(const char *path, const vouch_file *file)
{
    if (has_suffix(path, ".onnx"))
        return vouch_onnx_parse_in;
    if (has_suffix(path, ".nnet"))
        return parse_nnet;
    char first = file->size ? file->data[0] : '\0';
    return first && strchr("/0123456789", first) ? parse_nnet : vouch_onnx_parse_in;
}

/* "a/b.onnx" -> "a", "b.onnx" -> "." */
static char *folder_of(vouch_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return vouch_arena_text(arena, ".");
    return vouch_arena_text_n(arena, path, slash == path ? 1 : (size_t)(slash - path));
}

static vouch_status read_network(vouch_arena *arena, const char *path, vouch_graph **graph,
                                 char *sha256)
{
    vouch_file file;

    VOUCH_TRY(vouch_file_read(arena, path, (size_t)VOUCH_FILE_LIMIT_MIB << 20, &file));
    const char *folder = folder_of(arena, path);
    if (!folder)
        return VOUCH_ERR_MEMORY;
    if (sha256)
        memcpy(sha256, file.sha256, sizeof file.sha256);
    return choose(path, &file)(vouch_arena_context(arena), path, folder, file.data, file.size,
                               graph);
}

vouch_status vouch_network_read(vouch_context *ctx, const char *path, vouch_graph **graph,
                                char *sha256)
{
    vouch_arena *arena = vouch_arena_new(ctx);

    *graph = NULL;
    if (!arena)
        return VOUCH_ERR_MEMORY;
    vouch_status status = read_network(arena, path, graph, sha256);
    vouch_arena_free(arena);
    return status;
}
