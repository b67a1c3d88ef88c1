/* What the files of the branching search share: subproblems, the frontier, plans, the crew.
 *
 * Who touches what: the conductor (worker 0, between stages) owns every subproblem, all
 * reference counts and all statistics; during a stage workers read subproblems and write the
 * children of their chunk, nothing else.
 */
#ifndef VOUCH_VERIFY_BRANCH_PRIV_H
#define VOUCH_VERIFY_BRANCH_PRIV_H

#include "bounds/dag.h"
#include "verify/branch.h"
#include "verify/branch_finish.h"

enum {
    VOUCH_CHOICES = 12,      /* neurons kept as candidates for a split */
    VOUCH_INPUT_CHOICES = 4, /* inputs kept */
    VOUCH_TRIALS = 8,        /* most candidates tried */
    VOUCH_FEW_INPUTS = 64    /* up to here cuts of inputs are tried beside splits of neurons */
};

/* ---- subproblems (branch_sub.c) ----------------------------------------------------------- */

/* Decisions, the newest first; what siblings' paths have in common they share. */
typedef struct vouch_trail {
    int refs;
    struct vouch_trail *up;
    vouch_decision decision;
} vouch_trail;

/* Where the bounds of the children start; shared by them. */
typedef struct vouch_warm {
    int refs, count;
    size_t bytes;
    uint8_t *mix; /* [mix_count] */
    float *beta;  /* [count] */
    int64_t *key; /* [count]: which decision beta belongs to, vouch_decision_key */
    float *score; /* [neurons + inputs], or NULL: dear networks do without */
} vouch_warm;

typedef struct vouch_choice {
    int64_t neuron;
    vouch_split_point cut;
    double score;
} vouch_choice;

typedef struct vouch_sub {
    uint64_t id;
    int which_case, depth;
    bool clipped;     /* `at` is smaller than the box that splits made */
    bool polished;    /* a longer look was taken, after which nothing was left to split */
    int64_t programs; /* that were tried */
    int stalled;      /* levels above that brought the bound nothing */
    double lower;     /* <= 0, or not proved at 0 */
    double share;
    vouch_trail *trail;
    vouch_dag_intervals *at; /* NULL: shed, made again from the root's and the trail */
    vouch_warm *warm;        /* NULL: shed, or none */
    int64_t loose;           /* neurons that a split could help */
    bool jumps;              /* one of the choices is cut at a jump */
    int neuron_choices, input_choices;
    vouch_choice choice[VOUCH_CHOICES + VOUCH_INPUT_CHOICES]; /* best first; inputs after */
} vouch_sub;

static inline int64_t vouch_decision_key(const vouch_decision *d)
{
    return 2 * (int64_t)d->neuron + d->upper;
}

/* Puts a decision in front; holds `up`. */
vouch_trail *vouch_trail_add(vouch_context *ctx, vouch_trail *up, const vouch_decision *d);
void vouch_trail_drop(vouch_context *ctx, vouch_trail *trail); /* NULL is fine */
/* Room for mixes, `count` betas and (scores > 0) scores; refs 1. */
vouch_warm *vouch_warm_new(vouch_context *ctx, int64_t mixes, int count, int64_t scores);
/* Of the decision; 0 where it has none. */
float vouch_warm_beta(const vouch_warm *warm, const vouch_decision *d);
void vouch_warm_drop(vouch_context *ctx, vouch_warm *warm); /* NULL is fine */
/* Frees the subproblem and what it holds. NULL is fine. */
void vouch_sub_free(vouch_context *ctx, vouch_sub *sub);
size_t vouch_sub_bytes(const vouch_sub *sub);

/* ---- the frontier (branch_open.c) --------------------------------------------------------- */

/* Waiting subproblems: a heap, worst bound first; deepest first while memory is short. */
typedef struct vouch_open {
    vouch_sub **sub;
    size_t count, capacity, bytes, budget;
    bool deep;
} vouch_open;

/* Takes sub over, also on failure (then it is freed). */
vouch_status vouch_open_push(vouch_context *ctx, vouch_open *open, vouch_sub *sub);
vouch_sub *vouch_open_pop(vouch_open *open); /* NULL when empty */
/* Keeps within the budget: changes the order, sheds warm starts, then intervals, of those that
 * wait longest. `pressed`: memory is short whatever the count says. */
void vouch_open_relieve(vouch_context *ctx, vouch_open *open, bool pressed);
void vouch_open_clear(vouch_context *ctx, vouch_open *open);

/* ---- stages (branch_crew.c, branch_work.c) -------------------------------------------------- */

