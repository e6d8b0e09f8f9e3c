/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_CONSOLE_HUB_H
#define AGENT_CONSOLE_HUB_H

#include <net/http.h>
#include <net/net.h>
#include <sys/queue.h>
#include <vmm/console.h>

struct console_client;

/* Clients of one VM's console. Net thread only, after the record was made. */
struct console_hub {
    struct vm_console *console; /* immutable */
    LIST_HEAD(, console_client) clients;
    unsigned n_clients;
    bool is_armed; /* the console will tell of output */
    uint64_t pumped_ns;
    struct net_call output, room;
    struct net_timer timer;
};

/* Context: any. */
void console_hub_init(struct console_hub *hub, struct vm_console *console);

/* Answers the request with a WebSocket whose output begins at `offset`, or with a problem. Context: net
 * thread. */
void console_hub_attach(struct console_hub *hub, struct http_request *req, uint64_t offset);

/* The VM is gone: says goodbye to all clients. The console is not touched afterwards.
 * Context: net thread. */
void console_hub_close(struct console_hub *hub);

#endif
