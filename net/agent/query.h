/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_QUERY_H
#define AGENT_QUERY_H

#include <core/compiler.h>
#include <core/types.h>

struct http_request;

/* Query parameters and negotiation. All `must_check` functions have answered 4xx when they return false. */

/* Nothing but the named parameters is there. `names` ends in NULL. */
must_check bool query_only(struct http_request *req, const char *const *names);

/* A decimal number min..max; *out is left alone when the parameter is missing. */
must_check bool query_u64(struct http_request *req, const char *name, uint64_t min, uint64_t max,
                          uint64_t *out);

/* A flag: missing, or without value, or true|false. */
must_check bool query_flag(struct http_request *req, const char *name, bool *out);

/* A string; "" when it is missing. */
must_check bool query_text(struct http_request *req, const char *name, char *out, size_t size);

/* Does Accept name `type` and not application/json? */
bool accept_prefers(struct http_request *req, const char *type);

/* Does Accept name `type`, among whatever else? */
bool accept_names(struct http_request *req, const char *type);

/* The body is JSON as far as Content-Type says; false: answered 415. */
must_check bool request_is_json(struct http_request *req);

/* The request has no body, or an empty JSON object: for actions. */
void request_read_nothing(struct http_request *req, void (*then)(struct http_request *req));

#endif
