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

static vouch_status put_all(vouch_context *ctx, const char *path, int fd,
                            const vouch_block *block, int count)
{
    for (int i = 0; i < count; i++)
        VOUCH_TRY(vouch_file_put(ctx, path, fd, block[i].data, block[i].size));
    return VOUCH_OK;
}

static vouch_status write_in_place(vouch_context *ctx, const char *path,
                                   const vouch_block *block, int count)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return fail_errno(ctx, path, "open for writing");
    vouch_status status = put_all(ctx, path, fd, block, count);
    if (close(fd) != 0 && !status)
        status = fail_errno(ctx, path, "write");
    return status;
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

static vouch_status fill(vouch_context *ctx, const char *path, int fd, const vouch_block *block,
                         int count)
{
    struct stat old;

    VOUCH_TRY(put_all(ctx, path, fd, block, count));
    if (stat(path, &old) == 0 && fchmod(fd, old.st_mode & 07777) != 0)
        return fail_errno(ctx, path, "keep the permissions");
    return fsync(fd) == 0 ? VOUCH_OK : fail_errno(ctx, path, "write");
}

static vouch_status write_beside(vouch_context *ctx, const char *path, char *name, size_t room,
                                 const vouch_block *block, int count)
{
    int fd = create_beside(path, name, room);

    if (fd < 0)
        return fail_errno(ctx, path, "create");
    vouch_status status = fill(ctx, path, fd, block, count);
    if (close(fd) != 0 && !status)
        status = fail_errno(ctx, path, "write");
    if (!status && rename(name, path) != 0)
        status = fail_errno(ctx, path, "replace");
    if (status)
        (void)unlink(name);
    else
        sync_folder(path, name);
    return status;
}

vouch_status vouch_file_write_blocks(vouch_context *ctx, const char *path,
                                     const vouch_block *block, int count)
{
    struct stat info;

    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return vouch_fail(ctx, VOUCH_ERR_IO, "%s: cannot write: is a folder", path);
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode))
        return write_in_place(ctx, path, block, count);
    size_t room = strlen(path) + 64;
    char *name = vouch_alloc(ctx, room);
    if (!name)
        return VOUCH_ERR_MEMORY;
    vouch_status status = write_beside(ctx, path, name, room, block, count);
    vouch_release(ctx, name);
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
