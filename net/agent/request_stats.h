/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_REQUEST_STATS_H
#define AGENT_REQUEST_STATS_H

#include "text.h"

struct http_request;
struct http_result;

/* Counts requests by route and status, and how long they took. Context: net thread. */
must_check int request_stats_start(void);
void request_stats_count(const struct http_request *req, const struct http_result *result);

/* Writes basalt_http_requests_total and basalt_http_request_duration_seconds. */
void request_stats_write(struct text *text);

#endif
