/* SPDX-License-Identifier: BSD-2-Clause */
#include "../digest.h"
#include "../image_json.h"

#include <core/image.h>
#include <errno.h>
#include <net/http.h>
#include <net/net.h>
#include <stdio.h>
#include <stdlib.h>

/* GET /v1/images/{name}/content: the bytes, sent from where they lie. */
struct content {
    struct image *image;
    uint64_t first;
    struct net_after_tx after;
};

static ssize_t content_read(void *ctx, uint64_t offset, const void **bytes)
{
    struct content *content = ctx;
    size_t length = image_at(content->image, content->first + offset, bytes);

    return length > 0 ? (ssize_t)length : HTTP_SOURCE_END;
}

static void content_free(struct net_after_tx *after)
{
    struct content *content = container_of(after, struct content, after);

    image_put(content->image);
    free(content);
}

static void content_release(void *ctx)
{
    struct content *content = ctx;

    content->after.fn = content_free;
    net_after_tx(&content->after);
}

static const struct http_source content_source = {
    .read = content_read, .release = content_release, .flags = HTTP_SOURCE_STABLE};

/* Applies Range and If-Range. Returns the status; `first` and `length` are the whole image before. */
static unsigned apply_range(struct http_request *req, const char *etag, uint64_t *first, uint64_t *length)
{
    uint64_t size = *length;
    struct http_str range, condition;
    char text[64];
    int error;

    if (!http_request_header(req, "Range", &range) ||
        (http_request_header(req, "If-Range", &condition) && !http_etag_match(condition, etag, false)))
        return 200;
    error = http_range_parse(range, size, first, length);
    if (error == -ERANGE) {
        snprintf(text, sizeof(text), "bytes */%llu", (unsigned long long)size);
        http_response_header(req, "Content-Range", text);
        return 416;
    }
    if (error) {
        *first = 0;
        *length = size;
        return 200;
    }
    snprintf(text, sizeof(text), "bytes %llu-%llu/%llu", (unsigned long long)*first,
             (unsigned long long)(*first + *length - 1), (unsigned long long)size);
    http_response_header(req, "Content-Range", text);
    return 206;
}

static void respond_content(struct http_request *req, struct image *image)
{
    char etag[IMAGE_ETAG_SIZE], base64[DIGEST_BASE64_SIZE], digest[DIGEST_BASE64_SIZE + 16];
    uint64_t first = 0, length = image_size(image);
    struct content *content;
    struct image_info info;
    struct http_str field;
    unsigned status;

    image_info_of(image, &info);
    image_etag(&info, etag);
    http_response_header(req, "ETag", etag);
    if (http_request_header(req, "If-None-Match", &field) && http_etag_match(field, etag, true)) {
        image_put(image);
        http_respond_empty(req, 304);
        return;
    }
    digest_to_base64(info.sha256, base64);
    snprintf(digest, sizeof(digest), "sha-256=:%s:", base64);
    http_response_header(req, "Repr-Digest", digest);
    http_response_header(req, "Accept-Ranges", "bytes");
    status = apply_range(req, etag, &first, &length);
    content = status == 416 ? NULL : calloc(1, sizeof(*content));
    if (!content) {
        image_put(image);
        if (status == 416)
            http_respond_problem(req, 416, "range_not_satisfiable", "Range", "The image has %llu bytes.",
                                 (unsigned long long)info.size_bytes);
        else
            http_respond_problem(req, 503, "out_of_memory", NULL, "The host has no memory left for this.");
        return;
    }
    content->image = image;
    content->first = first;
    (void)http_respond_source(req, status, "application/octet-stream", (int64_t)length, &content_source,
                              content);
}

static void image_content_get(struct http_request *req)
{
    char name[IMAGE_NAME_MAX + 1];
    struct image_info info;
    struct image *image;

    if (!image_name_param(req, name))
        return;
    if (image_get(name, &image) == 0)
        respond_content(req, image);
    else if (image_find(req, name, &info))
        http_respond_problem(req, 409, "upload_in_progress", NULL, "Image %s is not complete yet.", name);
}
HTTP_ROUTE(image_content, .pattern = "/v1/images/{name}/content", .methods = HTTP_BIT(HTTP_GET),
           .scope = HTTP_SCOPE_READ, .handler = image_content_get, .flags = HTTP_ROUTE_STREAMING);
