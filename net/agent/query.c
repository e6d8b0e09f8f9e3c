/* SPDX-License-Identifier: BSD-2-Clause */
#include "query.h"

#include <errno.h>
#include <net/http.h>
#include <string.h>

static bool refuse(struct http_request *req, const char *name, const char *what)
{
    http_respond_problem(req, 400, "invalid_parameter", name, "Query parameter %s %s.", name, what);
    return false;
}

bool query_only(struct http_request *req, const char *const *names)
{
    struct http_str rest = req->query, name, value;

    while (http_query_next(&rest, &name, &value)) {
        const char *const *known = names;
        char text[64];

        while (*known && !http_str_eq(name, (struct http_str){*known, strlen(*known)}))
            known++;
        if (*known)
            continue;
        memcpy(text, name.ptr, MIN(name.len, sizeof(text) - 1));
        text[MIN(name.len, sizeof(text) - 1)] = '\0';
        return refuse(req, text, "is not known here");
    }
    return true;
}

bool query_u64(struct http_request *req, const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
    unsigned long long value;
    char text[32];
    int length = http_query_get(req->query, name, text, sizeof(text));

    if (length == -ENOENT)
        return true;
    if (length < 0 || !http_str_to_u64((struct http_str){text, (size_t)length}, &value) || value < min ||
        value > max)
        return refuse(req, name, "is not a number in its range");
    *out = value;
    return true;
}

bool query_flag(struct http_request *req, const char *name, bool *out)
{
    char text[8];
    int length = http_query_get(req->query, name, text, sizeof(text));

    if (length == -ENOENT) {
        *out = false;
        return true;
    }
    if (length >= 0 && (length == 0 || strcmp(text, "true") == 0 || strcmp(text, "1") == 0)) {
        *out = true;
        return true;
    }
    if (length > 0 && (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)) {
        *out = false;
        return true;
    }
    return refuse(req, name, "is neither true nor false");
}

bool query_text(struct http_request *req, const char *name, char *out, size_t size)
{
    int length = http_query_get(req->query, name, out, size);

    if (length == -ENOENT)
        out[0] = '\0';
    else if (length < 0)
        return refuse(req, name, "is malformed or too long");
    return true;
}

/* Takes the next media type off an Accept field, without its parameters. */
static bool media_type_next(struct http_str *field, struct http_str *type)
{
    const char *parameters;

    if (!http_list_next(field, type))
        return false;
    parameters = memchr(type->ptr, ';', type->len);
    if (parameters)
        *type = http_str_trim((struct http_str){type->ptr, (size_t)(parameters - type->ptr)});
    return true;
}

bool accept_names(struct http_request *req, const char *type)
{
    struct http_str wanted = {type, strlen(type)}, field, element;

    if (!http_request_header(req, "Accept", &field))
        return false;
    while (media_type_next(&field, &element))
        if (http_str_eq_nocase(element, wanted))
            return true;
    return false;
}

bool accept_prefers(struct http_request *req, const char *type)
{
    return accept_names(req, type) && !accept_names(req, "application/json");
}
