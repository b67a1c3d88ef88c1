/* A cell of parameters is proved as a box of images is: by bounds on the differences of outputs.
 *
 * The images of a cell lie on a curve (or a surface), of which the box is a coarse picture. So
 * the cell is cut into pieces, and the boxes of the pieces hold the curve more closely:
 *
 *   - intervals of each piece prove the cell, or their hulls bound every value of the network;
 *   - linear forms are made once, for the whole box and within these hulls; their least values
 *     are taken piece by piece (vouch_bound_problem.piece_low).
 *
 * That is what forms in the parameter do [DeepG, Balunovic et al. 2019], by boxes.
 */
#include "eval/transform_cell.h"

#include <math.h>
#include <string.h>

#include "eval/certify.h"

/* Pieces of a cell along each of so many parameters. */
static int pieces_of(int parameters) { return parameters == 1 ? 8 : 4; }

enum { INTERVAL = 1 }; /* the level */

vouch_status vouch_cells_begin(vouch_cells *c)
{
    const int parameters = vouch_transform_parameters(c->transform);
    c->pieces = 1;
    for (int i = 0; i < parameters; i++)
        c->pieces *= pieces_of(parameters);
    c->low = VOUCH_NEW_ARRAY(c->arena, double, c->inputs);
    c->high = VOUCH_NEW_ARRAY(c->arena, double, c->inputs);
    c->piece_low = VOUCH_NEW_ARRAY(c->arena, double, c->pieces * c->inputs);
    c->piece_high = VOUCH_NEW_ARRAY(c->arena, double, c->pieces * c->inputs);
    c->rows = VOUCH_NEW_ARRAY(c->arena, double, (c->classes - 1) * c->classes);
    c->row = VOUCH_NEW_ARRAY(c->arena, double, c->classes);
    if (!c->low || !c->high || !c->piece_low || !c->piece_high || !c->rows || !c->row)
        return VOUCH_ERR_MEMORY;
    double *row = c->rows;
    for (int k = 0; k < c->classes; k++)
        if (k != c->label) {
            row[c->label] = 1;
            row[k] = -1;
            row += c->classes;
        }
    return VOUCH_OK;
}

static bool all_positive(const vouch_bounds *bounds, int64_t rows)
{
    for (int64_t r = 0; r < rows; r++)
        if (!(bounds->row_low[r] > 0))
            return false;
    return !bounds->empty; /* images are never none: no proof by contradiction */
}

static vouch_bound_problem problem_of(const vouch_cells *c, const vouch_linear_rows *rows)
{
    return (vouch_bound_problem){.graph = c->graph,
                                 .varying = c->varying,
                                 .input_size = c->inputs,
                                 .output_size = c->classes,
                                 .low = c->low,
                                 .high = c->high,
                                 .rows = rows};
}

/* ---- pieces --------------------------------------------------------------------------------- */

/* Piece number `which` of the part, each parameter cut into `pieces`. */
static void set_piece(const vouch_transform_part *part, int parameters, int pieces, int which,
                      vouch_transform_part *piece)
{
    *piece = *part;
    for (int i = 0; i < parameters; i++, which /= pieces) {
        const int at = which % pieces;
        const double step = (part->high[i] - part->low[i]) / pieces;
        /* neighbours compute their common end alike */
        if (at > 0)
            piece->low[i] = part->low[i] + at * step;
        if (at < pieces - 1)
            piece->high[i] = part->low[i] + (at + 1) * step;
    }
}

/* The boxes of all pieces, and their hull. */
static void enclose(vouch_cells *c, const vouch_transform_part *part)
{
    const int parameters = vouch_transform_parameters(c->transform);
    for (int k = 0; k < c->pieces; k++) {
        double *low = c->piece_low + k * c->inputs, *high = c->piece_high + k * c->inputs;
        vouch_transform_part piece;
        set_piece(part, parameters, pieces_of(parameters), k, &piece);
        vouch_transform_enclose(c->transform, c->info, c->x, &piece, low, high);
        for (int64_t i = 0; i < c->inputs; i++) {
            c->low[i] = k > 0 ? fmin(c->low[i], low[i]) : low[i];
            c->high[i] = k > 0 ? fmax(c->high[i], high[i]) : high[i];
        }
    }
}