/* How a child's intervals are made. */
typedef enum vouch_refresh {
    VOUCH_REFRESH_KEEP,   /* the parent's, no decision added */
    VOUCH_REFRESH_NARROW, /* the parent's and the decision, carried forward, `walks` tightened */
    VOUCH_REFRESH_ROOT    /* from scratch on the child's box */
} vouch_refresh;

typedef struct vouch_child {
    const vouch_sub *parent; /* NULL: the intervals of box `which_case` alone are wanted */
    int which_case;
    vouch_decision decision; /* neuron < 0: none */
    vouch_refresh refresh;
    int64_t walks;
    int threads; /* for its walks; 0 = 1: there are children enough */
    int steps;
    bool trial;       /* only `lower` and `closed` are wanted */
    int64_t programs; /* > 0: to be finished by so many linear programs at most, no bound */

    /* results */
    double lower;
    bool closed, empty;      /* proved; for want of a point */
    vouch_dag_intervals *at; /* where parent is NULL */
    vouch_sub *sub;          /* open: without id, trail, depth, share */
    double *witness;         /* [inputs + outputs], NULL: none */
    int witness_case;
    double program_work; /* multiply-adds */
} vouch_child;

typedef struct vouch_crew vouch_crew;
typedef struct vouch_branch_run vouch_branch_run;

/* Runs conduct(ctx, run) on worker 0 while the others wait for stages. */
typedef vouch_status vouch_conduct_fn(vouch_context *ctx, vouch_branch_run *run);
vouch_status vouch_crew_run(vouch_context *ctx, vouch_branch_run *run,
                            vouch_conduct_fn *conduct);
/* One stage: all children, `chunk` at a time. Only from within conduct. */
vouch_status vouch_crew_stage(vouch_branch_run *run, vouch_child *child, int count);

typedef struct vouch_branch_worker vouch_branch_worker;
vouch_status vouch_branch_worker_new(vouch_context *ctx, const vouch_branch_run *run,
                                     vouch_branch_worker **worker);
void vouch_branch_worker_free(vouch_context *ctx, vouch_branch_worker *worker);
/* Fills the choices and `loose` of a child's subproblem (branch_choice.c). score: room for
 * [neurons]. */
void vouch_choose(const vouch_branch_run *run, const vouch_child *child,
                  const vouch_dag_intervals *at, const vouch_dag_answer *answer, double *score,
                  vouch_sub *sub);
/* The child's box of inputs. */
void vouch_child_box(const vouch_branch_run *run, const vouch_child *child, double *low,
                     double *high);
/* Does the point, with output y, satisfy the case, or nearly, in plain doubles? */
bool vouch_branch_promising(const vouch_task *t, int which_case, const double *x,
                            const double *y);
vouch_status vouch_branch_work(vouch_branch_worker *worker, vouch_child *child, int count);

/* ---- plans (branch_plan.c) ---------------------------------------------------------------- */

/* The ways to split a subproblem; rows of vouch_arms. */
enum { VOUCH_ARM_COUNT = 5 };

typedef struct vouch_arm {
    const char *name;
    bool input;
    vouch_refresh refresh;
    int64_t walks; /* -1: all loose neurons */
} vouch_arm;

extern const vouch_arm vouch_arms[VOUCH_ARM_COUNT];

typedef struct vouch_plan {
    vouch_sub *sub;
    int arms, arm[VOUCH_ARM_COUNT];
    int tried, trial[VOUCH_TRIALS]; /* indices of choices */
    int child, trial_child;         /* where its pairs begin in the stages */
} vouch_plan;

/* What splits of a neuron brought, per unit of score: sums over both sides' observations. */
typedef struct vouch_ratio {
    float sum[2];
    uint32_t count[2];
} vouch_ratio;

typedef struct vouch_arm_record {
    double growth; /* mean log2 of the tree's growth (branch_plan.c) */
    int count;
} vouch_arm_record;

/* log2 of the size of the tree that closes a deficit of 1 by splits with these gains. */
double vouch_growth(double gain_left, double gain_right);
/* The two children's growth as measured. */
double vouch_plan_growth(const vouch_plan *plan, const vouch_child *pair);
/* Chooses arms and trials. sample: several arms are measured side by side. False: nothing is
 * left to split. */
bool vouch_plan_make(vouch_branch_run *run, vouch_plan *plan, bool sample);
/* The choice of an arm, after trials. */
const vouch_choice *vouch_plan_choice(const vouch_branch_run *run, const vouch_plan *plan,
                                      int arm);
void vouch_plan_fill(const vouch_branch_run *run, const vouch_plan *plan, int arm,
                     vouch_child *pair);
/* Learns from a bounded pair. */
void vouch_plan_learn(vouch_branch_run *run, const vouch_plan *plan, int arm,
                      const vouch_child *pair);

