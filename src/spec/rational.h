/* Exact rationals to doubles, with the rounding direction under control.
 *
 * GMP's mpq_get_d truncates toward zero. Bounds need the neighbour below or above, so each
 * conversion here starts from the truncation and moves it until an exact comparison holds.
 */
#ifndef VOUCH_SPEC_RATIONAL_H
#define VOUCH_SPEC_RATIONAL_H

#include <gmp.h>
#include <stdbool.h>
#include <stddef.h>

/* The largest double <= q, the smallest double >= q. Infinite beyond the finite doubles. */
double vouch_rational_down(mpq_srcptr q);
double vouch_rational_up(mpq_srcptr q);
/* Both at once. */
void vouch_rational_bracket(mpq_srcptr q, double *down, double *up);
/* The nearest double, ties to even; infinite beyond the finite doubles. */
double vouch_rational_nearest(mpq_srcptr q);
/* An upper bound of |q - d|, d finite. */
double vouch_rational_distance(mpq_srcptr q, double d);
/* Sign of q - d, exactly; d may be infinite. */
int vouch_rational_compare(mpq_srcptr q, double d);

typedef enum vouch_decimal_fault {
    VOUCH_DECIMAL_OK = 0,
    VOUCH_DECIMAL_NOT_A_NUMBER,
    VOUCH_DECIMAL_TOO_LONG, /* more characters than VOUCH_DECIMAL_LENGTH_MAX */
    VOUCH_DECIMAL_EXPONENT  /* |exponent| beyond VOUCH_DECIMAL_EXPONENT_MAX */
} vouch_decimal_fault;

/* Limits of a literal: enough for every double written out in full, too small for a bomb. */
enum { VOUCH_DECIMAL_LENGTH_MAX = 2000, VOUCH_DECIMAL_EXPONENT_MAX = 2000 };

/* Reads [+-]digits[.digits][e[+-]digits] into q (initialised by the caller), exactly. */
vouch_decimal_fault vouch_decimal_parse(const char *text, size_t length, mpq_ptr q);

/* Characters vouch_decimal_print needs, its NUL included. */
size_t vouch_decimal_size(mpq_srcptr q);
/* Writes q as a decimal where its expansion ends ("-0.25"), else as "(/ -1 3)", into text of
 * vouch_decimal_size(q) characters. Returns the length. */
size_t vouch_decimal_print(mpq_srcptr q, char *text);

#endif
