/* The search over the parameters of a transformation, for one point.
 *
 * First a lattice of parameters is looked at, severity by severity; where the network as it
 * computes names another class, the claim is proved at exactly that parameter: the image over the
 * reals is enclosed in a tiny box, the outputs by intervals.
 *
 * Then the severities below are proved from the least to the greatest. What the last one has
 * proved needs no second look, so a severity's cells tile the shell around the lesser range. A
 * cell that is not proved is halved along its longest side; its middle is looked at, too. Cells of
 * a point need about the same size, so none is tried that is larger than what has worked lately:
 * a failure halves that size, some successes in a row double it.
 *
 * Nothing but the limit of seconds depends on the machine or on the number of threads.
 */
#include "eval/transform_search.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "attack/objective.h"
#include "base/clock.h"
#include "eval/certify.h"
#include "eval/transform_cell.h"

enum {
    BATCH = 64,        /* images in one pass of the victim */
    SUCCESSES = 4,     /* in a row, before larger cells are tried */
    DEEP = 128,        /* cells put off */
    MOST_CELLS = 20000 /* of a severity */
};
/* Parameters of the lattice along each axis, by how many there are. */
static const int lattice_of[VOUCH_PARAMETERS + 1] = {1, 65, 17};

typedef struct search {
    vouch_cells cells;
    const vouch_transform_point *at;
    vouch_victim *victim;
    vouch_transform_verdict *verdict;
    int parameters;
    float *image, *z; /* [BATCH][inputs], [BATCH][classes] */
    double size;      /* the largest side of cells to be tried */
    int successes;    /* in a row */
    int severity;     /* to be proved */
    int64_t left;     /* cells */
    double deadline_s;
} search;

static double reach_at(const search *s, int severity)
{
    return severity > 0 ? vouch_transform_reach(s->cells.transform, severity) : 0;
}

/* ---- refutation ----------------------------------------------------------------------------- */

/* The least severity that has this parameter. */
static int severity_of(const search *s, const double *parameter)
{
    double most = 0;
    int severity = 1;
    for (int i = 0; i < s->parameters; i++)
        most = fmax(most, fabs(parameter[i]));
    while (severity < VOUCH_SEVERITIES && reach_at(s, severity) < most)
        severity++;
    return severity;
}

/* Both a proof and a refutation of one thing would be a defect of vouch. */
static vouch_status clash(const search *s, const double *parameter)
{
    return vouch_fail(s->cells.ctx, VOUCH_ERR_INTERNAL,
                      "point %" PRId64
                      ", %s: parameter %.17g, %.17g changes the class where it "
                      "is proved that none does; this is a defect of vouch",
                      s->at->point, s->cells.transform->name, parameter[0], parameter[1]);
}

/* Bounds on a little cell around what is refuted must not prove it. */
static vouch_status check_around(search *s, const double *parameter)
{
    const double margin = reach_at(s, 1) / 256;
    vouch_transform_part part = {.low = {0}};
    bool is_proved;
    for (int i = 0; i < s->parameters; i++) {
        part.low[i] = parameter[i] - margin;
        part.high[i] = parameter[i] + margin;
    }
    VOUCH_TRY(vouch_cells_prove(&s->cells, &part, &is_proved));
    return is_proved ? clash(s, parameter) : VOUCH_OK;
}

/* Takes the claim that this parameter gives class `winner`, if it is proved. */
static vouch_status claim(search *s, const double *parameter, int winner)
{
    bool is_refuted;
    VOUCH_TRY(vouch_cells_refute(&s->cells, parameter, winner, &is_refuted));
    if (!is_refuted)
        return VOUCH_OK;
    s->verdict->refuted = severity_of(s, parameter);
    memcpy(s->verdict->parameter, parameter, sizeof s->verdict->parameter);
    return s->verdict->refuted <= s->verdict->proved ? clash(s, parameter)
                                                     : check_around(s, parameter);
}

