/* Rows of tables: a greedy search that changes one column at a time and keeps every rule.
 *
 * Columns are what the rules say: numbers within eps of theirs, whole numbers, groups of which
 * one member is set, columns that never change (ball.h). A move sets one number to an end or a
 * random value of its cell, or one group to another category; so every point tried follows
 * the rules. Each step tries some moves of each point and takes the best if the margin of the
 * label shrank; where none did, the best is taken anyway now and then, to leave a local best
 * [after Ballet 2019 and the greedy search of Cartella 2021]. Works with networks without
 * gradients, since it reads logits alone.
 */
#include <math.h>
#include <string.h>

#include "attack/attack.h"

typedef struct tabular_settings {
    int64_t steps, moves;
    double worse;
} tabular_settings;

static const vouch_option options[] = {
    VOUCH_ATTACK_INT(tabular_settings, steps, "moves taken or refused", 200, 1,
                     VOUCH_ATTACK_MANY),
    VOUCH_ATTACK_INT(tabular_settings, moves, "moves tried for one", 16, 1, 4096),
    VOUCH_ATTACK_REAL(tabular_settings, worse, "how often a move that does not help is taken",
                      0.1, 0, 1),
};

typedef struct search {
    vouch_assault *a;
    vouch_rows rows;      /* [count * moves] */
    float *at;            /* [count][inputs] */
    double *margin;       /* [count] */
    vouch_random *random; /* [count] */
    int64_t *place;       /* [count] */
} search;

static const vouch_feature *feature_of(const search *s, int64_t i)
{
    static const vouch_feature number = {.column = -1, .group = -1};
    return s->a->ball->rules ? &s->a->ball->rules->feature[i] : &number;
}

/* Input i's group gets i as its member. */
static void set_category(const search *s, int64_t i, float *x)
{
    const vouch_ball *ball = s->a->ball;
    for (int64_t j = 0; j < ball->size; j++)
        if (feature_of(s, j)->group == feature_of(s, i)->group)
            x[j] = j == i ? ball->high[j] : ball->low[j];
}

static void set_number(const search *s, int64_t p, int64_t i, float *x)
{
    const vouch_cell *cell = &s->a->cell[p];
    const double t = fmin(fmax(2 * vouch_random_unit(&s->random[p]) - .5, 0), 1);
    const double value =
        (double)cell->low[i] + t * ((double)cell->high[i] - (double)cell->low[i]);
    const float number = (float)(feature_of(s, i)->is_integer ? rint(value) : value);
    x[i] = fminf(fmaxf(number, cell->low[i]), cell->high[i]);
}

/* One random move; columns that cannot change are passed over a few times. */
static void move(const search *s, int64_t p, float *x)
{
    enum { TRIES = 32 };
    for (int t = 0; t < TRIES; t++) {
        const int64_t i = (int64_t)vouch_random_below(&s->random[p], (uint64_t)s->a->inputs);
        if (s->a->cell[p].low[i] >= s->a->cell[p].high[i])
            continue;
        if (feature_of(s, i)->group >= 0)
            set_category(s, i, x);
        else
            set_number(s, p, i, x);
        return;
    }
}

static void propose(search *s, int64_t open)
{
    const vouch_assault *a = s->a;
    const int64_t moves = ((const tabular_settings *)a->settings)->moves;
    s->rows.count = open * moves;
    for (int64_t r = 0; r < s->rows.count; r++) {
        const int64_t p = s->place[r / moves];
        float *x = s->rows.x + r * a->inputs;
        s->rows.place[r] = p;
        s->rows.target[r] = a->target[p];
        memcpy(x, s->at + p * a->inputs, (size_t)a->inputs * sizeof *x);
        move(s, p, x);
    }
}

/* Takes the best of the point's rows first .. first + moves - 1, or not. */
static void choose(search *s, int64_t p, int64_t first)
{
    const vouch_assault *a = s->a;
    const tabular_settings *settings = a->settings;
    double best = -(double)INFINITY;
    int64_t at = first;
    for (int64_t r = first; r < first + settings->moves; r++) {
        const vouch_aim aim = vouch_assault_aim(a, &s->rows, r);
        const double margin = vouch_aim_margin(&aim, s->rows.z + r * a->classes);
        at = margin > best ? r : at;
        best = fmax(best, margin);
    }
    if (!(best > s->margin[p]) && vouch_random_unit(&s->random[p]) >= settings->worse)
        return;
    s->margin[p] = best;
    memcpy(s->at + p * a->inputs, s->rows.x + at * a->inputs,
           (size_t)a->inputs * sizeof *s->at);
}

static vouch_status new_search(vouch_assault *a, search *s)
{
    VOUCH_TRY(
        vouch_rows_new(a, a->count * ((const tabular_settings *)a->settings)->moves, &s->rows));
    s->at = vouch_assault_copy(a);
    s->margin = VOUCH_NEW_ARRAY(a->arena, double, a->count);
    s->random = VOUCH_NEW_ARRAY(a->arena, vouch_random, a->count);
    s->place = VOUCH_NEW_ARRAY(a->arena, int64_t, a->count);
    if (!s->at || !s->margin || !s->random || !s->place)
        return vouch_fail(a->ctx, VOUCH_ERR_MEMORY, "attack: out of memory");
    for (int64_t p = 0; p < a->count; p++) {
        const vouch_aim aim = {a->classes, a->label[p], a->target[p]};
        s->margin[p] = vouch_aim_margin(&aim, a->clean + p * a->classes);
        s->random[p] = vouch_assault_random(a, p, "tabular", 0);
    }
    return VOUCH_OK;
}

static vouch_status run(vouch_assault *a)
{
    const tabular_settings *settings = a->settings;
    search s = {.a = a};
    VOUCH_TRY(new_search(a, &s));
    for (int64_t step = 0; step < settings->steps; step++) {
        const int64_t open = vouch_assault_open(a, settings->moves, s.place);
        if (open == 0)
            return VOUCH_OK;
        propose(&s, open);
        VOUCH_TRY(vouch_rows_look(a, &s.rows));
        for (int64_t k = 0; k < open; k++)
            choose(&s, s.place[k], k * settings->moves);
    }
    return VOUCH_OK;
}

const vouch_attack vouch_attack_tabular = {
    .name = "tabular",
    .summary = "greedy changes of columns that keep types, categories and fixed columns",
    .citation = "Ballet 2019; Cartella 2021",
    .norms = VOUCH_ATTACK_LINF,
    .black_box = true,
    .targeted = true,
    .rules = true,
    .size = sizeof(tabular_settings),
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run};
