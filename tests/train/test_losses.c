/* Losses against references written by hand in double precision: a dense network with one hidden
 * layer whose outputs, input gradients and perturbations are spelt out below. Gradients of
 * parameters against differences of the loss at the perturbed samples. */
enum { IN = 3, HIDDEN = 5, OUT = 3, COUNT = 4, ROWS = 2 * COUNT, SEED = 11 };

#include "train/entropy.h"
#include "train/loss_fixture.h"
#include "train/perturb.h"

static const float low = 0, high = 1, eps = 0.25F;

static fixture *begin(const char *loss)
{
    static fixture f;
    static const int size[] = {IN, HIDDEN, OUT};
    vouch_random r = vouch_random_stream(3, "test", 0);
    f = (fixture){.ctx = vouch_test_context()};
    f.arena = vouch_arena_new(f.ctx);
    vouch_test_net_random(f.ctx, VOUCH_F32, 2, size, &r, &f.small);
    vouch_test_ok(f.ctx, vouch_net_new_to_train(f.ctx, f.arena, f.small.graph, &f.net));
    draw_samples(&f, &r);
    prepare(&f, loss, eps);
    return &f;
}

static void end(fixture *f)
{
    vouch_test_net_free(&f->small);
    vouch_arena_free(f->arena);
    vouch_context_free(f->ctx);
}

/* ---- the reference --------------------------------------------------------------------------- */

/* Logarithms of the softmax of the outputs at x; hidden sums before their ReLU. */
static void look(const vouch_test_net *n, const double *x, double hidden[HIDDEN],
                 double log_share[OUT])
{
    double sum = 0;
    for (int h = 0; h < HIDDEN; h++) {
        hidden[h] = (double)n->bias[0][h];
        for (int i = 0; i < IN; i++)
            hidden[h] += (double)n->weight[0][i * HIDDEN + h] * x[i];
    }
    for (int j = 0; j < OUT; j++) {
        log_share[j] = (double)n->bias[1][j];
        for (int h = 0; h < HIDDEN; h++)
            log_share[j] += (double)n->weight[1][h * OUT + j] * fmax(hidden[h], 0);
        sum += exp(log_share[j]);
    }
    for (int j = 0; j < OUT; j++)
        log_share[j] -= log(sum);
}

/* The gradient by x of -sum target log share. */
static void slope(const vouch_test_net *n, const double *x, const double *target, double g[IN])
{
    double hidden[HIDDEN], log_share[OUT];
    look(n, x, hidden, log_share);
    memset(g, 0, IN * sizeof *g);
    for (int h = 0; h < HIDDEN; h++) {
        double d = 0;
        for (int j = 0; j < OUT; j++)
            d += (double)n->weight[1][h * OUT + j] * (exp(log_share[j]) - target[j]);
        for (int i = 0; i < IN && hidden[h] > 0; i++)
            g[i] += d * (double)n->weight[0][i * HIDDEN + h];
    }
}

static double between(double x, double a, double b) { return fmin(fmax(x, a), b); }

/* A climb as papers write it: p <- Pi(p + step sign(gradient)). */
typedef struct climb {
    double noise, step,
        radius;           /* of the start; of a step; of the ball steps are brought back to */
    bool clipped, normal; /* the start is brought into the range; is normal noise */
    int steps;
} climb;

static void walk(const fixture *f, int s, const climb *c, const double *target, double p[IN])
{
    vouch_random r = vouch_random_stream(SEED, "perturb", f->sample[s]);
    for (int i = 0; i < IN; i++) {
        const double u = c->normal ? vouch_random_normal(&r)
                                   : (double)(vouch_random_bits(&r) >> 40) * 0x1p-23 - 1;
        p[i] = (double)f->x[s * IN + i] + (c->noise > 0 ? c->noise * u : 0);
        p[i] = c->clipped ? between(p[i], (double)low, (double)high) : p[i];
    }
    for (int k = 0; k < c->steps; k++) {
        double g[IN];
        slope(&f->small, p, target, g);
        for (int i = 0; i < IN; i++) {
            const double x = (double)f->x[s * IN + i];
            p[i] += c->step * (double)((g[i] > 0) - (g[i] < 0));
            p[i] =
                between(between(p[i], x - c->radius, x + c->radius), (double)low, (double)high);
        }
    }
}

static void one_hot(int label, double target[OUT])
{
    for (int j = 0; j < OUT; j++)
        target[j] = j == label;
}

/* ---- comparisons ----------------------------------------------------------------------------- */

