/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_METRICS_H
#define AGENT_METRICS_H

#include "text.h"

/* Prometheus' text format 0.0.4. */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* The HELP and TYPE lines before a metric's samples. */
void metric_head(struct text *text, const char *name, const char *type, const char *help);

/* Adds the VMs' metrics to the text and answers with it. Context: net thread. */
void vm_metrics_respond(struct http_request *req, struct text *text);

#endif
