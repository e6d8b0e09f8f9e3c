/* SPDX-License-Identifier: BSD-2-Clause */
#include <net/http_str.h>

#include "chars.h"

bool http_str_eq_nocase(struct http_str a, struct http_str b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] != b.ptr[i] && char_lower(a.ptr[i]) != char_lower(b.ptr[i]))
            return false;
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

struct http_str http_str_trim(struct http_str s)
{
    while (s.len > 0 && is_space(s.ptr[0])) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && is_space(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool http_str_to_u64(struct http_str s, unsigned long long *value)
{
    unsigned long long sum = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        if (__builtin_mul_overflow(sum, 10ULL, &sum) ||
            __builtin_add_overflow(sum, (unsigned long long)(s.ptr[i] - '0'), &sum))
            return false;
    }
    *value = sum;
    return true;
}

/* Where the element at the front of s ends: at a comma outside of quotes. */
static size_t element_length(struct http_str s)
{
    bool quoted = false;

    for (size_t i = 0; i < s.len; i++) {
        if (quoted && s.ptr[i] == '\\')
            i++;
        else if (s.ptr[i] == '"')
            quoted = !quoted;
        else if (!quoted && s.ptr[i] == ',')
            return i;
    }
    return s.len;
}

bool http_list_next(struct http_str *list, struct http_str *element)
{
    while (list->len > 0) {
        size_t len = element_length(*list);
        size_t skip = len < list->len ? len + 1 : len;

        *element = http_str_trim((struct http_str){list->ptr, len});
        list->ptr += skip;
        list->len -= skip;
        if (element->len > 0)
            return true;
    }
    return false;
}
