/* Plans: what a subproblem is split on, and how its children's intervals are made.
 *
 * Measure of a split. Let the parent be short of a proof by a deficit D and let its two
 * children close shares l and r of it. A tree in which every split brings the same has about
 * phi nodes for a deficit of 1, where phi^-l + phi^-r = 1 (Le Bodic and Nemhauser 2017, An
 * abstract model for branching; l = r = g gives phi = 2^(1/g)). So log2 phi, here *growth*,
 * says how many levels a split is from the end, one good child made up for, and splits are
 * compared by it: candidates that were tried, candidates that are predicted, and the arms.
 *
 * Arms. A split cuts a neuron or an input, and then intervals inside the network can be carried
 * forward, tightened by walks, or found anew on the smaller box: dearer, but better. Which pays
 * differs by network. On a sample of subproblems all arms are bounded side by side; afterwards
 * the arm with the least  growth + log2(cost of a pair)  is used.
 *
 * Learning. A neuron's gain is predicted as its score times the mean of gain / score seen so
 * far on that side (pseudo-costs), drawn towards the mean over all neurons while observations
 * are few. */
#include <math.h>
#include <string.h>

#include "verify/branch_priv.h"

enum {
    RELIABLE = 4,     /* observations after which a neuron's prediction is trusted */
    INPUTS_ONLY = 8,  /* up to so many inputs they alone are cut: bounds on boxes tighten faster
                          the smaller the boxes are, which early measurements cannot show */
    WALKS = 32,       /* tightened neurons of the arm in between */
    WALKS_MOST = 512, /* loose neurons that may be tightened all */
    DEAREST = 64,     /* bounds that making intervals may cost */
    WINDOW = 32,      /* samples that an arm's record remembers */
    AT_JUMP = 2,      /* levels without a better bound after which a jump is decided */
    GROWTH_MOST = 64
};

const vouch_arm vouch_arms[VOUCH_ARM_COUNT] = {
    {"split", false, VOUCH_REFRESH_NARROW, 0},
    {"split, some neurons tightened", false, VOUCH_REFRESH_NARROW, WALKS},
    {"split, all neurons tightened", false, VOUCH_REFRESH_NARROW, -1},
    {"cut", true, VOUCH_REFRESH_NARROW, 0},
    {"cut, intervals anew", true, VOUCH_REFRESH_ROOT, 0},
};

/* ---- growth --------------------------------------------------------------------------- */

double vouch_growth(double gain_left, double gain_right)
{
    double left = fmin(fmax(gain_left, 1.0 / GROWTH_MOST), 1);
    double right = fmin(fmax(gain_right, 1.0 / GROWTH_MOST), 1);
    double low = 0, high = GROWTH_MOST;
    for (int i = 0; i < 30; i++) {
        double x = (low + high) / 2;
        if (exp2(-x * left) + exp2(-x * right) > 1)
            low = x;
        else
            high = x;
    }
    return high;
}

static double deficit(const vouch_sub *sub) { return fmax(-sub->lower, 1e-300); }

/* How much of the parent's deficit the child closes, in units of the bound. */
static double gain_of(const vouch_sub *parent, const vouch_child *c)
{
    double most = deficit(parent);
    if (c->closed)
        return most;
    double gain = c->lower - parent->lower; /* NaN: both are -infinity */
    return gain > 0 ? fmin(gain, most) : 0;
}

double vouch_plan_growth(const vouch_plan *plan, const vouch_child *pair)
{
    double most = deficit(plan->sub);
    return vouch_growth(gain_of(plan->sub, &pair[0]) / most,
                        gain_of(plan->sub, &pair[1]) / most);
}

/* ---- predictions ---------------------------------------------------------------------- */

static double predicted_gain(const vouch_branch_run *run, const vouch_choice *c, int side)
{
    const vouch_ratio *r = &run->ratio[c->neuron];
    double mean =
        run->ratio_count[side] > 0 ? run->ratio_sum[side] / run->ratio_count[side] : 1;
    return c->score * ((double)r->sum[side] + mean) / (r->count[side] + 1.0);
}

static double predicted_growth(const vouch_branch_run *run, const vouch_sub *sub,
                               const vouch_choice *c)
{
    double most = deficit(sub);
    return vouch_growth(predicted_gain(run, c, 0) / most, predicted_gain(run, c, 1) / most);
}

/* The best first; ties keep the order of scores. */
static void rank(const vouch_branch_run *run, const vouch_sub *sub, vouch_choice *choice,
                 int count)
{
    double growth[VOUCH_CHOICES + VOUCH_INPUT_CHOICES];
    for (int i = 0; i < count; i++) {
        vouch_choice one = choice[i];
        double its = predicted_growth(run, sub, &one);
        int at = i;
        for (; at > 0 && growth[at - 1] > its; at--) {
            growth[at] = growth[at - 1];
            choice[at] = choice[at - 1];
        }
        growth[at] = its;
        choice[at] = one;
    }
}

