/* Verification of one property of one network: settings, result, entry points.
 *
 * vouch_verify runs the schedule  attack -> cheap bounds -> partitioning  until the property
 * is decided or the limit is reached. `unsat`: the unsafe region is proved unreachable, a
 * theorem over the reals. `sat`: the witness was replayed exactly. No wall-clock decision
 * changes a verdict other than to `timeout` or `unknown`.
 */
#ifndef VOUCH_VERIFY_VERIFY_H
#define VOUCH_VERIFY_VERIFY_H

#include <vouch/verdict.h>

#include "base/option.h"
#include "spec/spec.h"
#include "verify/sink.h"

typedef struct vouch_verify_settings {
    double timeout_s;
    int64_t threads;
    int64_t seed;
    const char *domain; /* auto, interval, zonotope, symbolic, crown ... */
    const char *split;  /* name in the heuristic table, default auto */
    const char *cut;    /* name in the table of cut shapes */
    bool bisect_only;   /* whatever cut says */
    bool attack;        /* --no-attack clears it */
    bool clip;
    bool compress;
    bool late_programs;      /* of the branching search: first splits, then linear programs */
    int64_t slope_steps;     /* gradient steps on the lower slopes of unproved rows */
    int64_t neuron_steps;    /* the same for every unstable neuron */
    const char *precision;   /* float, double, auto */
    const char *semantics;   /* real, float32 */
    const char *complete;    /* search; exact: nothing but the exact search (verify/exact.h) */
    int64_t max_subproblems; /* 0: no limit */
    const char *search;      /* auto, boxes, branch: which search (verify.c) */
    const char *pick;        /* heuristic of the branching search */
    int64_t root_steps;   /* gradient steps of a bound: at the root of the branching search */
    int64_t branch_steps; /* ... and in its tree */
    int64_t memory_mib;   /* 0: four fifths of the machine's, 7168 at most */
} vouch_verify_settings;

extern const vouch_option vouch_verify_options[];
extern const size_t vouch_verify_option_count;

/* Bytes that settings allow (base/context.h, vouch_context_set_memory_limit). vouch_verify sets
 * this limit for its own duration; who wants reading of files to count sets it before. */
size_t vouch_verify_memory(const vouch_verify_settings *settings);

typedef struct vouch_verify_result {
    vouch_verdict verdict;
    const char
        *reason; /* why unknown/timeout, or a note; NULL if none. Static or in the arena */
    double *witness_input, *witness_output; /* of `sat`, in the arena; output nearest double */
    int witness_case;
    bool is_solvable;     /* exact search: unsafe over the reals, though no witness was found */
    bool is_unsuited;     /* exact search: it cannot take them, as the reason says */
    uint64_t subproblems; /* boxes bounded, the root included */
    uint64_t splits, clips, compressions;
    int max_depth;
    double proved_share;               /* of the input volume */
    double load_s, attack_s, search_s; /* wall */
    double bounds_s, leaves_s; /* wall: bounds of the root and leaves, where told apart */
    const char *phase; /* that decided: attack, bounds, search or leaves; NULL: not told */
    double seconds, cpu_seconds;
    const char *domain, *split, *cut; /* what was really used; split: or the pick */
    int threads;
} vouch_verify_result;

vouch_status vouch_verify(vouch_context *ctx, vouch_arena *arena, const vouch_graph *graph,
                          const vouch_spec *spec, const vouch_verify_settings *settings,
                          const vouch_sink *sink, vouch_verify_result *result);

#endif