/* ---- linear programs (branch_leaf.c) ------------------------------------------------------- */

/* What a kind of work closed and cost, of late. */
typedef struct vouch_effort {
    double share, work; /* of the tree; in walks */
} vouch_effort;

/* Opens the leaves if the network is fit for them, once. */
vouch_status vouch_leaves_prepare(vouch_context *ctx, vouch_branch_run *run);
/* Has a split brought the child nothing? */
int vouch_leaves_stalled(const vouch_sub *parent, const vouch_sub *child);
/* Should linear programs be tried on the subproblem before it is split? `already`: attempts of this
 * round. */
bool vouch_leaves_want(const vouch_branch_run *run, const vouch_sub *sub, int already);
/* Linear programs on each of the subproblems; those that they close become NULL. `last`: nothing is
 * left to split. */
vouch_status vouch_leaves_attempt(vouch_context *ctx, vouch_branch_run *run, vouch_sub **sub,
                                  int count, bool last);
/* At the end of a round. */
void vouch_leaves_round(vouch_branch_run *run);

/* ---- the run (branch.c) -------------------------------------------------------------------- */

struct vouch_branch_run {
    const vouch_branch_input *in;
    vouch_branch_output *out;
    vouch_arena *arena;
    vouch_dag *dag;
    int64_t neurons, inputs, mixes;
    double cost;                /* of a walk, multiply-adds */
    double root_work;           /* multiply-adds that the root may take */
    int64_t varying;            /* inputs of positive width */
    bool clips;                 /* few enough inputs vary */
    bool keeps_score;           /* the network is small enough to keep scores of neurons */
    bool sharpens;              /* the root goes on by scores */
    int round_size;             /* children of a round */
    int chunk;                  /* children of a chunk */
    vouch_dag_intervals **root; /* [boxes]; NULL: empty, or no open case */
    vouch_crew *crew;
    vouch_open open;
    uint64_t next_id, round;
    double work, next_attack; /* backward walks so far; when to attack again */
    int attacks;
    vouch_ratio *ratio;  /* [neurons + inputs] */
    double ratio_sum[2]; /* over all neurons */
    double ratio_count[2];
    double trial_growth, real_growth; /* sums, of splits that were tried */
    vouch_arm_record record[VOUCH_ARM_COUNT];
    vouch_plan *plan;           /* [round_size / 2] */
    vouch_child *child, *trial; /* stages */
    vouch_sub **leaf;           /* [round_size]: without a split left */
    vouch_sub **attempt;        /* [round_size]: for linear programs */
    vouch_finish *finish;       /* NULL: no linear programs */
    bool finish_tried;          /* to open it */
    double programs;            /* of the next attempt */
    vouch_effort by_splits, by_programs, before;
    double program_work, program_share; /* of all attempts; work in walks */
    double *low, *high;                 /* [inputs], for the sink */
    double next_report;
};

/* ---- telling and attacking (branch_tell.c, branch_attack.c) --------------------------------- */

void vouch_branch_report(vouch_context *ctx, vouch_branch_run *run);
/* parent NULL: a case on its whole box. */
vouch_status vouch_branch_tell_sub(const vouch_branch_run *run, uint64_t id,
                                   const vouch_sub *parent, const vouch_child *c);
vouch_status vouch_branch_tell_clip(const vouch_branch_run *run, const vouch_sub *sub);
vouch_status vouch_branch_tell_leaf(const vouch_branch_run *run, uint64_t id,
                                    vouch_leaf_kind kind);
vouch_status vouch_branch_tell_split(const vouch_branch_run *run, uint64_t id,
                                     const vouch_decision *d);
/* An attack, if one is due. */
vouch_status vouch_branch_attack(vouch_context *ctx, vouch_branch_run *run);

/* Bounds every case and fills the frontier (branch_root.c). */
vouch_status vouch_branch_root(vouch_context *ctx, vouch_branch_run *run);
/* Bounds subproblems again, without a split, as `model` says; those proved become NULL. */
vouch_status vouch_branch_again(vouch_context *ctx, vouch_branch_run *run, vouch_sub **sub,
                                int count, const vouch_child *model);
/* Closes the gaps that proved ones left; what follows the kept ones is NULL. Returns their number. */
int vouch_branch_compact(vouch_sub **sub, int count);

/* Bounds the children, or runs their programs. */
vouch_status vouch_branch_stage(vouch_branch_run *run, vouch_child *child, int count);
/* Keeps the first witness of a stage. */
bool vouch_branch_take_witness(vouch_branch_run *run, const vouch_child *child, int count);
void vouch_branch_clear(vouch_context *ctx, vouch_child *child, int count);

#endif