/* The loss's perturbed samples and value are those of the climb. */
static void compare(const char *loss, const climb *c)
{
    fixture *f = begin(loss);
    double total = 0;
    f->term[0].loss->run(&f->job);
    for (int s = 0; s < COUNT; s++) {
        double p[IN], target[OUT], hidden[HIDDEN], log_share[OUT];
        one_hot(f->label[s], target);
        walk(f, s, c, target, p);
        look(&f->small, p, hidden, log_share);
        total -= log_share[f->label[s]];
        for (int i = 0; i < IN && c->steps > 0; i++)
            near((double)f->out[s * IN + i], p[i], 1e-6);
    }
    near(f->part[0].loss, total, 1e-5);
    assert_true(f->part[0].begun);
    end(f);
}

static void perturbed_losses_are_those_of_their_definitions(void **state)
{
    (void)state;
    const double e = (double)eps;
    compare("standard", &(climb){0});
    compare("fgsm", &(climb){.step = e, .radius = e, .steps = 1});
    compare("rs-fgsm", &(climb){.noise = e, .step = 1.25 * e, .radius = e, .steps = 1});
    compare("rs-fgsm step=2", &(climb){.noise = e, .step = 2 * e, .radius = e, .steps = 1});
    compare("n-fgsm",
            &(climb){.noise = 2 * e, .step = e, .radius = (double)INFINITY, .steps = 1});
    compare("n-fgsm k=1 step=.5",
            &(climb){.noise = e, .step = e / 2, .radius = (double)INFINITY, .steps = 1});
    compare("pgd",
            &(climb){.noise = e, .step = e / 4, .radius = e, .steps = 10, .clipped = true});
    compare("pgd steps=3 step=.5",
            &(climb){.noise = e, .step = e / 2, .radius = e, .steps = 3, .clipped = true});
}

static void trades_is_cross_entropy_and_beta_times_the_divergence(void **state)
{
    (void)state;
    const climb c = {.noise = 1e-3,
                     .step = (double)eps / 4,
                     .radius = (double)eps,
                     .normal = true,
                     .steps = 10};
    fixture *f = begin("trades beta=4");
    double total = 0;
    f->term[0].loss->run(&f->job);
    for (int s = 0; s < COUNT; s++) {
        double x[IN], p[IN], share[OUT], hidden[HIDDEN], clean[OUT], moved[OUT];
        for (int i = 0; i < IN; i++)
            x[i] = (double)f->x[s * IN + i];
        look(&f->small, x, hidden, clean);
        for (int j = 0; j < OUT; j++)
            share[j] = exp(clean[j]);
        walk(f, s, &c, share, p);
        look(&f->small, p, hidden, moved);
        total -= clean[f->label[s]];
        for (int j = 0; j < OUT; j++)
            total += 4 * share[j] * (clean[j] - moved[j]);
        for (int i = 0; i < IN; i++)
            near((double)f->out[(COUNT + s) * IN + i], p[i], 1e-6);
    }
    near(f->part[0].loss, total, 1e-5);
    end(f);
}

/* The loss with its perturbed samples held where they are, at the net's parameters now. */
static double held(fixture *f, bool trades, double beta)
{
    const vouch_aim_at at = {.count = COUNT, .classes = OUT, .label = f->label};
    float y[ROWS * OUT], ignored[2][COUNT * OUT] = {{0}};
    vouch_net_refresh(f->net, 0, 1);
    vouch_tape_forward(f->job.tape, trades ? ROWS : COUNT, f->out, y);
    double loss = vouch_entropy_cross(&at, y, 1, NULL, NULL);
    if (trades)
        loss += beta * vouch_entropy_divergence(COUNT, OUT, y, y + COUNT * OUT, 1, ignored[0],
                                                ignored[1]);
    return loss / COUNT;
}

static void gradients_of_parameters_agree_with_differences(void **state)
{
    (void)state;
    static const char *const losses[] = {"fgsm", "rs-fgsm", "n-fgsm", "pgd", "trades"};
    for (size_t l = 0; l < sizeof losses / sizeof *losses; l++) {
        fixture *f = begin(losses[l]);
        const bool trades = f->term[0].loss->rows == 2;
        float *w = vouch_net_parameters(f->net);
        run(f);
        for (int64_t i = 0; i < vouch_net_size(f->net); i++) {
            const float at = w[i], h = 0x1p-9F;
            if (f->part[0].gradient[i] == 0)
                continue;
            w[i] = at + h;
            const double above = held(f, trades, 6);
            w[i] = at - h;
            const double below = held(f, trades, 6);
            w[i] = at;
            near((double)f->part[0].gradient[i], (above - below) / (2 * (double)h), 2e-3);
        }
        end(f);
    }
}

static void gradients_of_several_passes_are_added_up(void **state)
{
    (void)state;
    fixture *f = begin("standard");
    const int64_t size = vouch_net_size(f->net);
    float *once = VOUCH_NEW_ARRAY(f->arena, float, size);
    run(f);
    memcpy(once, f->part[0].gradient, (size_t)size * sizeof *once);
    f->term[0].loss->run(&f->job);
    for (int64_t i = 0; i < size; i++)
        assert_true(f->part[0].gradient[i] == 2 * once[i]);
    end(f);
}

