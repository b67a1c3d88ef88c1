/* Group DRO: cross-entropy of the group that is worst off, by weights that follow the losses.
 *
 * Groups are labels, values of a column, or both. Each has a weight q that rises with its loss L
 * from batch to batch (exponentiated gradient), and what is brought down is sum q L:
 *
 *   q <- q exp(rate L) / sum,    a sample of group g counts q_g / (share of g among samples so far)
 *
 * Shares of samples so far stand for those of the batch, so a chunk needs nothing of its
 * neighbours; weights are those that the batches before have left. Source: Sagawa, Koh, Hashimoto,
 * Liang 2020, Algorithm 1.
 */
#include <math.h>

#include "train/entropy.h"
#include "train/loss.h"

enum { GROUPS = 64 };

typedef struct settings {
    double rate, edge;
    int64_t labels, column, columns;
} settings;

/* All 0 before the first batch: weights begin alike. */
typedef struct state {
    double seen[GROUPS];
    double heat[GROUPS]; /* of q the logarithm, up to what is common */
} state;

static const vouch_option options[] = {
    VOUCH_LOSS_REAL(settings, rate, "how fast weights follow losses", 0.01, 0, 1e3),
    VOUCH_LOSS_INT(settings, labels, "1: groups of different labels are apart", 1, 0, 1),
    VOUCH_LOSS_INT(settings, column, "feature that tells groups apart, from 0; -1: none", -1,
                   -1, 1e9),
    VOUCH_LOSS_INT(
        settings, columns,
        "features from that one on, of which the greatest is the group; 1: two groups", 1, 1,
        GROUPS),
    VOUCH_LOSS_REAL(settings, edge, "between the two groups of one column", 0.5, -1e30, 1e30)};

static int64_t values(const settings *s) { return s->columns == 1 ? 2 : s->columns; }

static int64_t groups(const settings *s, int64_t classes)
{
    return (s->labels ? classes : 1) * (s->column < 0 ? 1 : values(s));
}

static vouch_status prepare(const vouch_loss_place *place, void **scratch)
{
    const settings *s = place->settings;
    *scratch = NULL;
    if (s->column >= 0 && s->column + s->columns > vouch_net_inputs(place->net))
        return vouch_fail(place->ctx, VOUCH_ERR_ARGUMENT,
                          "loss group-dro: columns %lld to %lld, samples have %lld features",
                          (long long)s->column, (long long)(s->column + s->columns - 1),
                          (long long)vouch_net_inputs(place->net));
    const int64_t count = groups(s, vouch_net_outputs(place->net));
    return count > 1 && count <= GROUPS
               ? VOUCH_OK
               : vouch_fail(place->ctx, VOUCH_ERR_ARGUMENT,
                            "loss group-dro: %lld groups, 2 to %d are possible",
                            (long long)count, GROUPS);
}

static int64_t group_of(const vouch_loss_job *job, int64_t sample)
{
    const settings *s = job->settings;
    const float *x = job->x + sample * job->inputs + s->column;
    int64_t value = 0;
    if (s->column < 0)
        return job->label[sample];
    if (s->columns == 1)
        value = (double)x[0] > s->edge;
    for (int64_t k = 1; k < s->columns; k++)
        value = x[k] > x[value] ? k : value;
    return s->labels ? job->label[sample] * values(s) + value : value;
}

/* What a sample of each group counts. */
static void weigh(const state *t, int64_t count, double weight[GROUPS])
{
    double most = 0, sum = 0, seen = 0;
    for (int64_t g = 0; g < count; g++)
        most = fmax(most, t->heat[g]);
    for (int64_t g = 0; g < count; g++) {
        seen += t->seen[g];
        sum += exp(t->heat[g] - most);
    }
    for (int64_t g = 0; g < count; g++)
        weight[g] = t->seen[g] > 0 ? exp(t->heat[g] - most) / sum * seen / t->seen[g] : 1;
}

static void run(const vouch_loss_job *job)
{
    const vouch_aim_at all = {
        .count = job->count, .classes = job->classes, .label = job->label};
    double weight[GROUPS] = {0};
    weigh(job->state, groups(job->settings, job->classes), weight);
    vouch_tape_forward(job->tape, job->count, job->x, job->y);
    (void)vouch_entropy_cross(&all, job->y, 1, NULL, job->hits);
    for (int64_t s = 0; s < job->count; s++) {
        const vouch_aim_at at = vouch_loss_aim(job, s);
        const int64_t g = group_of(job, s);
        const double loss =
            vouch_entropy_cross(&at, job->y + s * job->classes, job->scale * (float)weight[g],
                                job->d_y + s * job->classes, NULL);
        job->part[0].loss += weight[g] * loss;
        job->sum[g] += (float)loss;
        job->sum[GROUPS + g] += 1;
    }
    vouch_loss_backward(job, 0, job->d_y);
}

static int64_t sums(const vouch_net *net)
{
    (void)net;
    return 2 * GROUPS;
}

/* Groups that the batch does not have keep their weight, but for the sum of all. */
static void whole(vouch_loss_whole *w)
{
    const settings *s = w->settings;
    state *t = w->state;
    for (int g = 0; g < GROUPS; g++) {
        const double count = (double)w->sum[GROUPS + g];
        t->seen[g] += count;
        if (count > 0)
            t->heat[g] += s->rate * (double)w->sum[g] / count;
    }
}

const vouch_loss vouch_loss_group_dro = {
    .name = "group-dro",
    .summary = "cross-entropy of groups, those worst off first",
    .citation = "Sagawa, Koh, Hashimoto, Liang 2020",
    .size = sizeof(settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .state_size = sizeof(state),
    .prepare = prepare,
    .run = run,
    .sums = sums,
    .whole = whole,
};