/* The image at a parameter, rounded. */
static void draw(search *s, const double *parameter, float *image)
{
    vouch_cells *c = &s->cells;
    vouch_transform_part part;
    memcpy(part.low, parameter, sizeof part.low);
    memcpy(part.high, parameter, sizeof part.high);
    vouch_transform_enclose(c->transform, c->info, c->x, &part, c->low, c->high);
    for (int64_t i = 0; i < c->inputs; i++)
        image[i] = (float)(c->low[i] / 2 + c->high[i] / 2);
}

/* Looks at up to BATCH parameters; the most clearly wrong one is claimed. */
static vouch_status look(search *s, int count, const double (*parameter)[VOUCH_PARAMETERS])
{
    const vouch_cells *c = &s->cells;
    const vouch_aim aim = {c->classes, c->label, -1};
    double best_margin = 0;
    int best = -1;
    for (int i = 0; i < count; i++)
        draw(s, parameter[i], s->image + i * c->inputs);
    VOUCH_TRY(vouch_victim_forward(s->victim, count, s->image, s->z));
    for (int i = 0; i < count; i++) {
        const double margin = vouch_aim_margin(&aim, s->z + i * c->classes);
        if (margin > best_margin) {
            best_margin = margin;
            best = i;
        }
    }
    if (best < 0)
        return VOUCH_OK;
    return claim(s, parameter[best],
                 vouch_ranked(c->classes, s->z + best * c->classes, c->label, 0));
}

static vouch_status look_at_lattice(search *s, int severity)
{
    const double reach = reach_at(s, severity);
    const int side = lattice_of[s->parameters];
    double parameter[BATCH][VOUCH_PARAMETERS] = {{0}};
    int count = 1, held = 0;
    for (int i = 0; i < s->parameters; i++)
        count *= side;
    for (int which = 0; which < count && s->verdict->refuted == 0; which++) {
        for (int i = 0, rest = which; i < s->parameters; i++, rest /= side)
            parameter[held][i] = reach * (2. * (rest % side) / (side - 1) - 1);
        if (++held < BATCH && which < count - 1)
            continue;
        VOUCH_TRY(look(s, held, (const double(*)[VOUCH_PARAMETERS])parameter));
        held = 0;
    }
    return VOUCH_OK;
}

/* ---- proof ---------------------------------------------------------------------------------- */

static int longest(const search *s, const vouch_transform_part *part)
{
    int axis = 0;
    for (int i = 1; i < s->parameters; i++)
        if (part->high[i] - part->low[i] > part->high[axis] - part->low[axis])
            axis = i;
    return axis;
}

static vouch_status try_cell(search *s, const vouch_transform_part *part, double length,
                             bool *is_proved)
{
    double middle[1][VOUCH_PARAMETERS] = {{0}};
    *is_proved = false;
    if (length > s->size)
        return VOUCH_OK;
    s->left--;
    s->verdict->cells++;
    VOUCH_TRY(vouch_cells_prove(&s->cells, part, is_proved));
    s->successes = *is_proved ? s->successes + 1 : 0;
    if (!*is_proved)
        s->size = length / 2;
    else if (s->successes % SUCCESSES == 0)
        s->size *= 2;
    if (*is_proved)
        return VOUCH_OK;
    for (int i = 0; i < s->parameters; i++)
        middle[0][i] = part->low[i] + (part->high[i] - part->low[i]) / 2;
    return look(s, 1, (const double(*)[VOUCH_PARAMETERS])middle);
}

/* Is nothing left to be proved of the severity? */
static bool is_over(const search *s)
{
    const vouch_transform_verdict *v = s->verdict;
    return v->is_limited || (v->refuted > 0 && v->refuted <= s->severity);
}

