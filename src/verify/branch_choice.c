/* Candidates for the next split of a subproblem: the best neurons by the heuristic's score and
 * the best inputs, each with the point where it is cut. */
#include <float.h>
#include <math.h>

#include "verify/branch_priv.h"

/* Keeps choice[0 .. *count-1] the best, in order; ties go to the first. */
static void keep_choice(vouch_choice *choice, int *count, int room, const vouch_choice *one)
{
    int at = *count < room ? (*count)++ : room - 1;
    for (; at > 0 && choice[at - 1].score < one->score; at--)
        choice[at] = choice[at - 1];
    choice[at] = *one;
}

static bool enters(const vouch_choice *choice, int count, int room, double score)
{
    return score > 0 && (count < room || score > choice[room - 1].score);
}

static void offer(const vouch_branch_run *run, const vouch_dag_intervals *at,
                  vouch_choice *choice, int *count, int room, const vouch_choice *one)
{
    vouch_choice full = *one;
    if (!enters(choice, *count, room, one->score))
        return;
    full.cut = vouch_dag_split_point(run->dag, at, one->neuron);
    if (!isnan(full.cut.at))
        keep_choice(choice, count, room, &full);
}

/* Where no relaxation costs anything at the minimiser: it is one point of many that the bound
 * does not tell apart (rows that only together exclude it, weights not yet at their best), and
 * at others they cost. Those that the bound leans on come first, then the widest. */
static void choose_lossless(const vouch_branch_run *run, vouch_sub *sub,
                            const vouch_dag_intervals *at, const vouch_pick_view *view,
                            bool leaning)
{
    for (int64_t j = 0; j < view->neuron_count; j++) {
        double low = view->low[j], high = view->high[j];
        double least = fmin(fabs(low), fabs(high));
        vouch_choice one = {.neuron = j,
                            .score = leaning ? fabs(view->slope[j]) * least : high - low};
        sub->loose += !leaning && high > low;
        offer(run, at, sub->choice, &sub->neuron_choices, VOUCH_CHOICES, &one);
    }
}

static void choose_neurons(const vouch_branch_run *run, const vouch_child *c,
                           const vouch_dag_intervals *at, const vouch_dag_answer *answer,
                           double *score, vouch_sub *sub)
{
    uint64_t place = c->parent->id * 3 + (c->decision.neuron < 0 ? 2 : c->decision.upper);
    vouch_random random = vouch_random_stream(run->in->seed, "pick", place);
    vouch_pick_view view = {.neuron_count = run->neurons,
                            .low = vouch_dag_low(at),
                            .high = vouch_dag_high(at),
                            .loss = answer->score,
                            .slope = answer->slope,
                            .random = &random};
    run->in->pick->score(&view, score);
    for (int64_t j = 0; j < run->neurons; j++) {
        if (!(answer->score[j] > 0))
            continue;
        vouch_choice one = {.neuron = j, .score = score[j]};
        sub->loose++;
        offer(run, at, sub->choice, &sub->neuron_choices, VOUCH_CHOICES, &one);
    }
    for (int way = 0; way < 2 && sub->neuron_choices == 0; way++)
        choose_lossless(run, sub, at, &view, way == 0);
}

/* By score; where no input has one, by how much the bound moves with the input; where it does not
 * move at all, since a node without lines ended the walk, by width. */
static void choose_inputs(const vouch_branch_run *run, vouch_sub *sub,
                          const vouch_dag_intervals *at, const vouch_dag_answer *answer)
{
    const int64_t n = run->neurons;
    const double *low = vouch_dag_low(at) + n, *high = vouch_dag_high(at) + n;
    vouch_choice *choice = sub->choice + sub->neuron_choices;
    const int ways = vouch_dag_is_ragged(run->dag) ? 3 : 2;
    for (int way = 0; way < ways && sub->input_choices == 0; way++)
        for (int64_t d = 0; d < run->inputs; d++) {
            const double width = high[d] - low[d];
            const double score[] = {answer->score[n + d], fabs(answer->form[d]) * width, width};
            vouch_choice one = {.neuron = n + d, .score = score[way]};
            offer(run, at, choice, &sub->input_choices, VOUCH_INPUT_CHOICES, &one);
        }
}

/* Losses are those of whatever stands behind a step, too (of the product that chooses a branch),
 * but only the step itself can be decided: one of them is always among the choices. */
static void offer_jump(const vouch_branch_run *run, vouch_sub *sub,
                       const vouch_dag_intervals *at, const vouch_dag_answer *answer)
{
    const double *low = vouch_dag_low(at), *high = vouch_dag_high(at);
    vouch_choice best = {.score = 0};
    for (int i = 0; i < sub->neuron_choices; i++)
        sub->jumps |= sub->choice[i].cut.open != VOUCH_CUT_CLOSED;
    for (int64_t j = 0; j < run->neurons && !sub->jumps; j++) {
        const vouch_split_point cut = vouch_dag_split_point(run->dag, at, j);
        const double lean = fabs(answer->slope[j]) * fmin(high[j] - low[j], 1);
        const double score = answer->score[j] + lean + DBL_MIN;
        if (!isnan(cut.at) && cut.open != VOUCH_CUT_CLOSED && score > best.score)
            best = (vouch_choice){.neuron = j, .cut = cut, .score = score};
    }
    if (sub->jumps || best.score == 0)
        return;
    sub->jumps = true;
    sub->neuron_choices -= sub->neuron_choices == VOUCH_CHOICES;
    sub->choice[sub->neuron_choices++] = best;
}

void vouch_choose(const vouch_branch_run *run, const vouch_child *child,
                  const vouch_dag_intervals *at, const vouch_dag_answer *answer, double *score,
                  vouch_sub *sub)
{
    choose_neurons(run, child, at, answer, score, sub);
    if (vouch_dag_is_ragged(run->dag))
        offer_jump(run, sub, at, answer);
    choose_inputs(run, sub, at, answer);
}

/* ---- points ---- */

/* Does the minimiser satisfy the case, or nearly, in plain doubles? */
bool vouch_branch_promising(const vouch_task *t, int which_case, const double *x,
                            const double *y)
{
    const double nearly = 1e-6; /* of the row's magnitude; the replay decides */
    for (int i = t->case_start[which_case]; i < t->case_start[which_case + 1]; i++) {
        int r = t->case_row[i];
        const double *out = t->row_output + (size_t)r * (size_t)t->output_count;
        const double *in = t->row_input + (size_t)r * (size_t)t->input_count;
        double value = t->row_constant[r], size = fabs(value);
        for (int k = 0; k < t->output_count; k++) {
            value += out[k] * y[k];
            size += fabs(out[k] * y[k]);
        }
        for (int k = 0; k < t->input_count; k++) {
            value += in[k] * x[k];
            size += fabs(in[k] * x[k]);
        }
        if (!(value <= nearly * size))
            return false;
    }
    return true;
}
