/* Specifications in words and back as VNN-LIB texts.
 *
 * Words: the terms with negative coefficients move to the other side, so that
 * -Y_0 <= -4 reads "Y_0 >= 4" and Y_0 - Y_1 <= 0 reads "Y_0 <= Y_1".
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spec/rational.h"
#include "spec/spec.h"

/* ---- words --------------------------------------------------------------------------- */

typedef struct words {
    char *text;
    size_t at, size;
} words;

static void say(words *w, const char *format, ...) VOUCH_PRINTF(2, 3);

static void say(words *w, const char *format, ...)
{
    va_list args;
    int n;

    if (w->at >= w->size)
        return;
    va_start(args, format);
    n = vsnprintf(w->text + w->at, w->size - w->at, format, args);
    va_end(args);
    w->at += n > 0 ? (size_t)n : 0;
}

/* |q|, or q itself: exact where short, else to 17 digits ("~"). */
static void say_number(words *w, mpq_srcptr q, bool absolute)
{
    mpq_t value;
    char text[64];

    mpq_init(value);
    mpq_set(value, q);
    if (absolute)
        mpq_abs(value, value);
    if (vouch_decimal_size(value) <= sizeof text) {
        (void)vouch_decimal_print(value, text);
        say(w, "%s", text);
    } else {
        say(w, "~%.9g", vouch_rational_nearest(value));
    }
    mpq_clear(value);
}

/* The terms of that sign as a sum of positive terms; returns how many there are. */
static int say_side(words *w, const vouch_spec *spec, const vouch_row *row, int sign)
{
    char name[VOUCH_SPEC_NAME];
    int count = 0;

    for (int i = 0; i < row->term_count; i++) {
        const vouch_term *t = &row->term[i];

        if (mpq_sgn(t->exact) != sign)
            continue;
        say(w, "%s", count++ ? " + " : "");
        if (mpq_cmp_si(t->exact, sign, 1) != 0) {
            say_number(w, t->exact, true);
            say(w, " ");
        }
        say(w, "%s", vouch_spec_variable_name(spec, t->is_output, t->index, name));
    }
    return count;
}

static bool has_sign(const vouch_row *row, int sign)
{
    for (int i = 0; i < row->term_count; i++)
        if (mpq_sgn(row->term[i].exact) == sign)
            return true;
    return false;
}

static void say_row(words *w, const vouch_spec *spec, const vouch_row *row)
{
    int sign = mpq_sgn(row->exact_bound);
    mpq_t bound;

    if (!has_sign(row, 1)) { /* -a <= b: a >= -b */
        mpq_init(bound);
        mpq_neg(bound, row->exact_bound);
        (void)say_side(w, spec, row, -1);
        say(w, row->strict ? " > " : " >= ");
        say_number(w, bound, false);
        mpq_clear(bound);
        return;
    }
    (void)say_side(w, spec, row, 1);
    say(w, row->strict ? " < " : " <= ");
    if (say_side(w, spec, row, -1) == 0) {
        say_number(w, row->exact_bound, false);
    } else if (sign != 0) {
        say(w, sign > 0 ? " + " : " - ");
        say_number(w, row->exact_bound, true);
    }
}

static void say_case(words *w, const vouch_spec *spec, const vouch_case *c)
{
    if (c->row_count == 0)
        say(w, "the input is in the box");
    for (int i = 0; i < c->row_count; i++) {
        say(w, "%s", i ? " and " : "");
        say_row(w, spec, &c->row[i]);
    }
}

static void say_all(words *w, const vouch_spec *spec)
{
    if (spec->case_count == 0)
        say(w, "never");
    for (int k = 0; k < spec->case_count && w->at < w->size; k++) {
        bool bracket = spec->case_count > 1 && spec->cases[k].row_count > 1;

        say(w, "%s%s", k ? " or " : "", bracket ? "(" : "");
        say_case(w, spec, &spec->cases[k]);
        say(w, "%s", bracket ? ")" : "");
    }
}

