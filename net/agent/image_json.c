/* SPDX-License-Identifier: BSD-2-Clause */
#include "image_json.h"

#include "digest.h"
#include "time_text.h"

#include <stdio.h>
#include <string.h>

void image_etag(const struct image_info *info, char out[IMAGE_ETAG_SIZE])
{
    char hex[DIGEST_HEX_SIZE];

    digest_to_hex(info->sha256, hex);
    snprintf(out, IMAGE_ETAG_SIZE, "\"%.32s\"", hex);
}

static void add_digests(struct json_out *json, const struct image_info *info)
{
    char base64[DIGEST_BASE64_SIZE], hex[DIGEST_HEX_SIZE], field[DIGEST_BASE64_SIZE + 16];

    if (info->state != IMAGE_READY) {
        json_null(json, "digest");
        json_null(json, "sha256");
        return;
    }
    digest_to_base64(info->sha256, base64);
    digest_to_hex(info->sha256, hex);
    snprintf(field, sizeof(field), "sha-256=:%s:", base64);
    json_string(json, "digest", field);
    json_string(json, "sha256", hex);
}

void image_json(struct json_out *json, const char *key, const struct image_info *info)
{
    char created[TIME_RFC3339_SIZE];

    json_object(json, key);
    json_string(json, "name", info->name);
    json_u64(json, "size_bytes", info->size_bytes);
    add_digests(json, info);
    if (info->created_seconds) {
        time_rfc3339(info->created_seconds, created);
        json_string(json, "created", created);
    } else {
        json_null(json, "created");
    }
    json_string(json, "state", info->state == IMAGE_READY ? "ready" : "uploading");
    json_bool(json, "in_use", info->is_in_use);
    json_object_end(json);
}

bool image_name_param(struct http_request *req, char out[IMAGE_NAME_MAX + 1])
{
    struct http_str name = req->params[0];

    if (!image_name_valid(name.ptr, name.len)) {
        http_respond_problem(req, 422, "invalid_name", "name",
                             "A name has 1 to %d of A-Z a-z 0-9 . _ - and does not start with a dot.",
                             IMAGE_NAME_MAX);
        return false;
    }
    memcpy(out, name.ptr, name.len);
    out[name.len] = '\0';
    return true;
}

bool image_precondition(struct http_request *req, const struct image_info *info)
{
    bool is_ready = info && info->state == IMAGE_READY, fails = false;
    char etag[IMAGE_ETAG_SIZE] = "";
    struct http_str field;

    if (is_ready)
        image_etag(info, etag);
    if (http_request_header(req, "If-Match", &field))
        fails = !is_ready || !http_etag_match(field, etag, false);
    if (!fails && http_request_header(req, "If-None-Match", &field))
        fails = is_ready && http_etag_match(field, etag, true);
    if (fails)
        http_respond_problem(req, 412, "precondition_failed", NULL,
                             "The image is not in the state asked for%s%s.", is_ready ? "; its ETag is " : "",
                             etag);
    return !fails;
}

bool image_find(struct http_request *req, const char *name, struct image_info *info)
{
    if (image_info_get(name, info) == 0)
        return true;
    http_respond_problem(req, 404, "not_found", NULL, "There is no image %s.", name);
    return false;
}
