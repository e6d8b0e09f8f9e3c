/* SPDX-License-Identifier: BSD-2-Clause */
/* First: our `always_inline` is a macro, which yyjson's question about the attribute would meet. */
#include <yyjson.h>

#include "query.h"

#include <net/http.h>
#include <string.h>

/* Small: an action has no arguments yet. */
#define NOTHING_MAX 4096

static void nothing_read(struct http_request *req, char *body, size_t length)
{
    void (*then)(struct http_request *req) = req->ctx;
    yyjson_doc *doc = NULL;
    yyjson_val *first = NULL;
    yyjson_obj_iter members;

    if (length > 0) {
        doc = yyjson_read(body, length, 0);
        if (!doc || !yyjson_is_obj(yyjson_doc_get_root(doc))) {
            yyjson_doc_free(doc);
            http_respond_problem(req, 400, "malformed_json", NULL, "The body is not a JSON object.");
            return;
        }
        yyjson_obj_iter_init(yyjson_doc_get_root(doc), &members);
        first = yyjson_obj_iter_next(&members);
    }
    if (first)
        http_respond_problem(req, 422, "unknown_field", yyjson_get_str(first), "Field %s is not known here.",
                             yyjson_get_str(first));
    else
        then(req);
    yyjson_doc_free(doc);
}

/* No Content-Type passes for JSON: what is not JSON will not parse. */
bool request_is_json(struct http_request *req)
{
    struct http_str field;
    const char *parameters;

    if (!http_request_header(req, "Content-Type", &field))
        return true;
    parameters = memchr(field.ptr, ';', field.len);
    if (parameters)
        field.len = (size_t)(parameters - field.ptr);
    if (http_str_eq_nocase(http_str_trim(field), HTTP_STR("application/json")))
        return true;
    http_respond_problem(req, 415, "unsupported_media_type", "Content-Type", "Send application/json.");
    return false;
}

void request_read_nothing(struct http_request *req, void (*then)(struct http_request *req))
{
    if (req->content_length == 0) {
        then(req);
        return;
    }
    if (!request_is_json(req))
        return;
    req->ctx = then;
    http_request_read_body(req, NOTHING_MAX, nothing_read);
}
