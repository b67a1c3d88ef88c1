/* A journal: the finished pieces of a long run, so that a run that was killed goes on where it
 * stopped.
 *
 * A file of lines. The first names the run by facts (network, data, options); a journal of a run
 * with other facts is refused. Every other line is a unit of work and its result. Units are
 * named by whoever does them; results are texts without control characters.
 *
 * Invariant: a line is one write(2) at the end of the file, so that after a kill at any moment
 * there are complete lines and at most one torn one, which opening cuts off. Lines reach the disk
 * within a second: a power cut may cost that second's work, never more.
 */
#ifndef VOUCH_IO_JOURNAL_H
#define VOUCH_IO_JOURNAL_H

#include <stdint.h>

#include "base/arena.h"

typedef struct vouch_journal vouch_journal;

typedef struct vouch_journal_fact {
    const char *name, *text; /* control characters of the text become '?' */
} vouch_journal_fact;

/* Opens the journal of the run that the facts describe, or begins it. It is closed for other
 * processes until vouch_journal_close. */
vouch_status vouch_journal_open(vouch_arena *arena, const char *path,
                                const vouch_journal_fact *fact, int facts,
                                vouch_journal **journal);
/* The part of a journal whose units are named by whoever does them, after that name: the same work
 * on many things has a part for each. It lives in the arena and is closed with the whole; of NULL
 * it is NULL. */
vouch_status vouch_journal_part(vouch_arena *arena, vouch_journal *whole, const char *name,
                                vouch_journal **part);
/* What follows takes a journal NULL for one that knows nothing and keeps nothing. */

/* The result of a unit that was finished before the journal was opened, or NULL. */
const char *vouch_journal_find(const vouch_journal *journal, const char *unit);
/* Keeps a result; by any thread. */
vouch_status vouch_journal_add(vouch_context *ctx, vouch_journal *journal, const char *unit,
                               const char *result);
/* How many units were finished before, in the whole. */
int64_t vouch_journal_units(const vouch_journal *journal);
void vouch_journal_close(vouch_journal *journal);

#endif