static void every_loss_keeps_to_the_range_and_counts_hits(void **state)
{
    (void)state;
    for (const vouch_loss *const *l = vouch_loss_table(); *l; l++) {
        if ((*l)->regulariser || (*l)->prepare)
            continue;
        fixture *f = begin((*l)->name);
        f->hits = -1;
        (*l)->run(&f->job);
        assert_true(f->hits >= 0 && f->hits <= COUNT && isfinite(f->part[0].loss));
        for (int i = 0; i < COUNT * IN; i++)
            assert_true(f->out[i] >= low && f->out[i] <= high);
        end(f);
    }
}

/* 1 - quotient: tolerance 1; of an empty side the quotient is 0. */
static double lack(double a, double b)
{
    const double least = fmin(a, b), most = fmax(a, b);
    return most > 0 ? 1 - least / most : 0;
}

/* Shi's term of the hidden layer in boxes of that radius, from its definition. */
static double shi(const fixture *f, double radius)
{
    double c[COUNT * HIDDEN] = {0}, r[COUNT * HIDDEN] = {0}, box[2][COUNT * IN];
    double inputs = 0, tau = 0, mean = 0, sum[2] = {0}, square[2] = {0};
    for (int i = 0; i < COUNT * IN; i++) {
        box[0][i] = fmax((double)f->x[i] - radius, (double)low);
        box[1][i] = fmin((double)f->x[i] + radius, (double)high);
        inputs += (box[1][i] - box[0][i]) / 2 / (COUNT * IN);
    }
    for (int k = 0; k < COUNT * HIDDEN; k++) {
        const int s = k / HIDDEN, h = k % HIDDEN;
        c[k] = (double)f->small.bias[0][h];
        for (int i = 0; i < IN; i++) {
            const double w = (double)f->small.weight[0][i * HIDDEN + h];
            c[k] += w * (box[0][s * IN + i] + box[1][s * IN + i]) / 2;
            r[k] += fabs(w) * (box[1][s * IN + i] - box[0][s * IN + i]) / 2;
        }
        tau += r[k] / (COUNT * HIDDEN);
        mean += c[k] / (COUNT * HIDDEN);
    }
    for (int k = 0; k < COUNT * HIDDEN; k++) {
        const double at = c[k], half = r[k];
        const int side = at - half > 0 ? 0 : at + half < 0 ? 1 : -1;
        if (side >= 0) {
            sum[side] += fabs(at);
            square[side] += (at - mean) * (at - mean);
        }
    }
    return fmax(1 - inputs / tau, 0) + lack(sum[0], sum[1]) + lack(square[0], square[1]);
}

static void shis_regulariser_is_that_of_its_definition_and_fades_with_the_ramp(void **state)
{
    (void)state;
    fixture *f = begin("shi lambda=.7 tolerance=1");
    double all = 0;
    run(f);
    near(f->part[0].loss, 0, 0); /* the end of the ramp */
    for (int k = 0; k < 5; k++) {
        const double radius = (double)eps * (0.05 + 0.2 * k);
        f->job.eps = (float)radius;
        run(f);
        const double want = 0.7 * (1 - radius / (double)eps) * shi(f, radius) * COUNT;
        all += want;
        near(f->part[0].loss, want, 1e-4);
    }
    assert_true(all > 0.1);
    end(f);
}

static void terms_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"ibx", "'ibx' is not one of"},     {"", "no loss is named"},
        {"pgd steps", "not NAME=VALUE"},    {"pgd stops=3", "no setting 'stops'"},
        {"pgd steps=0", "from 1 to"},       {"pgd step=nan", "'nan' is not a number"},
        {"trades beta=", "is not a number"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        vouch_context *ctx = vouch_test_context();
        vouch_arena *arena = vouch_arena_new(ctx);
        vouch_loss_term term[VOUCH_LOSS_TERMS];
        int count = 0;
        assert_int_equal(vouch_loss_parse_sum(arena, bad[i][0], NULL, term, &count),
                         VOUCH_ERR_ARGUMENT);
        assert_non_null(strstr(vouch_context_error(ctx), bad[i][1]));
        vouch_arena_free(arena);
        vouch_context_free(ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(perturbed_losses_are_those_of_their_definitions),
        cmocka_unit_test(trades_is_cross_entropy_and_beta_times_the_divergence),
        cmocka_unit_test(gradients_of_parameters_agree_with_differences),
        cmocka_unit_test(gradients_of_several_passes_are_added_up),
        cmocka_unit_test(shis_regulariser_is_that_of_its_definition_and_fades_with_the_ramp),
        cmocka_unit_test(every_loss_keeps_to_the_range_and_counts_hits),
        cmocka_unit_test(terms_that_make_no_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
