/* Axes of a study from texts, and the recipe of each cell (plan.h). */
#include "lab/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, CELLS_MOST = 100000 };
#define BLANKS " \t"

static const vouch_plan_method named[] = {
#define VOUCH_METHOD(name, text) {name, text, NULL},
#include "lab/method.def"
#undef VOUCH_METHOD
};
enum { NAMED = sizeof named / sizeof *named };

/* Keys of a recipe that a study sets itself. */
static const char *const own[] = {"data",   "validation",  "arch",        "start",
                                  "loss",   "regulariser", "eps",         "patience",
                                  "frozen", "seed",        "attack-steps"};

bool vouch_plan_owns(const char *key, size_t length)
{
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strlen(own[i]) == length && strncmp(own[i], key, length) == 0)
            return true;
    return false;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static vouch_status fail(vouch_arena *arena, const char *option, const char *what,
                         const char *text)
{
    return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_ARGUMENT, "option '%s': %s '%s'",
                      option, what, text);
}

static char *trim(char *text)
{
    text += strspn(text, BLANKS);
    for (size_t n = strlen(text); n > 0 && strchr(BLANKS, text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

vouch_status vouch_plan_list(vouch_arena *arena, const char *option, const char *text,
                             const char ***part, int *count)
{
    char *copy = vouch_arena_text(arena, text ? text : "");
    *part = VOUCH_NEW_ARRAY(arena, const char *, MOST);
    *count = 0;
    if (!copy || !*part)
        return VOUCH_ERR_MEMORY;
    for (char *at = copy; at;) {
        char *end = strchr(at, ',');
        if (end)
            *end++ = '\0';
        const char *one = trim(at);
        if (!*one || *count == MOST)
            return fail(arena, option, "wants 1 to 64 things parted by commas, not",
                        text ? text : "");
        for (int i = 0; i < *count; i++)
            if (strcmp((*part)[i], one) == 0)
                return fail(arena, option, "has twice", one);
        (*part)[(*count)++] = one;
        at = end;
    }
    return VOUCH_OK;
}

bool vouch_plan_number(const char *text, double *number)
{
    return vouch_option_number(text, number) && isfinite(*number);
}

static vouch_status read_eps(vouch_arena *arena, const char *text, vouch_plan *plan)
{
    VOUCH_TRY(vouch_plan_list(arena, "eps", text, &plan->radius_text, &plan->radii));
    plan->eps = VOUCH_NEW_ARRAY(arena, double, plan->radii);
    if (!plan->eps)
        return VOUCH_ERR_MEMORY;
    for (int i = 0; i < plan->radii; i++)
        if (!vouch_plan_number(plan->radius_text[i], &plan->eps[i]) || !(plan->eps[i] > 0))
            return fail(arena, "eps", "not a radius above 0:", plan->radius_text[i]);
    return VOUCH_OK;
}

/* "LOSS + REGULARISERS", or a name for that. */
static vouch_status read_method(vouch_arena *arena, const char *text, vouch_plan_method *method)
{
    const char *meaning = text;
    for (int i = 0; i < NAMED; i++)
        if (strcmp(named[i].name, text) == 0)
            meaning = named[i].loss;
    char *loss = vouch_arena_text(arena, meaning);
    if (!loss)
        return VOUCH_ERR_MEMORY;
    char *more = strstr(loss, " + ");
    if (more) {
        *more = '\0';
        more += strlen(" + ");
    }
    *method = (vouch_plan_method){.name = text, .loss = loss, .regulariser = more};
    return VOUCH_OK;
}

static vouch_status read_methods(vouch_arena *arena, const char *text, vouch_plan *plan)
{
    const char **name;
    VOUCH_TRY(vouch_plan_list(arena, "methods", text, &name, &plan->methods));
    plan->method = VOUCH_NEW_ARRAY(arena, vouch_plan_method, plan->methods);
    if (!plan->method)
        return VOUCH_ERR_MEMORY;
    for (int m = 0; m < plan->methods; m++)
        VOUCH_TRY(read_method(arena, name[m], &plan->method[m]));
    return VOUCH_OK;
}

/* ---- the setting that is swept ---------------------------------------------------------------- */

/* Has the last term of "a x=1 + b y=2" that setting? */
static bool has_setting(const char *terms, const char *setting)
{
    char name[64];
    const char *last = terms;
    for (const char *at = terms; at && (at = strstr(at, " + ")); at += 3)
        last = at + 3;
    if (!last)
        return false;
    last += strspn(last, BLANKS);
    const size_t length = strcspn(last, BLANKS);
    if (length >= sizeof name)
        return false;
    memcpy(name, last, length);
    name[length] = '\0';
    const vouch_loss *loss = vouch_loss_find(name);
    return loss && vouch_option_find(loss->options, loss->option_count, setting);
}

static vouch_status sweep(vouch_arena *arena, const char *setting, const char *value,
                          vouch_recipe *recipe)
{
    const bool is_of_loss = has_setting(recipe->loss, setting);
    const char **terms = is_of_loss ? &recipe->loss : &recipe->regulariser;
    if (is_of_loss || has_setting(recipe->regulariser, setting)) {
        *terms = vouch_arena_print(arena, "%s %s=%s", *terms, setting, value);
        return *terms ? VOUCH_OK : VOUCH_ERR_MEMORY;
    }
    if (strcmp(setting, "eps") == 0)
        return vouch_plan_number(value, &recipe->fit.eps) && recipe->fit.eps >= 0
                   ? VOUCH_OK
                   : fail(arena, "values", "not a radius:", value);
    if (vouch_plan_owns(setting, strlen(setting)) || strcmp(setting, "test") == 0 ||
        !vouch_option_find(vouch_recipe_rows, vouch_recipe_row_count, setting))
        return fail(
            arena, "sweep",
            "no setting of the last term of each method, and no key of a recipe to be swept:",
            setting);
    const char *words = vouch_arena_print(arena, "%s=%s", setting, value);
    return words ? vouch_recipe_assign(arena, words, recipe) : VOUCH_ERR_MEMORY;
}

/* ---- cells ----------------------------------------------------------------------------------- */

static vouch_status fill(vouch_arena *arena, const vouch_plan_request *request,
                         const vouch_plan *plan, int64_t at)
{
    const vouch_plan_place *p = &plan->place[at];
    const char *value = plan->value[p->value];
    vouch_recipe *recipe = &plan->cell[at].recipe;
    *recipe = *request->recipe;
    recipe->arch = plan->net[p->net];
    recipe->loss = plan->method[p->method].loss;
    recipe->regulariser = plan->method[p->method].regulariser;
    recipe->seed = p->seed + 1;
    recipe->fit.eps = plan->eps[p->radius];
    plan->cell[at].unit = vouch_arena_print(
        arena, "%s, eps %s, %s%s%s%s%s, seed %d", plan->net[p->net],
        plan->radius_text[p->radius], plan->method[p->method].name, value ? ", " : "",
        value ? request->sweep : "", value ? " " : "", value ? value : "", p->seed + 1);
    if (!plan->cell[at].unit)
        return VOUCH_ERR_MEMORY;
    return value && request->sweep ? sweep(arena, request->sweep, value, recipe) : VOUCH_OK;
}

/* The place of a cell by division, innermost axis first. */
static vouch_plan_place place_of(const vouch_plan *plan, int64_t at)
{
    const int extent[] = {plan->methods, plan->values, plan->radii, plan->nets, plan->seeds};
    int digit[5];
    for (int axis = 0; axis < 5; axis++) {
        digit[axis] = (int)(at % extent[axis]);
        at /= extent[axis];
    }
    return (vouch_plan_place){.method = digit[0],
                              .value = digit[1],
                              .radius = digit[2],
                              .net = digit[3],
                              .seed = digit[4]};
}

int64_t vouch_plan_cell(const vouch_plan *plan, const vouch_plan_place *p)
{
    int64_t at = p->seed;
    at = at * plan->nets + p->net;
    at = at * plan->radii + p->radius;
    at = at * plan->values + p->value;
    return at * plan->methods + p->method;
}

static vouch_status make_cells(vouch_arena *arena, const vouch_plan_request *request,
                               vouch_plan *plan)
{
    plan->count = (int64_t)plan->nets * plan->radii * plan->methods * plan->values;
    if (plan->count * plan->seeds > CELLS_MOST)
        return vouch_fail(vouch_arena_context(arena), VOUCH_ERR_ARGUMENT, "more than %d runs",
                          CELLS_MOST);
    plan->count *= plan->seeds;
    plan->place = VOUCH_NEW_ARRAY(arena, vouch_plan_place, plan->count);
    plan->cell = VOUCH_NEW_ARRAY(arena, vouch_grid_cell, plan->count);
    if (!plan->place || !plan->cell)
        return VOUCH_ERR_MEMORY;
    for (int64_t c = 0; c < plan->count; c++) {
        plan->place[c] = place_of(plan, c);
        VOUCH_TRY(fill(arena, request, plan, c));
    }
    return VOUCH_OK;
}

vouch_status vouch_plan_read(vouch_arena *arena, const vouch_plan_request *request,
                             vouch_plan *plan)
{
    static const char *none[] = {NULL};
    *plan = (vouch_plan){.values = 1, .value = none, .seeds = (int)request->seeds};
    VOUCH_TRY(vouch_plan_list(arena, "nets", request->nets, &plan->net, &plan->nets));
    VOUCH_TRY(read_eps(arena, request->eps, plan));
    VOUCH_TRY(read_methods(arena, request->methods, plan));
    if (request->sweep)
        VOUCH_TRY(
            vouch_plan_list(arena, "values", request->values, &plan->value, &plan->values));
    return make_cells(arena, request, plan);
}
