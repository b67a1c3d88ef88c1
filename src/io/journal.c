/* Lines that survive a kill: see journal.h. */
#include "io/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/io_priv.h"

static const char magic[] = "vouch-journal 1";
static const size_t size_limit = (size_t)1 << 32;

typedef struct entry {
    const char *unit, *result;
} entry;

struct vouch_journal {
    vouch_arena *arena;
    const char *path;
    int fd;
    entry *entry; /* [count] by unit */
    size_t count;
    pthread_mutex_t mutex;
    double synced_s;
    vouch_journal *whole; /* of a part, which has a name besides and nothing else; else NULL */
    const char *name;
};

static vouch_status fail(vouch_context *ctx, const char *path, const char *what)
{
    return vouch_fail(ctx, VOUCH_ERR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* ---- the first line ------------------------------------------------------------------------- */

static char *plain(vouch_arena *arena, const char *text)
{
    char *copy = vouch_arena_text(arena, text);
    for (char *c = copy; c && *c; c++)
        *c = (unsigned char)*c < 0x20 ? '?' : *c;
    return copy;
}

/* "magic TAB name=text TAB ... NEWLINE" */
static char *head_line(vouch_arena *arena, const vouch_journal_fact *fact, int facts)
{
    char *line = vouch_arena_text(arena, magic);
    for (int i = 0; line && i < facts; i++) {
        const char *text = plain(arena, fact[i].text);
        line = text ? vouch_arena_print(arena, "%s\t%s=%s", line, fact[i].name, text) : NULL;
    }
    return line ? vouch_arena_print(arena, "%s\n", line) : NULL;
}

/* The first fact that differs; both lines end. */
static vouch_status refuse(const vouch_journal *j, const char *wanted, const char *found)
{
    const char *name = wanted;
    size_t i = 0;
    for (; wanted[i] == found[i] && wanted[i] != '\n'; i++)
        if (wanted[i] == '\t')
            name = wanted + i + 1;
    return vouch_fail(vouch_arena_context(j->arena), VOUCH_ERR_VALUE,
                      "%s: is the journal of a run with other %.*s; not resumed", j->path,
                      name == wanted ? 7 : (int)strcspn(name, "=\n"),
                      name == wanted ? "version" : name);
}

/* ---- opening -------------------------------------------------------------------------------- */

static int by_unit(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->unit, ((const entry *)b)->unit);
}

static size_t count_lines(const char *text, size_t size)
{
    size_t lines = 0;
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    return lines;
}

/* Takes complete lines "unit TAB result"; returns how many bytes they span. What a power cut may
 * leave behind them is no line. */
static size_t take_lines(vouch_journal *j, char *text, size_t size)
{
    size_t kept = 0;
    for (char *end; (end = memchr(text + kept, '\n', size - kept)) != NULL;) {
        char *line = text + kept;
        char *tab = memchr(line, '\t', (size_t)(end - line));
        if (tab == NULL || memchr(line, '\0', (size_t)(end - line)) != NULL)
            break;
        *tab = *end = '\0';
        j->entry[j->count++] = (entry){line, tab + 1};
        kept = (size_t)(end - text) + 1;
    }
    return kept;
}

static vouch_status not_a_journal(const vouch_journal *j)
{
    return vouch_fail(vouch_arena_context(j->arena), VOUCH_ERR_PARSE,
                      "%s: is no journal of vouch; not resumed", j->path);
}

/* Takes over what the file of that size has; *kept: the bytes that stay. */
static vouch_status take_over(vouch_journal *j, const char *head, size_t size, size_t *kept)
{
    vouch_file file;
    const size_t length = strlen(head);
    *kept = 0;
    VOUCH_TRY(vouch_file_read(j->arena, j->path, size_limit, &file));
    if (file.size != size) /* gzipped */
        return not_a_journal(j);
    if (memchr(file.data, '\n', file.size) ==
        NULL) /* killed in its first line, or no journal */
        return file.size < length && memcmp(file.data, head, file.size) == 0 ? VOUCH_OK
                                                                             : not_a_journal(j);
    if (file.size < sizeof magic || memcmp(file.data, magic, sizeof magic - 1) != 0)
        return not_a_journal(j);
    if (file.size < length || memcmp(file.data, head, length) != 0)
        return refuse(j, head, file.data);
    j->entry = VOUCH_NEW_ARRAY(j->arena, entry, count_lines(file.data, file.size));
    if (j->entry == NULL)
        return VOUCH_ERR_MEMORY;
    *kept = length + take_lines(j, file.data + length, file.size - length);
    qsort(j->entry, j->count, sizeof *j->entry, by_unit);
    return VOUCH_OK;
}

static vouch_status begin(vouch_journal *j, const char *head)
{
    vouch_context *ctx = vouch_arena_context(j->arena);
    struct stat there;
    size_t kept = 0;
    if (fstat(j->fd, &there) != 0 || !S_ISREG(there.st_mode))
        return vouch_fail(ctx, VOUCH_ERR_IO, "%s: is no file that a run could be kept in",
                          j->path);
    if (flock(j->fd, LOCK_EX | LOCK_NB) != 0)
        return vouch_fail(ctx, VOUCH_ERR_IO, "%s: another run writes it", j->path);
    if (there.st_size > 0)
        VOUCH_TRY(take_over(j, head, (size_t)there.st_size, &kept));
    if ((off_t)kept < there.st_size && ftruncate(j->fd, (off_t)kept) != 0)
        return fail(ctx, j->path, "cut the last line of");
    return kept > 0 ? VOUCH_OK : vouch_file_put(ctx, j->path, j->fd, head, strlen(head));
}

vouch_status vouch_journal_open(vouch_arena *arena, const char *path,
                                const vouch_journal_fact *fact, int facts,
                                vouch_journal **journal)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_journal *j = VOUCH_NEW(arena, vouch_journal);
    char *head = head_line(arena, fact, facts);
    if (j == NULL || head == NULL)
        return VOUCH_ERR_MEMORY;
    *j = (vouch_journal){.arena = arena, .path = path, .synced_s = vouch_wall_s()};
    j->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (j->fd < 0)
        return fail(ctx, path, "write");
    (void)pthread_mutex_init(&j->mutex, NULL);
    const vouch_status status = begin(j, head);
    *journal = j;
    if (status != VOUCH_OK) {
        vouch_journal_close(j);
        *journal = NULL;
    }
    return status;
}

