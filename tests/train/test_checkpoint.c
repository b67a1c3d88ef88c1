/* Checkpoints: a run that ends anywhere and goes on gives the bits of one that did not end; what
 * does not belong to it, or is damaged, is refused; errors say what is kept. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/io.h"
#include "train/net_fixture.h"

enum { EPOCHS = 4, PATH = 64 };

typedef struct run {
    fixture *f;
    vouch_fit_settings s;
    vouch_fit_data data;
    char path[PATH];
    int64_t stop; /* after that epoch */
    int64_t calls, rows;
    double loss[EPOCHS];
} run;

static bool tell(void *user, const vouch_fit_progress *log, int64_t count)
{
    run *r = user;
    r->calls++;
    r->rows = count;
    for (int64_t i = 0; i < count; i++)
        r->loss[i] = log[i].loss;
    return count != r->stop;
}

static run *begin_run(const char *arch)
{
    static run r;
    r = (run){.f = begin(arch)};
    r.s = settings(r.f, 2);
    r.data = data_of(r.f);
    r.s.epochs = EPOCHS;
    r.s.checkpoint = r.path;
    r.s.recipe = "a recipe";
    snprintf(r.path, sizeof r.path, "/tmp/vouch-ckpt-XXXXXX");
    const int fd = mkstemp(r.path);
    assert_true(fd >= 0);
    close(fd);
    unlink(r.path);
    return &r;
}

static void end_run(run *r)
{
    unlink(r->path);
    end(r->f);
}

static vouch_status go(run *r)
{
    return vouch_fit_run(r->f->ctx, r->f->net, &r->data, &r->s, tell, r);
}

static float *copy(const run *r)
{
    const size_t size = (size_t)vouch_net_size(r->f->net) * sizeof(float);
    float *to = malloc(size);
    assert_non_null(to);
    memcpy(to, vouch_net_parameters(r->f->net), size);
    return to;
}

/* Trains at once, then with a stop after each epoch, by other numbers of threads. */
static void compare(run *r)
{
    const size_t size = (size_t)vouch_net_size(r->f->net) * sizeof(float);
    vouch_test_ok(r->f->ctx, go(r));
    float *whole = copy(r);
    double loss[EPOCHS];
    memcpy(loss, r->loss, sizeof loss);
    unlink(r->path);
    again(r->f);
    for (int64_t e = 1; e <= EPOCHS; e++) {
        r->stop = e;
        r->s.threads = (int)(1 + e % 3);
        r->s.resume = e > 1;
        again(r->f);
        vouch_test_ok(r->f->ctx, go(r));
        assert_int_equal(r->rows, e);
    }
    assert_memory_equal(vouch_net_parameters(r->f->net), whole, size);
    assert_memory_equal(r->loss, loss, sizeof loss);
    /* A run that had ended has nothing to do. */
    r->calls = 0;
    again(r->f);
    vouch_test_ok(r->f->ctx, go(r));
    assert_memory_equal(vouch_net_parameters(r->f->net), whole, size);
    assert_int_equal(r->calls, 1);
    free(whole);
    end_run(r);
}

static void a_run_that_goes_on_gives_the_bits_of_one_at_once(void **state)
{
    (void)state;
    compare(begin_run(CONV));
}

static void averages_states_and_the_best_go_on_too(void **state)
{
    (void)state;
    run *r = begin_run(CONV);
    r->s.average = vouch_average_find("ema");
    r->s.validation = &r->data;
    r->s.blur = 0.01;
    r->s.ramp = (vouch_ramp){vouch_ramp_find("smooth"), 0, 3};
    vouch_test_ok(r->f->ctx, vouch_loss_parse_sum(r->f->arena, "rs-fgsm", "elle-a", r->s.term,
                                                  &r->s.term_count));
    compare(r);
    r = begin_run("conv16k3s2p1 bn relu fc24 bn relu fc4");
    r->s.average = vouch_average_find("swa");
    r->s.average_from = 1;
    r->s.optimiser = vouch_optimiser_find("nesterov");
    vouch_test_ok(r->f->ctx, vouch_loss_parse_sum(r->f->arena, "group-dro rate=.1", "forwabs",
                                                  r->s.term, &r->s.term_count));
    compare(r);
}

static void what_was_made_otherwise_is_refused(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        run *r = begin_run(CONV);
        r->stop = 1;
        vouch_test_ok(r->f->ctx, go(r));
        again(r->f);
        r->s.resume = true;
        if (k == 0)
            r->s.recipe = "another recipe";
        if (k == 1)
            r->f->x[3] += 1;
        if (k == 2)
            vouch_net_parameters(r->f->net)[0] += 1;
        assert_int_equal(go(r), VOUCH_ERR_VALUE);
        const char *error = vouch_context_error(r->f->ctx);
        assert_non_null(strstr(error, r->path));
        assert_non_null(strstr(error, k == 0 ? "other settings" : "other data"));
        end_run(r);
    }
}

static void damaged_checkpoints_are_refused(void **state)
{
    (void)state;
    run *r = begin_run("fc4");
    vouch_file file;
    r->stop = 1;
    vouch_test_ok(r->f->ctx, go(r));
    vouch_test_ok(r->f->ctx, vouch_file_read(r->f->arena, r->path, SIZE_MAX / 2, &file));
    char *bytes = malloc(file.size);
    const size_t size = file.size;
    assert_non_null(bytes);
    memcpy(bytes, file.data, size);
    end_run(r);
    for (size_t k = 0; k < 40; k++) {
        r = begin_run("fc4");
        char *changed = malloc(size);
        assert_non_null(changed);
        memcpy(changed, bytes, size);
        const size_t at = size * k / 40;
        changed[at] = (char)(changed[at] ^ 0x20);
        const size_t kept = k % 2 ? at : size; /* cut off, or changed */
        vouch_test_ok(r->f->ctx, vouch_file_write(r->f->ctx, r->path, changed, kept));
        r->s.resume = true;
        const vouch_status status = go(r);
        assert_true(status == VOUCH_ERR_PARSE || status == VOUCH_ERR_VALUE);
        assert_non_null(strstr(vouch_context_error(r->f->ctx), r->path));
        free(changed);
        end_run(r);
    }
    free(bytes);
}

static void an_error_says_which_epoch_is_kept(void **state)
{
    (void)state;
    run *r = begin_run(CONV);
    r->stop = 2;
    vouch_test_ok(r->f->ctx, go(r));
    r->s.resume = true;
    r->stop = 0;
    again(r->f);
    r->s.rate = 1e30; /* not part of this recipe's text */
    assert_int_equal(go(r), VOUCH_ERR_VALUE);
    const char *error = vouch_context_error(r->f->ctx);
    assert_non_null(strstr(error, "holds epoch 2"));
    assert_non_null(strstr(error, "no number any more in epoch 3"));
    end_run(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_that_goes_on_gives_the_bits_of_one_at_once),
        cmocka_unit_test(averages_states_and_the_best_go_on_too),
        cmocka_unit_test(what_was_made_otherwise_is_refused),
        cmocka_unit_test(damaged_checkpoints_are_refused),
        cmocka_unit_test(an_error_says_which_epoch_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