/* hull <- the hull of it and of bounds. */
static void join(const vouch_graph *graph, const vouch_bounds *bounds, vouch_bounds *hull)
{
    for (int v = 0; v < graph->value_count; v++) {
        const int64_t count = vouch_shape_count(&graph->value[v].shape);
        if (hull->low[v] == NULL || graph->value[v].constant)
            continue;
        for (int64_t i = 0; i < count; i++) {
            hull->low[v][i] = fmin(hull->low[v][i], bounds->low[v][i]);
            hull->high[v][i] = fmax(hull->high[v][i], bounds->high[v][i]);
        }
    }
}

/* Intervals of every piece: *hull holds all, in the arena. */
static vouch_status bound_pieces(vouch_cells *c, const vouch_linear_rows *rows,
                                 vouch_bounds *hull, bool *is_proved)
{
    const vouch_domain *domain = vouch_domain_find(vouch_certify_name(INTERVAL));
    vouch_bound_problem problem = problem_of(c, rows);
    *is_proved = true;
    for (int k = 0; k < c->pieces; k++) {
        const vouch_arena_mark mark = vouch_arena_get_mark(c->arena);
        vouch_bounds bounds = {0};
        problem.low = c->piece_low + k * c->inputs;
        problem.high = c->piece_high + k * c->inputs;
        VOUCH_TRY(domain->run(c->ctx, c->arena, NULL, &problem, &bounds));
        *is_proved = *is_proved && all_positive(&bounds, rows->count);
        if (k == 0) {
            *hull = bounds;
            continue;
        }
        join(c->graph, &bounds, hull);
        vouch_arena_reset(c->arena, mark);
    }
    return VOUCH_OK;
}

/* ---- a cell --------------------------------------------------------------------------------- */

static vouch_status prove(vouch_cells *c, bool *is_proved)
{
    const vouch_linear_rows rows = {(int)c->classes - 1, c->rows, NULL, NULL};
    vouch_bound_problem problem = problem_of(c, &rows);
    vouch_bounds hull = {0};
    VOUCH_TRY(bound_pieces(c, &rows, &hull, is_proved));
    problem.known_low = (const double *const *)hull.low;
    problem.known_high = (const double *const *)hull.high;
    problem.piece_count = c->pieces;
    problem.piece_low = c->piece_low;
    problem.piece_high = c->piece_high;
    for (int level = INTERVAL + 1; level <= c->level && !*is_proved; level++) {
        const vouch_domain *domain = vouch_domain_find(vouch_certify_name(level));
        vouch_bounds bounds = {0};
        if (domain == NULL)
            break;
        VOUCH_TRY(domain->run(c->ctx, c->arena, NULL, &problem, &bounds));
        *is_proved = all_positive(&bounds, rows.count);
    }
    return VOUCH_OK;
}

vouch_status vouch_cells_prove(vouch_cells *c, const vouch_transform_part *part,
                               bool *is_proved)
{
    const vouch_arena_mark mark = vouch_arena_get_mark(c->arena);
    *is_proved = false;
    enclose(c, part);
    const vouch_status status = prove(c, is_proved);
    vouch_arena_reset(c->arena, mark);
    return status;
}

vouch_status vouch_cells_refute(vouch_cells *c, const double *parameter, int winner,
                                bool *is_refuted)
{
    const vouch_domain *domain = vouch_domain_find(vouch_certify_name(INTERVAL));
    const vouch_linear_rows rows = {1, c->row, NULL, NULL};
    const vouch_bound_problem problem = problem_of(c, &rows);
    const vouch_arena_mark mark = vouch_arena_get_mark(c->arena);
    vouch_transform_part part;
    vouch_bounds bounds = {0};
    memcpy(part.low, parameter, sizeof part.low);
    memcpy(part.high, parameter, sizeof part.high);
    vouch_transform_enclose(c->transform, c->info, c->x, &part, c->low, c->high);
    memset(c->row, 0, (size_t)c->classes * sizeof *c->row);
    c->row[winner] = 1;
    c->row[c->label] = -1;
    VOUCH_TRY(domain->run(c->ctx, c->arena, NULL, &problem, &bounds));
    *is_refuted = all_positive(&bounds, 1);
    vouch_arena_reset(c->arena, mark);
    return VOUCH_OK;
}
