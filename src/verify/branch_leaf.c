/* When linear programs are tried, and how many: the conductor's side of branch_finish.h.
 *
 * A program costs as much as many walks, but closes what walks cannot: on some networks programs
 * finish large subproblems (rows that only together exclude them, ties), on others nearly every
 * one is wasted. So what counts is measured: the share of the tree that is closed for a unit of
 * work, by splits and by programs, older rounds forgotten little by little. While programs bring
 * more, subproblems go there first. Else they may take a part of all work: half of it on
 * subproblems that stall, which no split moves, and little on others. The number of programs of an
 * attempt grows with failures, so that a stalled search is finished by few long attempts. Work is
 * counted, never timed. The first attempt is made at once, or (late_programs) when splits have done
 * their part of the work: on dense networks it takes seconds. */
#include <math.h>

#include "base/clock.h"
#include "verify/branch_priv.h"

enum {
    FIRST = 64,     /* programs of the first attempt */
    MOST = 1 << 17, /* of any */
    LAST = 1 << 13, /* at least, where nothing is left to split */
    AGAIN = 4,      /* times as many programs as before, for another attempt */
    STALLED = 3,    /* levels without gain: half of the work may go to programs */
    EXPLORING = 8   /* else one part in so many, while programs bring less */
};

static const double FORGET = .95, FAILED = 1.5, SUCCEEDED = .9;

vouch_status vouch_leaves_prepare(vouch_context *ctx, vouch_branch_run *run)
{
    if (run->finish_tried)
        return VOUCH_OK;
    run->finish_tried = true;
    run->programs = FIRST;
    return vouch_finish_open(ctx, run->in->task, run->in->spec, run->dag, &run->finish);
}

static bool programs_bring_more(const vouch_branch_run *run)
{
    const vouch_effort *s = &run->by_splits, *p = &run->by_programs;
    return p->share > 0 && p->share * s->work >= s->share * p->work;
}

int vouch_leaves_stalled(const vouch_sub *parent, const vouch_sub *child)
{
    const double something = .01;
    double gain = child->lower - parent->lower; /* NaN: both are -infinity */
    return gain > something * -parent->lower ? 0 : parent->stalled + 1;
}

/* Work that programs may have taken, as a part of all. */
static double allowance(const vouch_branch_run *run, const vouch_sub *sub)
{
    if (programs_bring_more(run))
        return 1;
    return sub->stalled >= STALLED ? 1.0 / 2 : 1.0 / EXPLORING;
}

/* Work of one attempt, at most or nearly, in walks. */
static double attempt_work(const vouch_branch_run *run)
{
    return vouch_finish_work_of(run->finish, run->programs) / fmax(run->cost, 1);
}

bool vouch_leaves_want(const vouch_branch_run *run, const vouch_sub *sub, int already)
{
    if (!run->finish || (sub->programs && (double)sub->programs * AGAIN > run->programs))
        return false;
    const int counted = run->in->late_programs ? already + 1 : already;
    double expected = counted == 0 ? 0 : counted * attempt_work(run);
    return run->program_work + expected <= run->work * allowance(run, sub);
}

static void fill(const vouch_branch_run *run, const vouch_sub *sub, bool last,
                 vouch_child *child)
{
    *child =
        (vouch_child){.parent = sub,
                      .which_case = sub->which_case,
                      .decision = {.neuron = -1},
                      .refresh = VOUCH_REFRESH_KEEP,
                      .programs = (int64_t)(last ? fmax(run->programs, LAST) : run->programs)};
}

static void learn(vouch_branch_run *run, const vouch_sub *sub, const vouch_child *child)
{
    double work = child->program_work / fmax(run->cost, 1);
    run->programs *= child->closed ? SUCCEEDED : FAILED;
    run->programs = fmin(fmax(run->programs, FIRST), MOST);
    run->by_programs.work += work;
    run->work += work;
    run->program_work += work;
    if (child->closed) {
        run->by_programs.share += sub->share;
        run->program_share += sub->share;
    }
}

/* What programs left of subproblem `sub`: nothing, or itself. */
static vouch_status take_attempt(vouch_context *ctx, vouch_branch_run *run, vouch_sub **sub,
                                 vouch_child *c)
{
    learn(run, *sub, c);
    (*sub)->programs = c->programs;
    if (!c->closed)
        return VOUCH_OK;
    vouch_sub *closed = *sub;
    *sub = NULL;
    run->out->proved_share += closed->share;
    vouch_status s = vouch_branch_tell_leaf(run, closed->id,
                                            c->empty ? VOUCH_LEAF_EMPTY : VOUCH_LEAF_PROVED);
    vouch_sub_free(ctx, closed);
    return s;
}

vouch_status vouch_leaves_attempt(vouch_context *ctx, vouch_branch_run *run, vouch_sub **sub,
                                  int count, bool last)
{
    double start = vouch_wall_s();
    for (int i = 0; i < count; i++)
        fill(run, sub[i], last, &run->child[i]);
    VOUCH_TRY(vouch_branch_stage(run, run->child, count));
    vouch_branch_take_witness(run, run->child, count);
    for (int i = 0; i < count; i++)
        VOUCH_TRY(take_attempt(ctx, run, &sub[i], &run->child[i]));
    vouch_branch_clear(ctx, run->child, count);
    run->out->leaves_s += vouch_wall_s() - start;
    return VOUCH_OK;
}

void vouch_leaves_round(vouch_branch_run *run)
{
    vouch_effort all = {.share = run->out->proved_share - run->program_share,
                        .work = run->work - run->program_work};
    run->by_splits.share += all.share - run->before.share;
    run->by_splits.work += all.work - run->before.work;
    run->before = all;
    vouch_effort *each[] = {&run->by_splits, &run->by_programs};
    for (int i = 0; i < 2; i++) {
        each[i]->share *= FORGET;
        each[i]->work *= FORGET;
    }
}