/* All of a part, or until it is refuted or the limit is reached. */
static vouch_status prove_part(search *s, const vouch_transform_part *whole)
{
    vouch_transform_part pile[DEEP] = {*whole};
    int count = 1;
    while (count > 0 && !is_over(s)) {
        const vouch_transform_part part = pile[--count];
        const int axis = longest(s, &part);
        const double middle = part.low[axis] + (part.high[axis] - part.low[axis]) / 2;
        bool is_proved;
        VOUCH_TRY(vouch_context_poll(s->cells.ctx));
        VOUCH_TRY(try_cell(s, &part, part.high[axis] - part.low[axis], &is_proved));
        if (is_proved)
            continue;
        s->verdict->is_limited = s->left <= 0 || count + 2 > DEEP ||
                                 !(middle > part.low[axis] && middle < part.high[axis]) ||
                                 vouch_wall_s() > s->deadline_s;
        if (s->verdict->is_limited)
            return VOUCH_OK;
        pile[count] = pile[count + 1] = part;
        pile[count++].low[axis] = middle;
        pile[count++].high[axis] = middle;
    }
    return VOUCH_OK;
}

/* Parameters of the severity that those of the one before do not have, along one axis and on one
 * side: earlier axes keep to the inner range, later ones take all of the outer. */
static vouch_status prove_side(search *s, int axis, int side)
{
    const double inner = reach_at(s, s->severity - 1), outer = reach_at(s, s->severity);
    vouch_transform_part part = {.low = {0}};
    if (inner == 0 && axis > 0) /* the first axis has left nothing */
        return VOUCH_OK;
    for (int i = 0; i < s->parameters; i++) {
        part.low[i] = -(i < axis ? inner : outer);
        part.high[i] = i < axis ? inner : outer;
    }
    part.low[axis] = side < 0 ? -outer : inner;
    part.high[axis] = side < 0 ? -inner : outer;
    return prove_part(s, &part);
}

static vouch_status prove(search *s, int severity)
{
    s->severity = severity;
    s->left = MOST_CELLS;
    s->deadline_s = vouch_wall_s() + s->at->request->limit_s;
    for (int axis = 0; axis < s->parameters; axis++)
        for (int side = -1; side <= 1; side += 2)
            if (!is_over(s))
                VOUCH_TRY(prove_side(s, axis, side));
    if (!is_over(s))
        s->verdict->proved = severity;
    return VOUCH_OK;
}

/* ---- the point ------------------------------------------------------------------------------ */

static vouch_status begin(search *s, const vouch_team_member *m)
{
    const vouch_transforming *r = s->at->request;
    const vouch_eval_points *p = r->points;
    s->cells = (vouch_cells){.ctx = m->ctx,
                             .arena = m->arena,
                             .transform = r->transform,
                             .info = p->info,
                             .graph = vouch_victim_graph(r->plan),
                             .varying = s->at->varying,
                             .x = p->x + s->at->point * p->inputs,
                             .label = p->label[s->at->point],
                             .level = r->level,
                             .inputs = p->inputs,
                             .classes = vouch_victim_classes(r->plan)};
    s->parameters = vouch_transform_parameters(r->transform);
    s->size = reach_at(s, 1) / 4;
    s->image = VOUCH_NEW_ARRAY(m->arena, float, BATCH * p->inputs);
    s->z = VOUCH_NEW_ARRAY(m->arena, float, BATCH * s->cells.classes);
    return s->image && s->z ? vouch_cells_begin(&s->cells) : VOUCH_ERR_MEMORY;
}

vouch_status vouch_transform_search(const vouch_team_member *member,
                                    const vouch_transform_point *at,
                                    vouch_transform_verdict *verdict)
{
    search s = {.at = at, .victim = member->victim, .verdict = verdict};
    *verdict = (vouch_transform_verdict){.proved = 0};
    VOUCH_TRY(begin(&s, member));
    for (int k = 1; k <= VOUCH_SEVERITIES && verdict->refuted == 0; k++)
        VOUCH_TRY(look_at_lattice(&s, k));
    for (int k = 1; k <= VOUCH_SEVERITIES && at->request->level > 0; k++)
        if (verdict->proved == k - 1 && !verdict->is_limited &&
            (verdict->refuted == 0 || k < verdict->refuted))
            VOUCH_TRY(prove(&s, k));
    return VOUCH_OK;
}
