/* Decimals and doubles as exact rationals. See rational.h. */
#include "spec/rational.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- to doubles ---------------------------------------------------------------------- */

int vouch_rational_compare(mpq_srcptr q, double d)
{
    mpq_t exact;
    int sign;

    if (isinf(d))
        return d > 0 ? -1 : 1;
    mpq_init(exact);
    mpq_set_d(exact, d);
    sign = mpq_cmp(q, exact);
    mpq_clear(exact);
    return sign;
}

/* A finite double near q; the loops of the callers make it the right one. */
static double near_double(mpq_srcptr q)
{
    double d = mpq_get_d(q);

    return isinf(d) ? copysign(DBL_MAX, d) : d;
}

double vouch_rational_down(mpq_srcptr q)
{
    double d = near_double(q);

    while (vouch_rational_compare(q, d) < 0)
        d = nextafter(d, -(double)INFINITY);
    for (;;) {
        double next = nextafter(d, (double)INFINITY);

        if (vouch_rational_compare(q, next) < 0)
            return d;
        d = next;
    }
}

void vouch_rational_bracket(mpq_srcptr q, double *down, double *up)
{
    *down = vouch_rational_down(q);
    *up = vouch_rational_compare(q, *down) == 0 ? *down : nextafter(*down, (double)INFINITY);
    *up += 0.0; /* no negative zero */
}

double vouch_rational_up(mpq_srcptr q)
{
    double down, up;

    vouch_rational_bracket(q, &down, &up);
    return up;
}

/* Sign of q - (low + high) / 2. */
static int compare_middle(mpq_srcptr q, double low, double high)
{
    mpq_t a, b;
    int sign;

    mpq_init(a);
    mpq_init(b);
    mpq_set_d(a, low);
    mpq_set_d(b, high);
    mpq_add(a, a, b);
    mpq_div_2exp(a, a, 1);
    sign = mpq_cmp(q, a);
    mpq_clear(a);
    mpq_clear(b);
    return sign;
}

static bool is_even(double d)
{
    unsigned long long bits;

    memcpy(&bits, &d, sizeof bits);
    return bits % 2 == 0;
}

double vouch_rational_nearest(mpq_srcptr q)
{
    double low, high;
    int sign;

    vouch_rational_bracket(q, &low, &high);
    if (isinf(low) || isinf(high))
        return isinf(low) ? low : high;
    if (low == high)
        return low;
    sign = compare_middle(q, low, high);
    if (sign == 0)
        return is_even(low) ? low : high;
    return sign < 0 ? low : high;
}

double vouch_rational_distance(mpq_srcptr q, double d)
{
    mpq_t gap;
    double bound;

    mpq_init(gap);
    mpq_set_d(gap, d);
    mpq_sub(gap, q, gap);
    mpq_abs(gap, gap);
    bound = vouch_rational_up(gap);
    mpq_clear(gap);
    return bound;
}

/* ---- from decimals ------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

typedef struct reader {
    const char *at, *end;
} reader;

static bool accept_char(reader *r, char a, char b)
{
    if (r->at == r->end || (*r->at != a && *r->at != b))
        return false;
    r->at++;
    return true;
}

/* Copies digits behind digits[*count]; returns how many. */
static long read_digits(reader *r, char *digits, size_t *count)
{
    long n = 0;

    for (; r->at < r->end && is_digit(*r->at); r->at++, n++)
        digits[(*count)++] = *r->at;
    return n;
}

/* The digits of an exponent; one past the limit stands for everything larger. */
static long read_exponent(reader *r)
{
    long value = 0;

    for (; r->at < r->end && is_digit(*r->at); r->at++)
        if (value <= VOUCH_DECIMAL_EXPONENT_MAX)
            value = 10 * value + (*r->at - '0');
    return value;
}

/* q = digits * 10^scale, in lowest terms. */
static void compose(const char *digits, bool negative, long scale, mpq_ptr q)
{
    mpz_t power;

    mpz_init(power);
    mpz_ui_pow_ui(power, 10, (unsigned long)(scale < 0 ? -scale : scale));
    (void)mpz_set_str(mpq_numref(q), digits, 10);
    mpz_set_ui(mpq_denref(q), 1);
    if (negative)
        mpz_neg(mpq_numref(q), mpq_numref(q));
    if (scale >= 0)
        mpz_mul(mpq_numref(q), mpq_numref(q), power);
    else
        mpz_set(mpq_denref(q), power);
    mpq_canonicalize(q);
    mpz_clear(power);
}

