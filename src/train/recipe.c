/* Option rows of a recipe, and what their texts name (recipe.h). */
#include "train/recipe.h"

#include <math.h>
#include <string.h>

static bool optimiser_choices(size_t index, const char **name)
{
    const vouch_optimiser *o = vouch_optimiser_table()[index];
    *name = o ? o->name : NULL;
    return o != NULL;
}

static bool schedule_choices(size_t index, const char **name)
{
    const vouch_schedule *s = vouch_schedule_table()[index];
    *name = s ? s->name : NULL;
    return s != NULL;
}

#define FIELD(f) offsetof(vouch_recipe, f)
#define TEXT(n, a, f, t, h)                                                                    \
    {                                                                                          \
        .name = n, .argument = a, .help = h, .type = VOUCH_OPTION_TEXT, .offset = FIELD(f),    \
        .text = t                                                                              \
    }
#define CHOICE(n, f, t, c, h)                                                                  \
    {                                                                                          \
        .name = n, .argument = "NAME", .help = h, .type = VOUCH_OPTION_CHOICE,                 \
        .offset = FIELD(f), .text = t, .choices = c                                            \
    }
#define INT(n, f, d, l, m, h)                                                                  \
    {                                                                                          \
        .name = n, .argument = "N", .help = h, .type = VOUCH_OPTION_INT, .offset = FIELD(f),   \
        .number = d, .low = l, .high = m                                                       \
    }
#define REAL(n, f, d, l, m, h)                                                                 \
    {                                                                                          \
        .name = n, .argument = "X", .help = h, .type = VOUCH_OPTION_REAL, .offset = FIELD(f),  \
        .number = d, .low = l, .high = m                                                       \
    }

/* By section, in the order of `sections`. */
const vouch_option vouch_recipe_rows[] = {
    TEXT("data", "PLACE", data, NULL, "what is trained on (vouch help data)"),
    TEXT("test", "PLACE", test, NULL, "data to count accuracy on, after training"),
    REAL("validation", validation, 0, 0, 0.9,
         "share of the data kept for validation after each epoch; the best network is kept"),
    REAL("mean", mean, 0, -1e9, 1e9, "inputs become (x - mean) / deviation inside the network"),
    REAL("deviation", deviation, 1, 1e-9, 1e9, "see --mean"),
    TEXT("augment", "TERMS", augment, NULL,
         "changes to samples (vouch list losses), parted by ' + ': \"crop pad=2 + flip\""),
    REAL("smoothing", fit.smoothing, 0, 0, 1,
         "share of a label that goes to all classes alike"),
    TEXT(
        "arch", "LAYERS", arch, "fc256 relu fc256 relu",
        "layers: convC[kK][sS][pP], fcN, bn, relu, maxpool, avgpool, gap, res( A | B ), "
        "flatten, presets; a last dense layer of as many outputs as there are classes is added "
        "where it is missing"),
    CHOICE("initial", initial, "uniform", vouch_initial_choices, "what weights are drawn from"),
    TEXT("start", "FILE", start, NULL,
         "an ONNX network to go on from, in place of --arch and random weights"),
    {.name = "new-head",
     .help = "beside --start: in place of its last dense layer a fresh one, of as many outputs "
             "as the data has classes",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(new_head)},
    INT("frozen", frozen, 0, 0, 1e6, "first layers with weights that stay as they are"),
    TEXT("loss", "TERM", loss, "standard",
         "what is brought down (vouch list losses), with its settings: \"n-fgsm k=3\""),
    TEXT("regulariser", "TERMS", regulariser, NULL,
         "what is added to the loss, each with its settings, parted by ' + '"),
    REAL("eps", fit.eps, 0.1, 0, 1e6, "radius of perturbations, each feature: 0.1 or 8/255"),
    {.name = "relative",
     .help = "of tables: trained on shares of each column's range, so that eps is one; the "
             "network takes the numbers themselves",
     .type = VOUCH_OPTION_FLAG,
     .offset = FIELD(relative)},
    REAL("features", fit.features, 1, -1, 1,
         "share of the features that boxes of bounds cover, the most salient ones of each "
         "sample; -X: all others"),
    [VOUCH_RECIPE_HOW] =
        CHOICE("ramp", ramp, "none", vouch_ramp_choices, "how the radius rises to --eps"),
    REAL("ramp-from", fit.ramp.from, 0, 0, 1e6, "epochs done when the ramp begins"),
    REAL("ramp-until", fit.ramp.until, 1, 0, 1e6, "epochs done when it ends"),
    CHOICE("optimiser", optimiser, "adam", optimiser_choices, "how a gradient becomes a step"),
    REAL("momentum", fit.momentum, 0.9, 0, 1, "of sgd and nesterov"),
    REAL("decay", fit.decay, 0, 0, 1,
         "of the weights (not of biases and normalisations): times the weight, it is added to "
         "its "
         "gradient; adamw takes it, times the rate, off the weight itself"),
    REAL("l1", fit.l1, 0, 0, 1, "what the sum of the weights' sizes counts"),
    REAL("clip", fit.clip, 0, 0, 1e9, "greatest norm of a gradient; 0: no limit"),
    REAL("blur", fit.blur, 0, 0, 1e3,
         "deviation of the normal noise on parameters where gradients are taken"),
    CHOICE("average", average, "none", vouch_average_choices,
           "average of the parameters that is kept: by steps (ema), by epochs (swa)"),
    REAL("average-decay", fit.average_decay, 0.999, 0, 1, "of ema, a step"),
    REAL("average-from", fit.average_from, 0, 0, 1e6, "epochs done when swa begins"),
    INT("epochs", fit.epochs, 10, 1, 1e6, "passes over the data"),
    INT("batch", fit.batch, 100, 1, 65536, "samples of a step"),
    CHOICE("schedule", schedule, "cosine", schedule_choices,
           "the learning rate along training"),
    REAL("rate", fit.rate, 1e-3, 0, 1e6, "the greatest learning rate"),
    REAL("warmup", fit.warmup, 0, 0, 1e6, "epochs in which the rate rises to the schedule's"),
    REAL("peak", fit.shape.peak, 0, 0, 0.99,
         "share of training at which the rate is greatest; 0: the schedule's own"),
    TEXT("milestones", "E,...", milestones, NULL,
         "epochs at which schedule step changes the rate; none: half and three quarters"),
    REAL("factor", fit.shape.factor, 0.1, 0, 1, "by what it does"),
    [VOUCH_RECIPE_HOW_END] =
        INT("patience", fit.patience, 0, 0, 1e6,
            "epochs without a better score of the validation that end training; 0: no end"),
    INT("attack-steps", fit.attack_steps, 10, 1, 1e6, "of the PGD that scores the validation"),
    INT("seed", seed, 1, 0, 1e15, "of weights, order and perturbations"),
    INT("ensemble", ensemble, 1, 1, VOUCH_RECIPE_ENSEMBLE,
        "networks to train, with seeds from --seed on, whose mean of outputs is the one "
        "written"),
};
const size_t vouch_recipe_how_count = VOUCH_RECIPE_HOW_END - VOUCH_RECIPE_HOW;
const size_t vouch_recipe_row_count = sizeof vouch_recipe_rows / sizeof *vouch_recipe_rows;

