/* Text with marks, SVG or HTML, into a growing buffer.
 *
 * Errors stick: a failed allocation makes every later call a no-op and is left in `status`, so
 * that those who write need no checks. Markup must come from the program itself; text is escaped
 * and may come from anywhere.
 */
#ifndef VOUCH_REPORT_MARKUP_H
#define VOUCH_REPORT_MARKUP_H

#include "base/context.h"

typedef struct vouch_markup {
    vouch_context *ctx;
    char *data; /* NUL-terminated once something was written */
    size_t size, capacity;
    vouch_status status;
} vouch_markup;

void vouch_markup_put(vouch_markup *out, const char *markup); /* as it is */
/* In content or between double quotes. */
void vouch_markup_text(vouch_markup *out, const char *text);
/* At most two decimals, with a point whatever the locale. */
void vouch_markup_number(vouch_markup *out, double value);
void vouch_markup_free(vouch_markup *out);

#endif
