/* Local linearity errors of a chunk (elle.h): three rows a sample go through one pass. */
#include "train/elle.h"

#include "train/entropy.h"

/* Rows of sample s in out [3][count][inputs]: a, b, c. Returns where c is between a and b. */
static float draw(const vouch_loss_job *job, int64_t s)
{
    vouch_random r = vouch_random_stream(job->seed, "elle", job->sample[s]);
    const int64_t apart = job->count * job->inputs;
    const float share = (float)vouch_random_unit(&r), *x = job->x + s * job->inputs;
    float *row = job->out + s * job->inputs;
    for (int64_t i = 0; i < job->inputs; i++) {
        const float a = x[i] + job->eps * (float)(2 * vouch_random_unit(&r) - 1);
        const float b = x[i] + job->eps * (float)(2 * vouch_random_unit(&r) - 1);
        row[i] = a;
        row[i + apart] = b;
        row[i + 2 * apart] = a + share * (b - a);
    }
    return share;
}

/* The loss of one row; d_y becomes its gradient. In double precision: what is left of three losses
 * is far smaller than they are. */
static double loss_at(const vouch_loss_job *job, int64_t s, int64_t row, float *d_y)
{
    const vouch_aim_at at = vouch_loss_aim(job, s);
    return vouch_entropy_cross(&at, job->y + row * job->classes, 1, d_y, NULL);
}

/* The error's gradient by the outputs of the sample's three rows, in place of the losses'. */
static double part(const vouch_loss_job *job, int64_t s, float share, float factor)
{
    const double weight[VOUCH_ELLE_ROWS] = {(double)share - 1, -(double)share, 1};
    double error = 0;
    for (int64_t k = 0; k < VOUCH_ELLE_ROWS; k++) {
        const int64_t row = k * job->count + s;
        error += weight[k] * loss_at(job, s, row, job->d_y + row * job->classes);
    }
    for (int64_t k = 0; k < VOUCH_ELLE_ROWS; k++)
        for (int64_t j = 0; j < job->classes; j++)
            job->d_y[(k * job->count + s) * job->classes + j] *=
                (float)(2 * (double)factor * (double)job->scale * error * weight[k]);
    return error * error;
}

double vouch_elle_errors(const vouch_loss_job *job, float factor)
{
    double sum = 0;
    for (int64_t s = 0; s < job->count; s++)
        job->d_x[s] = draw(job, s);
    vouch_tape_forward(job->tape, VOUCH_ELLE_ROWS * job->count, job->out, job->y);
    for (int64_t s = 0; s < job->count; s++)
        sum += part(job, s, job->d_x[s], factor);
    return sum;
}

void vouch_elle_run(const vouch_loss_job *job, float factor)
{
    job->part[0].loss += (double)factor * vouch_elle_errors(job, factor);
    vouch_loss_backward(job, 0, job->d_y);
}
