/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_JSON_OUT_H
#define AGENT_JSON_OUT_H

#include "text.h"

/*
 * Writes JSON (RFC 8259) in document order. `key` names a member inside an object and is NULL inside an array
 * and for the document itself. Strings are escaped; bytes that are not UTF-8 become U+FFFD.
 */
struct json_out {
    struct text text;
    bool needs_comma;
};

void json_object(struct json_out *json, const char *key);
void json_object_end(struct json_out *json);
void json_array(struct json_out *json, const char *key);
void json_array_end(struct json_out *json);
void json_string(struct json_out *json, const char *key, const char *value);
void json_string_n(struct json_out *json, const char *key, const char *value, size_t length);
void json_u64(struct json_out *json, const char *key, uint64_t value);
/* Several numbers, and how to name them: JSON_FIGURES(json, {"rx", 1}, {"tx", 2}). */
struct json_figure {
    const char *key;
    uint64_t value;
};
void json_figures(struct json_out *json, const struct json_figure *figures, size_t count);
#define JSON_FIGURES(json, ...)                                     \
    json_figures((json), (const struct json_figure[]){__VA_ARGS__}, \
                 ARRAY_SIZE(((const struct json_figure[]){__VA_ARGS__})))
void json_bool(struct json_out *json, const char *key, bool value);
void json_null(struct json_out *json, const char *key);

/* Answers with the document and gives it up. */
void json_respond(struct http_request *req, unsigned status, struct json_out *json);

#endif