const char *vouch_spec_describe(const vouch_spec *spec, int k, char *text, size_t size)
{
    words w = {text, 0, size};

    if (size == 0)
        return text;
    text[0] = '\0';
    say(&w, "unsafe if ");
    if (k < 0)
        say_all(&w, spec);
    else
        say_case(&w, spec, &spec->cases[k]);
    if (w.at >= size && size > 4)
        memcpy(text + size - 4, "...", 4);
    return text;
}

/* ---- VNN-LIB 1.0 --------------------------------------------------------------------- */

typedef struct writer {
    vouch_arena *arena;
    char *text;
    size_t at, size;
    bool failed;
} writer;

/* Room for `more` characters and a NUL. */
static char *room(writer *w, size_t more)
{
    size_t wanted = w->size;
    char *grown;

    while (wanted < w->at + more + 1)
        wanted = wanted ? 2 * wanted : 1024;
    if (wanted > w->size && !w->failed) {
        grown = vouch_arena_alloc(w->arena, wanted);
        w->failed = !grown;
        if (grown && w->at)
            memcpy(grown, w->text, w->at);
        if (grown) {
            w->text = grown;
            w->size = wanted;
        }
    }
    return w->failed ? NULL : w->text + w->at;
}

static void put(writer *w, const char *text)
{
    size_t length = strlen(text);
    char *to = room(w, length);

    if (to) {
        memcpy(to, text, length + 1);
        w->at += length;
    }
}

static void put_number(writer *w, mpq_srcptr q)
{
    char *to = room(w, vouch_decimal_size(q));

    if (to)
        w->at += vouch_decimal_print(q, to);
}

static void put_variable(writer *w, bool is_output, int64_t index)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%c_%lld", is_output ? 'Y' : 'X', (long long)index);
    put(w, text);
}

static void put_declarations(writer *w, bool is_output, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        put(w, "(declare-const ");
        put_variable(w, is_output, i);
        put(w, " Real)\n");
    }
}

static void put_bound(writer *w, const char *op, int64_t input, mpq_srcptr bound)
{
    put(w, op);
    put_variable(w, false, input);
    put(w, " ");
    put_number(w, bound);
    put(w, ")");
}

static void put_row(writer *w, const vouch_row *row)
{
    put(w, row->strict ? "(< (+" : "(<= (+");
    for (int i = 0; i < row->term_count; i++) {
        put(w, " (* ");
        put_number(w, row->term[i].exact);
        put(w, " ");
        put_variable(w, row->term[i].is_output, row->term[i].index);
        put(w, ")");
    }
    put(w, ") ");
    put_number(w, row->exact_bound);
    put(w, ")");
}

/* A box and the cases that share it: cases[first .. last). */
static void put_box(writer *w, const vouch_spec *spec, int first, int last)
{
    const vouch_box *box = &spec->box[spec->cases[first].box];

    put(w, "  (and\n");
    for (int64_t i = 0; i < spec->input_size; i++) {
        put_bound(w, "    (>= ", i, box->exact_low[i]);
        put_bound(w, " (<= ", i, box->exact_high[i]);
        put(w, "\n");
    }
    put(w, "    (or\n");
    for (int k = first; k < last; k++) {
        put(w, "      (and true");
        for (int i = 0; i < spec->cases[k].row_count; i++) {
            put(w, " ");
            put_row(w, &spec->cases[k].row[i]);
        }
        put(w, ")\n");
    }
    put(w, "    ))\n");
}

vouch_status vouch_spec_write(const vouch_spec *spec, vouch_arena *arena, const char **text,
                              size_t *size)
{
    writer w = {.arena = arena};

    put_declarations(&w, false, spec->input_size);
    put_declarations(&w, true, spec->output_size);
    put(&w, "(assert (or false\n");
    for (int first = 0, last; first < spec->case_count; first = last) {
        for (last = first + 1; last < spec->case_count; last++)
            if (spec->cases[last].box != spec->cases[first].box)
                break;
        put_box(&w, spec, first, last);
    }
    put(&w, "))\n");
    *text = w.text;
    *size = w.at;
    return w.failed ? VOUCH_ERR_MEMORY : VOUCH_OK;
}
