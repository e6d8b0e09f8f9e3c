/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_H
#define AGENT_H

#include <core/compiler.h>
#include <core/types.h>

/* Between the parts of the agent. Context of everything: net thread, unless it says otherwise. */

struct http_request;
struct http_server;

/* The server, for its statistics; NULL before it runs. */
struct http_server *agent_server(void);

/* Whether the host does its work: started, and not about to stop. Context: any. */
bool agent_is_ready(void);

/* auth.c: reads the tokens (boot); decides about each request. */
void auth_start(void);
bool auth_check(struct http_request *req);

/* boot_images.c: boot modules become images, in the background. */
void boot_images_start(void);

#endif
