/* Products with mostly zero matrices (sparse.h). */
#include "num/sparse.h"

#include <math.h>
#include <string.h>

/* Dense products run about eight times as many operations a second as ours. */
enum { LEAST_CELLS = 4096, LEAST_ZEROS_PER_ENTRY = 15 };

static double cell(const vouch_matrix *m, int64_t i, int64_t j)
{
    const int64_t at = i * m->row + j * m->column;
    return m->is_float ? (double)((const float *)m->data)[at] : ((const double *)m->data)[at];
}

/* Entries that are not zero, or `most` + 1 once there are more. Storage order: the matrix may be
 * a transposed view. */
static int64_t count_entries(const vouch_matrix *m, int64_t rows, int64_t columns, int64_t most)
{
    const bool by_rows = m->column == 1;
    const int64_t outer = by_rows ? rows : columns, inner = by_rows ? columns : rows;
    int64_t count = 0;
    for (int64_t i = 0; i < outer && count <= most; i++)
        for (int64_t j = 0; j < inner; j++)
            count += (by_rows ? cell(m, i, j) : cell(m, j, i)) != 0;
    return count;
}

static void fill(const vouch_matrix *m, vouch_sparse *s, int64_t *start, int32_t *column,
                 double *value)
{
    int64_t at = 0;
    for (int64_t i = 0; i < s->rows; i++) {
        for (int64_t j = 0; j < s->columns; j++) {
            const double x = cell(m, i, j);
            if (x == 0)
                continue;
            column[at] = (int32_t)j;
            value[at++] = x;
        }
        start[i + 1] = at;
    }
    s->start = start;
    s->column = column;
    s->value = value;
}

/* reached: [columns], zeroed. */
static int64_t longest(const vouch_sparse *s, int64_t *reached)
{
    int64_t most = 0;
    for (int64_t i = 0; i < s->rows; i++) {
        const int64_t here = s->start[i + 1] - s->start[i];
        most = here > most ? here : most;
        for (int64_t e = s->start[i]; e < s->start[i + 1]; e++)
            most = ++reached[s->column[e]] > most ? reached[s->column[e]] : most;
    }
    return most;
}

vouch_status vouch_sparse_of(vouch_arena *arena, const vouch_matrix *dense, int64_t rows,
                             int64_t columns, const vouch_sparse **sparse)
{
    const int64_t cells = rows * columns, most = cells / (LEAST_ZEROS_PER_ENTRY + 1);
    *sparse = NULL;
    if (cells < LEAST_CELLS || columns > INT32_MAX)
        return VOUCH_OK;
    const int64_t count = count_entries(dense, rows, columns, most);
    if (count > most)
        return VOUCH_OK;
    vouch_sparse *s = VOUCH_NEW(arena, vouch_sparse);
    int64_t *start = VOUCH_NEW_ARRAY(arena, int64_t, rows + 1);
    int32_t *column = VOUCH_NEW_ARRAY(arena, int32_t, count + 1);
    double *value = VOUCH_NEW_ARRAY(arena, double, count + 1);
    int64_t *reached = VOUCH_NEW_ARRAY(arena, int64_t, columns);
    if (!s || !start || !column || !value || !reached)
        return VOUCH_ERR_MEMORY;
    s->rows = rows;
    s->columns = columns;
    fill(dense, s, start, column, value);
    s->longest = longest(s, reached);
    *sparse = s;
    return VOUCH_OK;
}

/* One vector each way, for an element type; VALUE is the entry as taken. */
#define ONE_ROW(T, name, VALUE)                                                                \
    static void name(const vouch_sparse *b, const T *x, T *y)                                  \
    {                                                                                          \
        for (int64_t i = 0; i < b->rows; i++)                                                  \
            for (int64_t e = b->start[i]; x[i] != 0 && e < b->start[i + 1]; e++)               \
                y[b->column[e]] += x[i] * (T)(VALUE);                                          \
    }
#define ONE_COLUMN(T, name, VALUE)                                                             \
    static void name(const vouch_sparse *b, const T *y, T *x)                                  \
    {                                                                                          \
        for (int64_t i = 0; i < b->rows; i++) {                                                \
            T sum = 0;                                                                         \
            for (int64_t e = b->start[i]; e < b->start[i + 1]; e++)                            \
                sum += y[b->column[e]] * (T)(VALUE);                                           \
            x[i] += sum;                                                                       \
        }                                                                                      \
    }
ONE_ROW(double, row64, b->value[e])
ONE_ROW(double, absolute_row64, fabs(b->value[e]))
ONE_ROW(float, row32, b->value[e])
ONE_COLUMN(double, column64, b->value[e])
ONE_COLUMN(double, absolute_column64, fabs(b->value[e]))
ONE_COLUMN(float, column32, b->value[e])

void vouch_sparse_multiply64(const vouch_sparse *b, bool absolute, int64_t count,
                             const double *x, double *y)
{
    memset(y, 0, (size_t)(count * b->columns) * sizeof *y);
    for (int64_t v = 0; v < count; v++)
        (absolute ? absolute_row64 : row64)(b, x + v * b->rows, y + v * b->columns);
}

void vouch_sparse_multiply32(const vouch_sparse *b, int64_t count, const float *x, float *y)
{
    memset(y, 0, (size_t)(count * b->columns) * sizeof *y);
    for (int64_t v = 0; v < count; v++)
        row32(b, x + v * b->rows, y + v * b->columns);
}

void vouch_sparse_transposed64(const vouch_sparse *b, bool absolute, int64_t count,
                               const double *y, double *x)
{
    for (int64_t v = 0; v < count; v++)
        (absolute ? absolute_column64 : column64)(b, y + v * b->columns, x + v * b->rows);
}

void vouch_sparse_transposed32(const vouch_sparse *b, int64_t count, const float *y, float *x)
{
    for (int64_t v = 0; v < count; v++)
        column32(b, y + v * b->columns, x + v * b->rows);
}
