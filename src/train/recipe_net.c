/* The network that a recipe asks for, and what of the data training must know (recipe.h). */
#include <stdio.h>
#include <string.h>

#include "io/io.h"
#include "train/architecture.h"
#include "train/rebuild.h"
#include "train/recipe.h"

/* Does the text end with the layer "fcN" for that N? */
static bool ends_with_outputs(const char *text, int classes)
{
    char word[32];
    const int length = snprintf(word, sizeof word, "fc%d", classes);
    size_t end = strlen(text);
    while (end > 0 && text[end - 1] == ' ')
        end--;
    return end >= (size_t)length && strncmp(text + end - length, word, (size_t)length) == 0 &&
           (end == (size_t)length || text[end - (size_t)length - 1] == ' ');
}

vouch_status vouch_recipe_build(vouch_arena *arena, const vouch_recipe *recipe,
                                const vouch_data_info *info, vouch_graph **graph)
{
    const bool image = info->shape.rank == 3;
    const char *text = ends_with_outputs(recipe->arch, info->classes)
                           ? recipe->arch
                           : vouch_arena_print(arena, "%s fc%d", recipe->arch, info->classes);
    const vouch_architecture a = {.text = text,
                                  .channels = image ? info->shape.dim[0] : 1,
                                  .height = image ? info->shape.dim[1] : 1,
                                  .width = image ? info->shape.dim[2] : info->size,
                                  .mean = recipe->mean,
                                  .deviation = recipe->deviation,
                                  .seed = recipe->fit.seed,
                                  .initial = vouch_initial_find(recipe->initial)};
    return text ? vouch_architecture_build(vouch_arena_context(arena), &a, graph)
                : VOUCH_ERR_MEMORY;
}

vouch_status vouch_recipe_start(vouch_context *ctx, const vouch_recipe *recipe,
                                const vouch_data_info *info, char sha256[65],
                                vouch_graph **graph)
{
    vouch_graph *old = NULL;
    *graph = NULL;
    VOUCH_TRY(vouch_network_read(ctx, recipe->start, &old, sha256));
    if (!recipe->new_head) {
        *graph = old;
        return VOUCH_OK;
    }
    vouch_status status = vouch_op_bind_graph(ctx, old);
    if (!status)
        status = vouch_rebuild_head(ctx, old, info->classes, recipe->fit.seed, graph);
    vouch_graph_free(old);
    return status;
}

/* Where samples may go when perturbed: the range of all features. */
static void find_range(const vouch_data_info *info, double *low, double *high)
{
    float least = info->feature[0].low, most = info->feature[0].high;
    for (int64_t i = 1; i < info->size; i++) {
        least = info->feature[i].low < least ? info->feature[i].low : least;
        most = info->feature[i].high > most ? info->feature[i].high : most;
    }
    *low = (double)least;
    *high = (double)most;
}

void vouch_recipe_match(vouch_recipe *recipe, const vouch_data_info *info)
{
    vouch_fit_settings *fit = &recipe->fit;
    if (info->shape.rank == 3) {
        fit->channels = info->shape.dim[0];
        fit->height = info->shape.dim[1];
        fit->width = info->shape.dim[2];
    }
    find_range(info, &fit->low, &fit->high);
}
