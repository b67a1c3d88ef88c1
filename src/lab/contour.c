/* Marching squares [Lorensen, Cline 1987, in two dimensions].
 *
 * In each cell the line enters and leaves through edges whose ends lie on different sides of the
 * level, where linear interpolation along the edge meets it. Where all four edges are crossed (a
 * saddle) the mean of the corners says which two corners are connected.
 */
#include "lab/contour.h"

enum { CORNERS = 4, PLACES_A_CELL = 4 };

int64_t vouch_contour_room(const vouch_field *field)
{
    return (int64_t)PLACES_A_CELL * (field->columns - 1) * (field->rows - 1);
}

/* Corners and edges in a cycle; edge k runs from corner k to the next. */
static int one_cell(const double corner[CORNERS], int column, int row, double level,
                    vouch_place *place)
{
    static const int dx[CORNERS + 1] = {0, 1, 1, 0, 0}, dy[CORNERS + 1] = {0, 0, 1, 1, 0};
    double mean = 0;
    int count = 0;
    for (int k = 0; k < CORNERS; k++) {
        const double from = corner[k], to = corner[(k + 1) % CORNERS];
        mean += from / CORNERS;
        if ((from >= level) == (to >= level))
            continue;
        const double t = (level - from) / (to - from);
        place[count++] = (vouch_place){column + dx[k] + t * (dx[k + 1] - dx[k]),
                                       row + dy[k] + t * (dy[k + 1] - dy[k])};
    }
    if (count == CORNERS && (mean >= level) != (corner[0] >= level)) {
        const vouch_place first = place[0]; /* cut corners 0 and 2 off, not 1 and 3 */
        place[0] = place[2];
        place[2] = first;
    }
    return count;
}

int vouch_contour(const vouch_field *field, double level, vouch_place *place)
{
    int count = 0;
    for (int row = 0; row + 1 < field->rows; row++) {
        const double *low = field->value + (int64_t)row * field->columns;
        const double *high = low + field->columns;
        for (int column = 0; column + 1 < field->columns; column++) {
            const double corner[CORNERS] = {low[column], low[column + 1], high[column + 1],
                                            high[column]};
            count += one_cell(corner, column, row, level, place + count);
        }
    }
    return count;
}
