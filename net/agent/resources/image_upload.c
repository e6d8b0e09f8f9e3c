/* SPDX-License-Identifier: BSD-2-Clause */
#include "../digest.h"
#include "../image_json.h"

#include <core/event.h>
#include <core/image.h>
#include <core/log.h>
#include <errno.h>
#include <mbedtls/sha256.h>
#include <net/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * PUT /v1/images/{name}: the body goes from the receive buffers straight to its place in memory, hashed on
 * the way. Nothing of it is an image before the last byte has arrived and the digest agrees.
 */
struct upload {
    struct image_upload *image;
    mbedtls_sha256_context sha256;
    uint8_t expected[DIGEST_SIZE];
    bool has_expected;
    char name[IMAGE_NAME_MAX + 1];
};

static void upload_free(struct upload *upload)
{
    mbedtls_sha256_free(&upload->sha256);
    free(upload);
}

static void upload_cancel(struct upload *upload)
{
    image_upload_abort(upload->image);
    upload_free(upload);
}

/* Reads the digest the client announces, from whichever field. False: answered 400. */
static bool read_digest(struct http_request *req, struct upload *upload)
{
    static const struct {
        const char *name;
        int (*parse)(struct http_str value, uint8_t out[DIGEST_SIZE]);
    } fields[] = {
        {"Repr-Digest", digest_from_rfc9530},
        {"Content-Digest", digest_from_rfc9530},
        {"Digest", digest_from_rfc3230},
    };

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        uint8_t digest[DIGEST_SIZE];
        struct http_str value;

        if (!http_request_header(req, fields[i].name, &value))
            continue;
        if (fields[i].parse(value, digest) != 0 ||
            (upload->has_expected && memcmp(digest, upload->expected, DIGEST_SIZE) != 0)) {
            http_respond_problem(req, 400, "bad_digest_header", fields[i].name,
                                 "%s does not hold one SHA-256 digest in the form its RFC wants.",
                                 fields[i].name);
            return false;
        }
        memcpy(upload->expected, digest, DIGEST_SIZE);
        upload->has_expected = true;
    }
    return true;
}

static void respond_no_room(struct http_request *req, uint64_t needed)
{
    struct image_room room;

    image_room(&room);
    if (needed == IMAGE_SIZE_UNKNOWN)
        http_respond_problem(req, 507, "insufficient_storage", NULL,
                             "Memory ran out at the reserve: %llu bytes are free, %llu of them kept back.",
                             (unsigned long long)room.free_bytes, (unsigned long long)room.reserve_bytes);
    else
        http_respond_problem(req, 507, "insufficient_storage", NULL,
                             "The image needs %llu bytes; %llu are available (%llu free, %llu kept back).",
                             (unsigned long long)needed, (unsigned long long)room.available_bytes,
                             (unsigned long long)room.free_bytes, (unsigned long long)room.reserve_bytes);
}

static void respond_error(struct http_request *req, int error, const char *name, uint64_t size)
{
    switch (error) {
    case -ENOSPC:
        respond_no_room(req, size);
        break;
    case -EALREADY:
        http_respond_problem(req, 409, "upload_in_progress", NULL, "Image %s is being uploaded already.",
                             name);
        break;
    case -EBUSY:
        http_respond_problem(req, 409, "in_use", NULL, "Image %s is in use.", name);
        break;
    default:
        http_respond_problem(req, 503, "out_of_memory", NULL, "The host has no memory left for this.");
    }
}

static ssize_t upload_data(struct http_request *req, const void *bytes, size_t length)
{
    struct upload *upload = req->ctx;
    int error = image_upload_append(upload->image, bytes, length);

    if (!error && mbedtls_sha256_update(&upload->sha256, bytes, length) == 0)
        return (ssize_t)length;
    /* The answer comes while the client still sends: no later callback will do this. */
    image_upload_abort(upload->image);
    respond_error(req, error, upload->name, IMAGE_SIZE_UNKNOWN);
    upload_free(upload);
    return 0;
}