/* Each begins with the row of that name. */
static const struct section {
    const char *name, *first;
} sections[] = {{"data", "data"},       {"network", "arch"},
                {"loss", "loss"},       {"optimiser", "optimiser"},
                {"schedule", "epochs"}, {"evaluation", "patience"},
                {"run", "seed"}};
enum { SECTIONS = sizeof sections / sizeof *sections };

const char *vouch_recipe_section(const vouch_option *row)
{
    const char *name = sections[0].name;
    for (const vouch_option *r = vouch_recipe_rows; r <= row; r++)
        for (int s = 0; s < SECTIONS; s++)
            if (strcmp(r->name, sections[s].first) == 0)
                name = sections[s].name;
    return name;
}

vouch_status vouch_recipe_finish(vouch_arena *arena, vouch_recipe *r)
{
    vouch_context *ctx = vouch_arena_context(arena);
    vouch_fit_settings *fit = &r->fit;
    fit->seed = (uint64_t)r->seed;
    fit->optimiser = vouch_optimiser_find(r->optimiser);
    fit->schedule = vouch_schedule_find(r->schedule);
    fit->ramp.shape = strcmp(r->ramp, "none") == 0 ? NULL : vouch_ramp_find(r->ramp);
    fit->average = vouch_average_find(r->average);
    if (fit->patience > 0 && r->validation <= 0)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "patience needs a validation share");
    if (fit->ramp.shape && fit->ramp.until < fit->ramp.from)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "ramp-until comes before ramp-from");
    if (fit->average && fit->average->epochs && fit->average_from >= (double)fit->epochs)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "average-from comes after the last epoch");
    VOUCH_TRY(vouch_schedule_milestones(ctx, r->milestones, (double)fit->epochs, &fit->shape));
    VOUCH_TRY(
        vouch_loss_parse_sum(arena, r->loss, r->regulariser, fit->term, &fit->term_count));
    return vouch_augment_parse(arena, r->augment, fit->augment, &fit->augment_count);
}

/* ---- what would have no effect --------------------------------------------------------------- */

static vouch_status check_start(vouch_context *ctx, vouch_recipe *r)
{
    static const char *const others[] = {"arch", "initial", "mean", "deviation"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const vouch_option *row =
            vouch_option_find(vouch_recipe_rows, vouch_recipe_row_count, others[i]);
        const bool is_none = row->offset == offsetof(vouch_recipe, arch) && !r->arch;
        if (!is_none && !vouch_option_untouched(row, r))
            return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                              "%s: not beside start: %s has its own, which stays", row->name,
                              r->start);
    }
    if (r->relative)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "relative: not beside start: %s takes its inputs as they are",
                          r->start);
    r->arch = r->initial = NULL;
    return VOUCH_OK;
}

static vouch_status check_features(vouch_context *ctx, const vouch_fit_settings *fit)
{
    bool boxes = fit->features == 1;
    for (int i = 0; i < fit->term_count; i++)
        boxes = boxes || fit->term[i].loss->boxes;
    return boxes ? VOUCH_OK
                 : vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                              "features: loss %s has no boxes of bounds, nor has a regulariser",
                              fit->term[0].loss->name);
}

vouch_status vouch_recipe_check(vouch_context *ctx, vouch_recipe *r)
{
    if (r->start)
        VOUCH_TRY(check_start(ctx, r));
    else if (r->new_head)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT,
                          "new-head: without start there is no old one");
    else if (!r->arch)
        return vouch_fail(ctx, VOUCH_ERR_ARGUMENT, "arch: names no layers");
    return check_features(ctx, &r->fit);
}
