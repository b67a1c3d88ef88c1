/* Files a command writes: opened before the long run, put in place after it. */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"

static vouch_status fail(vouch_context *ctx, const char *path, const char *what)
{
    return vouch_fail(ctx, VOUCH_ERR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* The file behind symbolic links, so that a rename replaces it and not the link. */
static const char *behind_links(vouch_arena *arena, const char *path)
{
    char *real = realpath(path, NULL);
    const char *target = vouch_arena_text(arena, real != NULL ? real : path);
    free(real);
    return target;
}

static vouch_status open_in_place(vouch_context *ctx, vouch_cli_output *output)
{
    const int fd = open(output->path, O_WRONLY | O_CLOEXEC);
    output->stream = fd < 0 ? NULL : fdopen(fd, "w");
    if (output->stream != NULL)
        return VOUCH_OK;
    const vouch_status s = fail(ctx, output->path, "write");
    if (fd >= 0)
        (void)close(fd);
    return s;
}

/* `old` is the file that stands there, NULL if none. */
static vouch_status open_beside(vouch_arena *arena, const struct stat *old,
                                vouch_cli_output *output)
{
    vouch_context *ctx = vouch_arena_context(arena);
    output->target = behind_links(arena, output->path);
    output->temporary = vouch_arena_print(arena, "%s.tmp%ld", output->target, (long)getpid());
    if (output->target == NULL || output->temporary == NULL)
        return VOUCH_ERR_MEMORY;
    const int fd = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        output->temporary = NULL;
        return old != NULL ? open_in_place(ctx, output) : fail(ctx, output->path, "create");
    }
    output->stream = fdopen(fd, "w");
    if (output->stream == NULL || (old != NULL && fchmod(fd, old->st_mode & 07777) != 0)) {
        const vouch_status s = fail(ctx, output->path, "create");
        if (output->stream == NULL)
            (void)close(fd);
        vouch_cli_output_discard(output);
        return s;
    }
    return VOUCH_OK;
}

vouch_status vouch_cli_output_open(vouch_arena *arena, const char *path,
                                   vouch_cli_output *output)
{
    vouch_context *ctx = vouch_arena_context(arena);
    struct stat there;
    *output = (vouch_cli_output){.path = path};
    if (path == NULL)
        return VOUCH_OK;
    if (strcmp(path, "-") == 0) {
        output->stream = stdout;
        return VOUCH_OK;
    }
    if (stat(path, &there) != 0)
        return errno == ENOENT ? open_beside(arena, NULL, output) : fail(ctx, path, "write");
    if (S_ISDIR(there.st_mode) || access(path, W_OK) != 0) {
        errno = S_ISDIR(there.st_mode) ? EISDIR : errno;
        return fail(ctx, path, "write");
    }
    output->replaces = S_ISREG(there.st_mode) && strncmp(path, "/dev/", 5) != 0;
    if (!output->replaces)
        return open_in_place(ctx, output);
    return open_beside(arena, &there, output);
}

bool vouch_cli_output_wanted(const vouch_cli_output *output) { return output->stream != NULL; }

/* A file written in place may have been longer. */
static bool cut_in_place(FILE *stream)
{
    struct stat there;
    if (fstat(fileno(stream), &there) != 0 || !S_ISREG(there.st_mode))
        return true;
    const off_t at = ftello(stream);
    return at >= 0 && ftruncate(fileno(stream), at) == 0;
}

vouch_status vouch_cli_output_commit(vouch_context *ctx, vouch_cli_output *output)
{
    FILE *stream = output->stream;
    const int before = ferror(stream) ? errno : 0; /* why a write failed just now */
    errno = 0;
    bool fine = fflush(stream) == 0 && !ferror(stream);
    if (fine && output->temporary == NULL && stream != stdout)
        fine = cut_in_place(stream);
    if (fine && output->temporary != NULL)
        fine = fsync(fileno(stream)) == 0;
    if (stream != stdout) {
        output->stream = NULL;
        fine = fclose(stream) == 0 && fine;
    }
    if (fine && output->temporary != NULL)
        fine = rename(output->temporary, output->target) == 0;
    if (fine) {
        output->temporary = NULL;
        output->stream = NULL;
        return VOUCH_OK;
    }
    errno = errno ? errno : before ? before : EIO;
    const vouch_status s =
        fail(ctx, stream == stdout ? "standard output" : output->path, "write");
    vouch_cli_output_discard(output);
    return s;
}

void vouch_cli_output_discard(vouch_cli_output *output)
{
    if (output->stream != NULL && output->stream != stdout)
        (void)fclose(output->stream);
    if (output->temporary != NULL)
        (void)unlink(output->temporary);
    output->stream = NULL;
    output->temporary = NULL;
}

vouch_status vouch_cli_output_remove(vouch_context *ctx, vouch_cli_output *output)
{
    const char *target = output->target != NULL ? output->target : output->path;
    vouch_cli_output_discard(output);
    if (!output->replaces || unlink(target) == 0 || errno == ENOENT)
        return VOUCH_OK;
    return fail(ctx, output->path, "remove");
}

/* ---- names that must differ -------------------------------------------------------------- */

/* Where a file is, or would be: its folder and name. */
typedef struct place {
    bool exists, special; /* special: no regular file, it may be written by several */
    struct stat file, folder;
    const char *name;
} place;

static place place_of(const char *path, bool input)
{
    place p = {0};
    char text[PATH_MAX] = "";
    (void)snprintf(text, sizeof text, "%s", path);
    p.exists = stat(path, &p.file) == 0;
    if (!p.exists && input) {
        (void)snprintf(text, sizeof text, "%s.gz", path);
        p.exists = stat(text, &p.file) == 0;
    }
    p.special = p.exists && !S_ISREG(p.file.st_mode);
    char *slash = strrchr(text, '/');
    const char *base = strrchr(path, '/');
    p.name = base != NULL ? base + 1 : path;
    if (slash != NULL)
        slash[slash == text ? 1 : 0] = '\0';
    if (stat(slash != NULL ? text : ".", &p.folder) != 0)
        p.folder = (struct stat){0};
    return p;
}

static bool is_same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_same_place(const char *a, bool a_input, const char *b)
{
    const place p = place_of(a, a_input), q = place_of(b, false);
    if (p.special || q.special)
        return false;
    if (p.exists && q.exists)
        return is_same_inode(&p.file, &q.file);
    /* neither is there yet, or one is a .gz that stands for a name */
    return strcmp(p.name, q.name) == 0 && p.folder.st_ino != 0 &&
           is_same_inode(&p.folder, &q.folder);
}

static bool is_stream(const char *path) { return strcmp(path, "-") == 0; }

vouch_status vouch_cli_output_check(vouch_context *ctx, const vouch_cli_name *out, int outs,
                                    const vouch_cli_name *in, int ins)
{
    for (int i = 0; i < outs; i++) {
        const char *path = out[i].path;
        for (int k = 0; path != NULL && k < i; k++) {
            const char *other = out[k].path;
            if (other != NULL && is_stream(path) && is_stream(other))
                return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                                  "%s and %s cannot both be standard output", out[k].what,
                                  out[i].what);
            if (other != NULL && !is_stream(path) && !is_stream(other) &&
                is_same_place(other, false, path))
                return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "%s and %s are the same file: %s",
                                  out[k].what, out[i].what, path);
        }
        for (int k = 0; path != NULL && !is_stream(path) && k < ins; k++)
            if (in[k].path != NULL && is_same_place(in[k].path, true, path))
                return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "%s would overwrite %s: %s",
                                  out[i].what, in[k].what, path);
    }
    return VOUCH_OK;
}

