/* Verdicts: what a verification found out.
 *
 * A property asks whether some input in a given set leads to an output in an unsafe set.
 */
#ifndef VOUCH_VERDICT_H
#define VOUCH_VERDICT_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum vouch_verdict {
    VOUCH_UNKNOWN = 0, /* undecided; zeroed memory never reads as verified */
    VOUCH_UNSAT,       /* no such input exists: the property holds, proved over the reals */
    VOUCH_SAT,         /* such an input exists: the witness, checked exactly */
    VOUCH_TIMEOUT      /* undecided when the time limit was reached */
} vouch_verdict;

/* "unsat", "sat", "unknown", "timeout"; never NULL. */
const char *vouch_verdict_name(vouch_verdict verdict);

#ifdef __cplusplus
}
#endif

#endif