static void respond_created(struct http_request *req, const char *name, bool is_replaced)
{
    char location[sizeof("/v1/images/") + IMAGE_NAME_MAX], etag[IMAGE_ETAG_SIZE];
    struct json_out json = {0};
    struct image_info info;

    /* Runs in the one thread that uploads and deletes: it is there. */
    if (!image_find(req, name, &info))
        return;
    event_publish("image.created", "{\"name\":\"%s\",\"size_bytes\":%llu,\"replaced\":%s}", name,
                  (unsigned long long)info.size_bytes, is_replaced ? "true" : "false");
    image_etag(&info, etag);
    http_response_header(req, "ETag", etag);
    if (!is_replaced) {
        snprintf(location, sizeof(location), "/v1/images/%s", name);
        http_response_header(req, "Location", location);
    }
    image_json(&json, NULL, &info);
    json_respond(req, is_replaced ? 200 : 201, &json);
}

static void upload_end(struct http_request *req)
{
    struct upload *upload = req->ctx;
    uint8_t digest[DIGEST_SIZE];
    bool is_replaced;
    int error;

    (void)mbedtls_sha256_finish(&upload->sha256, digest);
    if (upload->has_expected && memcmp(digest, upload->expected, DIGEST_SIZE) != 0) {
        char hex[DIGEST_HEX_SIZE];

        digest_to_hex(digest, hex);
        upload_cancel(upload);
        http_respond_problem(
            req, 400, "digest_mismatch", NULL,
            "What arrived has the SHA-256 digest %s, not the announced one. Nothing was kept.", hex);
        return;
    }
    error = image_upload_commit(upload->image, digest, &is_replaced);
    if (error) {
        image_upload_abort(upload->image);
        respond_error(req, error, upload->name, IMAGE_SIZE_UNKNOWN);
    } else {
        respond_created(req, upload->name, is_replaced);
    }
    upload_free(upload);
}

static void upload_abort(struct http_request *req, int error)
{
    struct upload *upload = req->ctx;

    log_warning("agent: upload of image %s did not complete (%d), nothing was kept", upload->name, error);
    upload_cancel(upload);
}

static const struct http_sink upload_sink = {
    .on_data = upload_data, .on_end = upload_end, .on_abort = upload_abort};

/* What is not the plain bytes of the whole image cannot be stored. False: answered. */
static bool body_is_plain(struct http_request *req)
{
    struct http_str field;

    if (http_request_header(req, "Content-Encoding", &field) &&
        !http_str_eq_nocase(http_str_trim(field), HTTP_STR("identity"))) {
        http_respond_problem(req, 415, "unsupported_encoding", "Content-Encoding",
                             "Send the image as it is, without an encoding.");
        return false;
    }
    if (req->content_length == 0 && !http_request_header(req, "Content-Length", &field)) {
        /* An empty body (RFC 9112, 6.3), but whoever wants an empty image has to say so. */
        http_respond_problem(req, 411, "length_required", NULL,
                             "Send Content-Length, or the image in chunks.");
        return false;
    }
    if (http_request_header(req, "Content-Range", &field)) {
        /* RFC 9110, 14.5. */
        http_respond_problem(req, 400, "partial_put", "Content-Range", "Send the whole image.");
        return false;
    }
    return true;
}

static void image_put_handler(struct http_request *req)
{
    uint64_t size =
        req->content_length == HTTP_LENGTH_UNKNOWN ? IMAGE_SIZE_UNKNOWN : (uint64_t)req->content_length;
    struct image_info info;
    struct upload *upload;
    char name[IMAGE_NAME_MAX + 1];
    int error;

    if (!image_name_param(req, name) || !body_is_plain(req) ||
        !image_precondition(req, image_info_get(name, &info) == 0 ? &info : NULL))
        return;
    upload = calloc(1, sizeof(*upload));
    if (!upload) {
        respond_error(req, -ENOMEM, name, size);
        return;
    }
    strcpy(upload->name, name);
    mbedtls_sha256_init(&upload->sha256);
    (void)mbedtls_sha256_starts(&upload->sha256, 0);
    if (!read_digest(req, upload)) {
        upload_free(upload);
        return;
    }
    error = image_upload_begin(name, size, &upload->image);
    if (error) {
        upload_free(upload);
        respond_error(req, error, name, size);
        return;
    }
    req->ctx = upload;
    http_request_stream_body(req, &upload_sink);
}
HTTP_ROUTE(image_upload, .pattern = "/v1/images/{name}", .methods = HTTP_BIT(HTTP_PUT),
           .scope = HTTP_SCOPE_OPERATE, .handler = image_put_handler, .flags = HTTP_ROUTE_STREAMING);
