/* The growing buffer and its escapes: see markup.h. SPEC: XML 1.0 2.4; HTML reads them alike. */
#include "report/markup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Makes room for `extra` more bytes and a NUL. */
static bool reserve(vouch_markup *out, size_t extra)
{
    const size_t wanted = out->size + extra + 1;
    size_t capacity = out->capacity ? out->capacity : 4096;
    if (out->status)
        return false;
    if (wanted <= out->capacity)
        return true;
    while (capacity < wanted)
        capacity *= 2;
    char *data = vouch_resize(out->ctx, out->data, capacity);
    if (!data) {
        out->status = vouch_fail(out->ctx, VOUCH_ERR_MEMORY, "picture: out of memory");
        return false;
    }
    out->data = data;
    out->capacity = capacity;
    return true;
}

void vouch_markup_put(vouch_markup *out, const char *markup)
{
    const size_t length = strlen(markup);
    if (!reserve(out, length))
        return;
    memcpy(out->data + out->size, markup, length + 1);
    out->size += length;
}

/* None for a whole number. Built from integers because printf follows the locale. Infinite or
 * absurd numbers become 0, so that a drawing stays readable. */
void vouch_markup_number(vouch_markup *out, double value)
{
    char text[32];
    const long long hundredths =
        isfinite(value) && fabs(value) < 1e9 ? llround(value * 100) : 0;
    const char *sign = hundredths < 0 ? "-" : "";
    const long long size = hundredths < 0 ? -hundredths : hundredths;
    if (size % 100 == 0)
        snprintf(text, sizeof text, "%s%lld", sign, size / 100);
    else
        snprintf(text, sizeof text, "%s%lld.%02lld", sign, size / 100, size % 100);
    vouch_markup_put(out, text);
}

/* XML allows no control characters but tab and newline; they become spaces. */
void vouch_markup_text(vouch_markup *out, const char *text)
{
    for (; *text; text++) {
        const char one[2] = {(unsigned char)*text < 0x20 ? ' ' : *text, 0};
        const char *written = one;
        if (*text == '<')
            written = "&lt;";
        else if (*text == '>')
            written = "&gt;";
        else if (*text == '&')
            written = "&amp;";
        else if (*text == '"')
            written = "&quot;";
        vouch_markup_put(out, written);
    }
}

void vouch_markup_free(vouch_markup *out)
{
    if (out->data)
        vouch_release(out->ctx, out->data);
    *out = (vouch_markup){0};
}
