/* Files a command writes: opened before the long run, put in place after it. */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    if (!S_ISREG(there.st_mode) || strncmp(path, "/dev/", 5) == 0)
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
    errno = errno ? errno : EIO;
    const vouch_status s = fail(ctx, output->path, "write");
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