/* ---- in use --------------------------------------------------------------------------------- */

vouch_status vouch_journal_part(vouch_arena *arena, vouch_journal *whole, const char *name,
                                vouch_journal **part)
{
    vouch_journal *j = VOUCH_NEW(arena, vouch_journal);
    *part = NULL;
    if (whole == NULL)
        return VOUCH_OK;
    char *copy = plain(arena, name);
    if (j == NULL || copy == NULL)
        return VOUCH_ERR_MEMORY;
    *j = (vouch_journal){.whole = whole, .name = copy};
    *part = j;
    return VOUCH_OK;
}

enum { NAME = 512 }; /* longer names of units of a part are not looked for */

const char *vouch_journal_find(const vouch_journal *journal, const char *unit)
{
    const entry wanted = {unit, NULL};
    char name[NAME];
    if (journal != NULL && journal->whole != NULL) {
        const int length = snprintf(name, sizeof name, "%s %s", journal->name, unit);
        return length < NAME ? vouch_journal_find(journal->whole, name) : NULL;
    }
    if (journal == NULL || journal->count == 0)
        return NULL;
    const entry *found =
        bsearch(&wanted, journal->entry, journal->count, sizeof wanted, by_unit);
    return found ? found->result : NULL;
}

static vouch_status put_line(vouch_context *ctx, vouch_journal *j, const char *line,
                             size_t size)
{
    VOUCH_TRY(vouch_file_put(ctx, j->path, j->fd, line, size));
    if (vouch_wall_s() - j->synced_s < 1)
        return VOUCH_OK;
    j->synced_s = vouch_wall_s();
    return fsync(j->fd) == 0 ? VOUCH_OK : fail(ctx, j->path, "write");
}

vouch_status vouch_journal_add(vouch_context *ctx, vouch_journal *journal, const char *unit,
                               const char *result)
{
    if (journal == NULL)
        return VOUCH_OK;
    const bool is_part = journal->whole != NULL;
    const char *name = is_part ? journal->name : "";
    vouch_journal *j = is_part ? journal->whole : journal;
    const size_t size = strlen(name) + is_part + strlen(unit) + strlen(result) + 2;
    char *line = vouch_alloc(ctx, size + 1);
    if (line == NULL)
        return VOUCH_ERR_MEMORY;
    (void)snprintf(line, size + 1, "%s%s%s\t%s\n", name, is_part ? " " : "", unit, result);
    (void)pthread_mutex_lock(&j->mutex);
    const vouch_status status = put_line(ctx, j, line, size);
    (void)pthread_mutex_unlock(&j->mutex);
    vouch_release(ctx, line);
    return status;
}

int64_t vouch_journal_units(const vouch_journal *journal)
{
    if (journal != NULL && journal->whole != NULL)
        return vouch_journal_units(journal->whole);
    return journal ? (int64_t)journal->count : 0;
}

void vouch_journal_close(vouch_journal *journal)
{
    if (journal == NULL)
        return;
    (void)fsync(journal->fd);
    (void)close(journal->fd);
    (void)pthread_mutex_destroy(&journal->mutex);
}
