/* A cell of parameters is proved as a box of images is: by bounds on the differences of outputs.
 *
 * The images of a cell lie on a curve (or a surface), of which the box is a coarse picture. So
 * where linear bounds on the box do not prove a row, the linear form, which holds on all of the
 * box, is followed along the curve: the cell is cut into pieces, and the form's least value on
 * the box of each piece, all of them smaller, must be positive. That costs as little as making
 * those boxes. [After DeepG, Balunovic et al. 2019, where forms in the parameter do that.]
 */
#include "eval/transform_cell.h"

#include <string.h>

#include "eval/certify.h"

/* Pieces of a cell along each parameter, by how many there are. */
static const int pieces_of[VOUCH_PARAMETERS + 1] = {1, 16, 4};

vouch_status vouch_cells_begin(vouch_cells *c)
{
    c->low = VOUCH_NEW_ARRAY(c->arena, double, c->inputs);
    c->high = VOUCH_NEW_ARRAY(c->arena, double, c->inputs);
    c->near_low = VOUCH_NEW_ARRAY(c->arena, double, c->inputs);
    c->near_high = VOUCH_NEW_ARRAY(c->arena, double, c->inputs);
    c->rows = VOUCH_NEW_ARRAY(c->arena, double, (c->classes - 1) * c->classes);
    c->row = VOUCH_NEW_ARRAY(c->arena, double, c->classes);
    if (!c->low || !c->high || !c->near_low || !c->near_high || !c->rows || !c->row)
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

/* Bounds of rows on the box c->low, c->high. */
static vouch_status bound(vouch_cells *c, const vouch_domain *domain,
                          const vouch_linear_rows *rows, vouch_bounds *bounds)
{
    const vouch_bound_problem problem = {.graph = c->graph,
                                         .varying = c->varying,
                                         .input_size = c->inputs,
                                         .output_size = c->classes,
                                         .low = c->low,
                                         .high = c->high,
                                         .rows = rows};
    return domain->run(c->ctx, c->arena, NULL, &problem, bounds);
}

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

/* Are the forms of all rows that are not proved positive on each piece? */
static bool follow(const vouch_cells *c, const vouch_transform_part *part,
                   const vouch_bounds *bounds)
{
    const int parameters = vouch_transform_parameters(c->transform);
    const int pieces = pieces_of[parameters];
    int count = 1;
    for (int i = 0; i < parameters; i++)
        count *= pieces;
    for (int which = 0; which < count; which++) {
        vouch_transform_part piece;
        set_piece(part, parameters, pieces, which, &piece);
        vouch_transform_enclose(c->transform, c->info, c->x, &piece, c->near_low, c->near_high);
        for (int64_t r = 0; r < c->classes - 1; r++)
            if (!(bounds->row_low[r] > 0) &&
                !(vouch_form_min(c->inputs, bounds->lower + r * c->inputs,
                                 bounds->lower_offset[r], c->near_low, c->near_high) > 0))
                return false;
    }
    return true;
}

static bool all_positive(const vouch_bounds *bounds, int64_t rows)
{
    for (int64_t r = 0; r < rows; r++)
        if (!(bounds->row_low[r] > 0))
            return false;
    return true;
}

enum { IDLE = 4 }; /* then intervals are not tried on the point's cells any more */

vouch_status vouch_cells_prove(vouch_cells *c, const vouch_transform_part *part,
                               bool *is_proved)
{
    const vouch_linear_rows rows = {(int)c->classes - 1, c->rows, NULL, NULL};
    const vouch_arena_mark mark = vouch_arena_get_mark(c->arena);
    *is_proved = false;
    vouch_transform_enclose(c->transform, c->info, c->x, part, c->low, c->high);
    for (int level = c->idle < IDLE ? 1 : 2; level <= c->level && !*is_proved; level++) {
        const vouch_domain *domain = vouch_domain_find(vouch_certify_name(level));
        vouch_bounds bounds = {0};
        if (domain == NULL)
            break;
        VOUCH_TRY(bound(c, domain, &rows, &bounds));
        *is_proved = !bounds.empty && (all_positive(&bounds, rows.count) ||
                                       (bounds.lower != NULL && follow(c, part, &bounds)));
        vouch_arena_reset(c->arena, mark);
        if (*is_proved)
            c->idle = level == 1 ? 0 : c->idle + 1;
    }
    return VOUCH_OK;
}

vouch_status vouch_cells_refute(vouch_cells *c, const double *parameter, int winner,
                                bool *is_refuted)
{
    const vouch_linear_rows rows = {1, c->row, NULL, NULL};
    const vouch_arena_mark mark = vouch_arena_get_mark(c->arena);
    vouch_transform_part part;
    vouch_bounds bounds = {0};
    memcpy(part.low, parameter, sizeof part.low);
    memcpy(part.high, parameter, sizeof part.high);
    vouch_transform_enclose(c->transform, c->info, c->x, &part, c->low, c->high);
    memset(c->row, 0, (size_t)c->classes * sizeof *c->row);
    c->row[winner] = 1;
    c->row[c->label] = -1;
    VOUCH_TRY(bound(c, vouch_domain_find("interval"), &rows, &bounds));
    *is_refuted = !bounds.empty && bounds.row_low[0] > 0;
    vouch_arena_reset(c->arena, mark);
    return VOUCH_OK;
}
