/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_IMAGE_JSON_H
#define AGENT_IMAGE_JSON_H

#include "json_out.h"

#include <core/image.h>
#include <net/http.h>

/* What the resources of images share. */

/* An entity tag is the digest's first half, in quotes. */
#define IMAGE_ETAG_SIZE 35

void image_etag(const struct image_info *info, char out[IMAGE_ETAG_SIZE]);
void image_json(struct json_out *json, const char *key, const struct image_info *info);

/* The name in the path as a C string; false: it is none, answered 422. */
must_check bool image_name_param(struct http_request *req, char out[IMAGE_NAME_MAX + 1]);

/* Checks If-Match and If-None-Match of a request that changes `info` (NULL: no such image). False: answered
 * 412. */
must_check bool image_precondition(struct http_request *req, const struct image_info *info);

/* The image of that name; false: answered 404. */
must_check bool image_find(struct http_request *req, const char *name, struct image_info *info);

#endif