static void observe(vouch_branch_run *run, const vouch_choice *c, int side, double gain)
{
    double ratio = gain / c->score;
    if (!isfinite(ratio))
        return;
    run->ratio[c->neuron].sum[side] += (float)ratio;
    run->ratio[c->neuron].count[side]++;
    run->ratio_sum[side] += ratio;
    run->ratio_count[side]++;
}

static const vouch_choice *find_choice(const vouch_sub *sub, int64_t neuron)
{
    for (int i = 0; i < sub->neuron_choices + sub->input_choices; i++)
        if (sub->choice[i].neuron == neuron)
            return &sub->choice[i];
    return NULL;
}

/* ---- arms ----------------------------------------------------------------------------- */

static int64_t walks_of(const vouch_arm *arm, const vouch_sub *sub)
{
    return arm->walks < 0 || arm->walks > sub->loose ? sub->loose : arm->walks;
}

/* In backward walks: a gradient step is a walk and its derivative, forwards; tightening a
 * neuron walks through half of the network in the mean. */
static double bound_cost(int steps) { return 1 + 2.5 * steps; }

static double refresh_cost(const vouch_arm *arm, const vouch_sub *sub)
{
    double walks =
        arm->refresh == VOUCH_REFRESH_ROOT ? (double)sub->loose : (double)walks_of(arm, sub);
    return .2 + .5 * walks;
}

static double arm_cost(const vouch_branch_run *run, const vouch_arm *arm, const vouch_sub *sub)
{
    return 2 * (bound_cost(run->in->steps) + refresh_cost(arm, sub));
}

/* Does nothing help any more but to decide a jump? Halving inputs comes near it and never there,
 * and the bound stays what it is. */
static bool is_at_jump(const vouch_sub *sub) { return sub->jumps && sub->stalled >= AT_JUMP; }

static bool is_possible(const vouch_branch_run *run, const vouch_arm *arm, const vouch_sub *sub)
{
    if (arm->input ? sub->input_choices == 0 : sub->neuron_choices == 0)
        return false;
    if (!arm->input && run->varying <= INPUTS_ONLY && sub->input_choices > 0 && !sub->jumps)
        return false;
    if (arm->input && is_at_jump(sub))
        return false;
    if (arm->input && run->varying > VOUCH_FEW_INPUTS && sub->neuron_choices > 0)
        return false;
    if (arm->walks != 0 && (!run->keeps_score || sub->loose > WALKS_MOST || sub->loose == 0))
        return false;
    if (arm->walks > 0 && sub->loose <= arm->walks)
        return false; /* the same as all */
    return refresh_cost(arm, sub) <= DEAREST * bound_cost(run->in->steps);
}

/* Before anything is measured: few inputs are best cut, many are not. */
static double guess(const vouch_branch_run *run, const vouch_arm *arm)
{
    const double usual = 16, cut = run->varying <= 12 ? 8 : 32;
    return arm->input ? cut : usual;
}

static double arm_value(const vouch_branch_run *run, int arm, const vouch_sub *sub)
{
    const vouch_arm_record *r = &run->record[arm];
    return (r->count ? r->growth : guess(run, &vouch_arms[arm])) +
           log2(arm_cost(run, &vouch_arms[arm], sub));
}

static void choose_arms(vouch_branch_run *run, vouch_plan *plan, bool sample)
{
    int best = -1;
    plan->arms = 0;
    for (int a = 0; a < VOUCH_ARM_COUNT; a++) {
        if (!is_possible(run, &vouch_arms[a], plan->sub))
            continue;
        if (best < 0 || arm_value(run, a, plan->sub) < arm_value(run, best, plan->sub))
            best = a;
        if (sample)
            plan->arm[plan->arms++] = a;
    }
    if (!sample && best >= 0)
        plan->arm[plan->arms++] = best;
}

/* ---- plans ---------------------------------------------------------------------------- */

static bool splits_neuron(const vouch_plan *plan)
{
    for (int i = 0; i < plan->arms; i++)
        if (!vouch_arms[plan->arm[i]].input)
            return true;
    return false;
}

static bool is_reliable(const vouch_branch_run *run, const vouch_choice *c)
{
    const vouch_ratio *r = &run->ratio[c->neuron];
    return r->count[0] + r->count[1] >= RELIABLE;
}

static void choose_trials(const vouch_branch_run *run, vouch_plan *plan)
{
    const vouch_pick *pick = run->in->pick;
    const vouch_sub *sub = plan->sub;
    plan->tried = 0;
    if (sub->neuron_choices < 2 || !splits_neuron(plan))
        return;
    for (int i = 0; i < sub->neuron_choices && i < pick->trials && i < VOUCH_TRIALS; i++)
        if (!pick->learns || !is_reliable(run, &sub->choice[i]))
            plan->trial[plan->tried++] = i;
}

