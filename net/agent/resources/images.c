/* SPDX-License-Identifier: BSD-2-Clause */
#include "../image_json.h"
#include "../query.h"

#include <core/event.h>
#include <core/log.h>
#include <errno.h>
#include <net/http.h>
#include <stdio.h>
#include <string.h>

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000

/* GET /v1/images?limit=&cursor=: sorted by name; the cursor is the last name of the page before. */
static void images_get(struct http_request *req)
{
    static const char *const names[] = {"limit", "cursor", NULL};
    char cursor[IMAGE_NAME_MAX + 1];
    uint64_t limit = PAGE_DEFAULT, n = 0;
    struct json_out json = {0};
    struct image_info info;

    if (!query_only(req, names) || !query_u64(req, "limit", 1, PAGE_MAX, &limit) ||
        !query_text(req, "cursor", cursor, sizeof(cursor)))
        return;
    json_object(&json, NULL);
    json_array(&json, "items");
    for (; n < limit && image_info_next(cursor, &info) == 0; n++) {
        image_json(&json, NULL, &info);
        strcpy(cursor, info.name);
    }
    json_array_end(&json);
    if (image_info_next(cursor, &info) == 0)
        json_string(&json, "next_cursor", cursor);
    else
        json_null(&json, "next_cursor");
    json_object_end(&json);
    json_respond(req, 200, &json);
}
HTTP_ROUTE(images, .pattern = "/v1/images", .methods = HTTP_BIT(HTTP_GET), .scope = HTTP_SCOPE_READ,
           .handler = images_get);

/* GET /v1/images/{name} */
static void image_get_info(struct http_request *req)
{
    char name[IMAGE_NAME_MAX + 1], etag[IMAGE_ETAG_SIZE];
    struct json_out json = {0};
    struct image_info info;
    struct http_str field;

    if (!image_name_param(req, name) || !image_find(req, name, &info))
        return;
    if (info.state == IMAGE_READY) {
        image_etag(&info, etag);
        http_response_header(req, "ETag", etag);
        if (http_request_header(req, "If-None-Match", &field) && http_etag_match(field, etag, true)) {
            http_respond_empty(req, 304);
            return;
        }
    }
    image_json(&json, NULL, &info);
    json_respond(req, 200, &json);
}
HTTP_ROUTE(image_info, .pattern = "/v1/images/{name}", .methods = HTTP_BIT(HTTP_GET),
           .scope = HTTP_SCOPE_READ, .handler = image_get_info);

/* DELETE /v1/images/{name} */
static void image_remove(struct http_request *req)
{
    char name[IMAGE_NAME_MAX + 1];
    struct image_info info;
    int error;

    if (!image_name_param(req, name) || !image_find(req, name, &info) || !image_precondition(req, &info))
        return;
    error = image_delete(name);
    if (error == -EBUSY) {
        http_respond_problem(req, 409, "in_use", NULL, "Image %s is in use.", name);
    } else if (error == -EALREADY) {
        http_respond_problem(req, 409, "upload_in_progress", NULL, "Image %s is being uploaded.", name);
    } else if (error) {
        http_respond_problem(req, 404, "not_found", NULL, "There is no image %s.", name);
    } else {
        event_publish("image.deleted", "{\"name\":\"%s\"}", name);
        http_respond_empty(req, 204);
    }
}
HTTP_ROUTE(image_remove, .pattern = "/v1/images/{name}", .methods = HTTP_BIT(HTTP_DELETE),
           .scope = HTTP_SCOPE_OPERATE, .handler = image_remove);
