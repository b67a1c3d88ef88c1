/* Decimal text to the nearest double, in every locale.
 *
 * strtod rounds correctly but reads the decimal point of the locale that the program set, and
 * takes hexadecimal, "inf" and "nan" as well. So the grammar is checked here, and strtod runs
 * on a copy under the C locale, which uselocale sets for this thread only.
 */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/io_priv.h"

enum { NUMBER_MAX = 1024 }; /* longer than any double written exactly in full */

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

static const char *skip_sign(const char *p, const char *end)
{
    return p < end && (*p == '+' || *p == '-') ? p + 1 : p;
}

/* number: sign? (digits ('.' digits?)? | '.' digits) (('e' | 'E') sign? digits)? */
static bool is_number(const char *p, const char *end)
{
    const char *whole = skip_sign(p, end);
    const char *fraction = skip_digits(whole, end);
    bool digits = fraction > whole;

    p = fraction;
    if (p < end && *p == '.') {
        p = skip_digits(fraction + 1, end);
        digits = digits || p > fraction + 1;
    }
    if (digits && p < end && (*p == 'e' || *p == 'E')) {
        const char *exponent = skip_sign(p + 1, end);
        p = skip_digits(exponent, end);
        digits = p > exponent;
    }
    return digits && p == end;
}

bool vouch_io_double(const char *text, size_t length, double *value)
{
    char copy[NUMBER_MAX];

    if (length >= sizeof copy || !is_number(text, text + length))
        return false;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c)
        return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    locale_t before = uselocale(c);
    *value = strtod(copy, NULL);
    (void)uselocale(before);
    freelocale(c);
    return isfinite(*value);
}