vouch_decimal_fault vouch_decimal_parse(const char *text, size_t length, mpq_ptr q)
{
    char digits[VOUCH_DECIMAL_LENGTH_MAX + 1];
    reader r = {text, text + length};
    size_t count = 0;
    long fraction = 0, exponent = 0;
    bool negative, down = false;

    /* what begins like a number and is too long is called so, anything else is no number */
    if (length > VOUCH_DECIMAL_LENGTH_MAX)
        return is_digit(text[0]) || is_digit(text[1]) ? VOUCH_DECIMAL_TOO_LONG
                                                      : VOUCH_DECIMAL_NOT_A_NUMBER;
    negative = accept_char(&r, '-', '-');
    if (!negative)
        (void)accept_char(&r, '+', '+');
    (void)read_digits(&r, digits, &count);
    if (accept_char(&r, '.', '.'))
        fraction = read_digits(&r, digits, &count);
    if (count == 0)
        return VOUCH_DECIMAL_NOT_A_NUMBER;
    if (accept_char(&r, 'e', 'E')) {
        down = accept_char(&r, '-', '-');
        if (!down)
            (void)accept_char(&r, '+', '+');
        if (r.at == r.end)
            return VOUCH_DECIMAL_NOT_A_NUMBER;
        exponent = read_exponent(&r);
    }
    if (r.at != r.end)
        return VOUCH_DECIMAL_NOT_A_NUMBER;
    if (exponent > VOUCH_DECIMAL_EXPONENT_MAX)
        return VOUCH_DECIMAL_EXPONENT;
    digits[count] = '\0';
    compose(digits, negative, (down ? -exponent : exponent) - fraction, q);
    return VOUCH_DECIMAL_OK;
}

/* ---- printing ------------------------------------------------------------------------ */

/* The number of decimals q needs; false if its expansion does not end. */
static bool decimals_of(mpq_srcptr q, unsigned long *decimals)
{
    mpz_t rest, five;
    unsigned long twos, fives;
    bool ends;

    mpz_init(rest);
    mpz_init_set_ui(five, 5);
    twos = mpz_scan1(mpq_denref(q), 0);
    mpz_tdiv_q_2exp(rest, mpq_denref(q), twos);
    fives = mpz_remove(rest, rest, five);
    ends = mpz_cmp_ui(rest, 1) == 0;
    *decimals = twos > fives ? twos : fives;
    mpz_clear(rest);
    mpz_clear(five);
    return ends;
}

size_t vouch_decimal_size(mpq_srcptr q)
{
    size_t top = mpz_sizeinbase(mpq_numref(q), 10), bottom = mpz_sizeinbase(mpq_denref(q), 10);
    unsigned long decimals;

    if (decimals_of(q, &decimals))
        return top + 2 * decimals + 8; /* num * 10^decimals / den has at most so many digits */
    return top + bottom + 12;
}

/* text holds the digits of q * 10^decimals: puts sign, leading zeros and point in place. */
static size_t place_point(char *text, unsigned long decimals)
{
    char *digits = text + (text[0] == '-');
    size_t length = strlen(digits);

    if (decimals == 0)
        return strlen(text);
    if (length <= decimals) {
        size_t zeros = decimals + 1 - length;

        memmove(digits + zeros, digits, length + 1);
        memset(digits, '0', zeros);
        length += zeros;
    }
    memmove(digits + length - decimals + 1, digits + length - decimals, decimals + 1);
    digits[length - decimals] = '.';
    return strlen(text);
}

size_t vouch_decimal_print(mpq_srcptr q, char *text)
{
    unsigned long decimals;
    mpz_t scaled;

    if (!decimals_of(q, &decimals)) {
        size_t at = 3;

        memcpy(text, "(/ ", 3);
        (void)mpz_get_str(text + at, 10, mpq_numref(q));
        at += strlen(text + at);
        text[at++] = ' ';
        (void)mpz_get_str(text + at, 10, mpq_denref(q));
        at += strlen(text + at);
        text[at++] = ')';
        text[at] = '\0';
        return at;
    }
    mpz_init(scaled);
    mpz_ui_pow_ui(scaled, 10, decimals);
    mpz_mul(scaled, scaled, mpq_numref(q));
    mpz_divexact(scaled, scaled, mpq_denref(q));
    (void)mpz_get_str(text, 10, scaled);
    mpz_clear(scaled);
    return place_point(text, decimals);
}
