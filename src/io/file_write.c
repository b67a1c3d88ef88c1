/* Writing whole files so that a reader never sees half of one.
 *
 * Method: write a temporary beside the target, fsync it, rename it over the target (POSIX makes
 * the rename atomic), fsync the folder. Whatever fails before the rename (a full disk, a
 * signal) leaves the old file as it was. What is not a regular file (/dev/stdout, a pipe)
 * cannot be replaced and is written to directly.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/io_priv.h"

enum { TEMPORARY_TRIES = 100 };

static vouch_status fail_errno(vouch_context *ctx, const char *path, const char *what)
{
    return vouch_fail(ctx, VOUCH_ERR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

vouch_status vouch_file_put(vouch_context *ctx, const char *path, int fd, const void *data,
                            size_t size)
{
    const char *bytes = data;

    while (size) {
        ssize_t put = write(fd, bytes, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail_errno(ctx, path, "write");
        bytes += put;
        size -= (size_t)put;
    }
    return VOUCH_OK;
}

/* Creates a file beside path that did not exist; its name goes to name. */
static int create_beside(const char *path, char *name, size_t size)
{
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        (void)snprintf(name, size, "%s.%ld.%d.tmp", path, (long)getpid(), i);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* Makes the rename itself last through a power cut; a folder that cannot be synced is no error,
 * since the file is complete. name is room to work in, longer than path. */
static void sync_folder(const char *path, char *name)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) + 1 : 1;

    memcpy(name, slash ? path : ".", length);
    name[length] = '\0';
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    (void)close(fd);
}

vouch_status vouch_out_open(vouch_context *ctx, const char *path, vouch_out *out)
{
    struct stat info;
    const bool exists = stat(path, &info) == 0;

    *out = (vouch_out){.ctx = ctx, .path = path, .fd = -1};
    if (exists && S_ISDIR(info.st_mode))
        return vouch_fail(ctx, VOUCH_ERR_IO, "%s: cannot write: is a folder", path);
    if (exists && !S_ISREG(info.st_mode)) {
        out->fd = open(path, O_WRONLY | O_CLOEXEC);
        return out->fd >= 0 ? VOUCH_OK : fail_errno(ctx, path, "open for writing");
    }
    const size_t room = strlen(path) + 64;
    out->name = vouch_alloc(ctx, room);
    if (!out->name)
        return VOUCH_ERR_MEMORY;
    out->fd = create_beside(path, out->name, room);
    if (out->fd >= 0)
        return VOUCH_OK;
    const vouch_status status = fail_errno(ctx, path, "create");
    vouch_release(ctx, out->name);
    out->name = NULL;
    return status;
}

vouch_status vouch_out_put(vouch_out *out, const void *data, size_t size)
{
    return vouch_file_put(out->ctx, out->path, out->fd, data, size);
}

/* What makes the temporary last and be like the file that it will replace. */
static vouch_status settle(const vouch_out *out)
{
    struct stat old;

    if (stat(out->path, &old) == 0 && fchmod(out->fd, old.st_mode & 07777) != 0)
        return fail_errno(out->ctx, out->path, "keep the permissions");
    return fsync(out->fd) == 0 ? VOUCH_OK : fail_errno(out->ctx, out->path, "write");
}

vouch_status vouch_out_commit(vouch_out *out)
{
    vouch_status status = out->name ? settle(out) : VOUCH_OK;

    if (close(out->fd) != 0 && !status)
        status = fail_errno(out->ctx, out->path, "write");
    out->fd = -1;
    if (!status && out->name && rename(out->name, out->path) != 0)
        status = fail_errno(out->ctx, out->path, "replace");
    if (!status && out->name) {
        sync_folder(out->path, out->name);
        vouch_release(out->ctx, out->name);
        out->name = NULL;
    }
    return status;
}

void vouch_out_discard(vouch_out *out)
{
    if (out->fd >= 0)
        (void)close(out->fd);
    if (out->name)
        (void)unlink(out->name);
    vouch_release(out->ctx, out->name);
    *out = (vouch_out){.ctx = out->ctx, .fd = -1};
}

vouch_status vouch_file_write_blocks(vouch_context *ctx, const char *path,
                                     const vouch_block *block, int count)
{
    vouch_out out;
    vouch_status status = vouch_out_open(ctx, path, &out);

    for (int i = 0; !status && i < count; i++)
        status = vouch_out_put(&out, block[i].data, block[i].size);
    if (!status)
        status = vouch_out_commit(&out);
    vouch_out_discard(&out);
    return status;
}

vouch_status vouch_file_write(vouch_context *ctx, const char *path, const void *data,
                              size_t size)
{
    const vouch_block whole = {data, size};
    return vouch_file_write_blocks(ctx, path, &whole, 1);
}

/* The process in "PID.N.tmp", or 0. */
static long writer_of(const char *name)
{
    char *end = NULL;
    const long process = strtol(name, &end, 10);
    if (end == name || *end != '.')
        return 0;
    (void)strtol(end + 1, &end, 10);
    return strcmp(end, ".tmp") == 0 ? process : 0;
}

void vouch_file_sweep(vouch_context *ctx, const char *path)
{
    const size_t room = strlen(path) + 256 + 2;
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const size_t folder = slash ? (size_t)(slash - path) + 1 : 0, length = strlen(base);
    char *name = vouch_alloc(ctx, room);
    if (!name)
        return;
    (void)snprintf(name, room, "%.*s", (int)folder, path);
    DIR *d = opendir(folder ? name : ".");
    for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        const bool ours = strncmp(e->d_name, base, length) == 0 && e->d_name[length] == '.';
        const long process = ours ? writer_of(e->d_name + length + 1) : 0;
        if (process <= 0 || kill((pid_t)process, 0) == 0 || errno != ESRCH)
            continue;
        (void)snprintf(name, room, "%.*s%s", (int)folder, path, e->d_name);
        (void)unlink(name);
    }
    if (d)
        (void)closedir(d);
    vouch_release(ctx, name);
}
