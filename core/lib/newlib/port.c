/* SPDX-License-Identifier: BSD-2-Clause */

/* What newlib's selected files (scripts/third-party/newlib.mk) want from the parts of it that are not linked.
 */

#include <locale.h>
#include <reent.h>
#include <setlocale.h>
#include <stdlib.h>

/* There is one locale, "C", and nothing that is linked reads it: strtol() and its kin only pass it on. */
struct __locale_t __global_locale;

/* For the flag ' of a format: "C" groups no digits. */
struct lconv *_localeconv_r(struct _reent *reent)
{
    static struct lconv c_locale = {.decimal_point = ".", .thousands_sep = "", .grouping = ""};
    return &c_locale;
}

/*
 * The formatter would allocate for the streams of asprintf() and for a precision beyond its buffer.
 * snprintf() must work with no heap (a panic, an interrupt), so that format fails instead: it returns -1.
 */
void *_malloc_r(struct _reent *reent, size_t size)
{
    return NULL;
}

void *_realloc_r(struct _reent *reent, void *block, size_t size)
{
    return NULL;
}

void _free_r(struct _reent *reent, void *block)
{
}