bool vouch_plan_make(vouch_branch_run *run, vouch_plan *plan, bool sample)
{
    vouch_sub *sub = plan->sub;
    choose_arms(run, plan, sample);
    if (run->in->pick->learns) {
        rank(run, sub, sub->choice, sub->neuron_choices);
        rank(run, sub, sub->choice + sub->neuron_choices, sub->input_choices);
    }
    choose_trials(run, plan);
    return plan->arms > 0;
}

static double trial_growth(const vouch_branch_run *run, const vouch_plan *plan, int t)
{
    return vouch_plan_growth(plan, &run->trial[plan->trial_child + 2 * t]);
}

/* A plain walk shows less than optimised bounds will; how much less is measured. */
static double trial_bias(const vouch_branch_run *run)
{
    return (run->real_growth + 1) / (run->trial_growth + 1);
}

/* What is known of a choice: what its trial showed, else what is predicted; a heuristic that
 * does not learn goes by trials alone, and then by its scores. */
static double expected_growth(const vouch_branch_run *run, const vouch_plan *plan, int choice)
{
    const bool learns = run->in->pick->learns;
    for (int t = 0; t < plan->tried; t++)
        if (plan->trial[t] == choice)
            return trial_growth(run, plan, t) * (learns ? trial_bias(run) : 1);
    return learns ? predicted_growth(run, plan->sub, &plan->sub->choice[choice])
                  : (double)INFINITY;
}

const vouch_choice *vouch_plan_choice(const vouch_branch_run *run, const vouch_plan *plan,
                                      int arm)
{
    const vouch_sub *sub = plan->sub;
    if (vouch_arms[arm].input)
        return &sub->choice[sub->neuron_choices];
    for (int i = 0; is_at_jump(sub) && i < sub->neuron_choices; i++)
        if (sub->choice[i].cut.open != VOUCH_CUT_CLOSED)
            return &sub->choice[i];
    if (plan->tried == 0)
        return &sub->choice[0];
    int best = 0;
    double least = expected_growth(run, plan, 0);
    for (int i = 1; i < sub->neuron_choices; i++) {
        double its = expected_growth(run, plan, i);
        if (its < least) {
            least = its;
            best = i;
        }
    }
    return &sub->choice[best];
}

/* What a decided step means to all behind it is worth a look at the intervals. */
static int64_t decided_walks(int64_t walks, const vouch_choice *c)
{
    return walks == 0 && c->cut.open != VOUCH_CUT_CLOSED ? 1 : walks;
}

/* arm < 0: a trial of choice number -1 - arm. */
void vouch_plan_fill(const vouch_branch_run *run, const vouch_plan *plan, int arm,
                     vouch_child *pair)
{
    const vouch_sub *sub = plan->sub;
    const vouch_choice *c =
        arm < 0 ? &sub->choice[-1 - arm] : vouch_plan_choice(run, plan, arm);
    const vouch_arm *how = &vouch_arms[arm < 0 ? 0 : arm];
    for (int side = 0; side < 2; side++)
        pair[side] =
            (vouch_child){.parent = sub,
                          .which_case = sub->which_case,
                          .decision = {.neuron = (int32_t)c->neuron,
                                       .upper = side == 0,
                                       .point = c->cut.at,
                                       .open = c->cut.open ==
                                               (side == 0 ? VOUCH_CUT_BELOW : VOUCH_CUT_ABOVE)},
                          .refresh = how->refresh,
                          .walks = decided_walks(walks_of(how, sub), c),
                          .steps = arm < 0 ? 0 : run->in->steps,
                          .trial = arm < 0};
}

/* What trials showed and what came of it, of the same splits. */
static void learn_bias(vouch_branch_run *run, const vouch_plan *plan, int arm,
                       const vouch_child *pair)
{
    for (int t = 0; arm >= 0 && t < plan->tried; t++)
        if (plan->sub->choice[plan->trial[t]].neuron == pair[0].decision.neuron) {
            run->trial_growth += trial_growth(run, plan, t);
            run->real_growth += vouch_plan_growth(plan, pair);
        }
}

void vouch_plan_learn(vouch_branch_run *run, const vouch_plan *plan, int arm,
                      const vouch_child *pair)
{
    const vouch_choice *c = find_choice(plan->sub, pair[0].decision.neuron);
    for (int side = 0; c && side < 2; side++)
        observe(run, c, side, gain_of(plan->sub, &pair[side]));
    learn_bias(run, plan, arm, pair);
    run->work += 2 * bound_cost(pair[0].steps) + 2 * .5 * (double)pair[0].walks;
    if (arm < 0 || plan->arms < 2)
        return;
    vouch_arm_record *r = &run->record[arm];
    r->count += r->count < WINDOW;
    r->growth += (vouch_plan_growth(plan, pair) - r->growth) / r->count;
}