vouch_status vouch_cli_output_suffix(vouch_context *ctx, const char *option, const char *path,
                                     const char *suffix)
{
    const size_t length = path ? strlen(path) : 0, end = strlen(suffix);
    if (path == NULL || is_stream(path) || strncmp(path, "/dev/", 5) == 0 ||
        (length > end && strcmp(path + length - end, suffix) == 0))
        return VOUCH_OK;
    return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "%s needs a file named %s, not '%s'", option,
                      suffix, path);
}

vouch_status vouch_cli_output_json(vouch_context *ctx, FILE *out, json_t *root)
{
    char *text = NULL;
    size_t size = 0;
    vouch_status s = vouch_context_status(ctx);
    if (s == VOUCH_OK)
        s = vouch_json_dump(ctx, root, &text, &size);
    if (s == VOUCH_OK)
        (void)fwrite(text, 1, size, out); /* the stream remembers an error for the commit */
    vouch_release(ctx, text);
    json_decref(root);
    return s;
}

void vouch_cli_add_setting(vouch_context *ctx, json_t *to, const vouch_option *row,
                           const void *settings)
{
    const char *field = (const char *)settings + row->offset;
    bool flag = false;
    int64_t integer = 0;
    double number = 0;
    const char *word = NULL;
    switch (row->type) {
    case VOUCH_OPTION_FLAG:
        memcpy(&flag, field, sizeof flag);
        (void)vouch_json_add_flag(ctx, to, row->name, flag);
        break;
    case VOUCH_OPTION_INT:
        memcpy(&integer, field, sizeof integer);
        (void)vouch_json_add_int(ctx, to, row->name, integer);
        break;
    case VOUCH_OPTION_REAL:
        memcpy(&number, field, sizeof number);
        (void)vouch_json_add_real(ctx, to, row->name, number);
        break;
    case VOUCH_OPTION_TEXT:
    case VOUCH_OPTION_CHOICE:
        memcpy(&word, field, sizeof word);
        (void)vouch_json_add_text(ctx, to, row->name, word);
        break;
    }
}
