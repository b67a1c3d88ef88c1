/* Training where memory is out: an error, and nothing leaks; a checkpoint stays whole. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/net.h"
#include "train/recipe.h"

enum { INPUTS = 6, COUNT = 12, CLASSES = 3 };

static const char text[] = "[data]\ndata = none\naugment = mixup\nsmoothing = .1\n"
                           "[loss]\nloss = n-fgsm k=1\nregulariser = elle-a\n"
                           "[optimiser]\nblur = .01\nclip = 1\naverage = ema\n"
                           "[schedule]\nepochs = 2\nbatch = 5\n";

static vouch_status read_recipe(vouch_arena *arena, vouch_recipe *recipe)
{
    vouch_options_default(vouch_recipe_rows, vouch_recipe_row_count, recipe);
    VOUCH_TRY(vouch_recipe_parse(arena, "r.ini", text, strlen(text), recipe));
    VOUCH_TRY(vouch_recipe_finish(arena, recipe));
    char *written = NULL;
    VOUCH_TRY(vouch_recipe_write(arena, recipe, &written));
    recipe->fit.recipe = written;
    return VOUCH_OK;
}

/* user: the checkpoint's path */
static vouch_status train(vouch_context *ctx, void *user)
{
    static const int size[] = {INPUTS, 4, CLASSES};
    float x[COUNT * INPUTS];
    int label[COUNT];
    vouch_test_net small;
    vouch_net *net = NULL;
    vouch_recipe recipe = {0};
    vouch_random r = vouch_random_stream(1, "fault", 0);
    vouch_context *builder = vouch_context_new(NULL);
    vouch_test_net_random(builder, VOUCH_F32, 2, size, &r, &small);
    for (int i = 0; i < COUNT * INPUTS; i++)
        x[i] = (float)vouch_random_unit(&r);
    for (int i = 0; i < COUNT; i++)
        label[i] = i % CLASSES;
    const vouch_fit_data data = {.count = COUNT, .inputs = INPUTS, .x = x, .label = label};
    vouch_arena *arena = vouch_arena_new(ctx);
    vouch_status status = arena ? read_recipe(arena, &recipe) : VOUCH_ERR_MEMORY;
    recipe.fit.threads = 1;
    recipe.fit.high = 1;
    recipe.fit.checkpoint = user;
    recipe.fit.resume = true;
    recipe.fit.validation = &data;
    if (!status)
        status = vouch_net_new_to_train(ctx, arena, small.graph, &net);
    if (!status)
        status = vouch_fit_run(ctx, net, &data, &recipe.fit, NULL, NULL);
    if (arena)
        vouch_arena_free(arena);
    vouch_test_net_free(&small);
    vouch_context_free(builder);
    return status;
}

static void every_failed_allocation_of_training_is_an_error(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/vouch-fault-%ld.ckpt", (long)getpid());
    vouch_test_some_allocations_fail(train, path, 100);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failed_allocation_of_training_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
