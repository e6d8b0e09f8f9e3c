/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is attached to a VM's console. Output comes in binary messages, from what the ring has kept on;
 * whatever a client sends is input. Any number of clients read from the one ring, each at its own pace: a
 * slow one misses what was overwritten meanwhile. A client that offers the subprotocol is told by text
 * messages {"offset":N} where the output goes on, at the beginning and after each gap.
 */
#include "console_hub.h"
#include "ws.h"

#include <core/time.h>
#include <net/http.h>
#include <stdio.h>
#include <stdlib.h>

#define PROTOCOL    "basalt.console.v1"
#define CLIENTS_MAX 64 /* of one VM */

/* Output that trickles is gathered so long, but for the first of it. */
#define GATHER_NS (5 * NSEC_PER_MSEC)

/* Input that the guest does not take holds a client up so long; then it is dropped, as a UART's overrun. */
#define PATIENCE_NS (5 * NSEC_PER_SEC)
#define LOOK_NS     (5 * NSEC_PER_SEC)

struct console_client {
    LIST_ENTRY(console_client) link, all_link;
    struct console_hub *hub; /* NULL: the VM is gone */
    uint64_t offset;         /* of the next byte to be sent */
    uint64_t blocked_ns;     /* since when the guest takes no more of its input; 0: it does */
    bool is_dropping;
    bool is_told; /* wants to know offsets */
    bool owes_offset;
    struct ws ws;
};

static LIST_HEAD(, console_client) all_clients = LIST_HEAD_INITIALIZER(all_clients);

/* ---- Output ---- */

/* Any context: the guest has written. */
static void output_ready(void *arg)
{
    net_call(&((struct console_hub *)arg)->output);
}

/*
 * A client that has everything waits for more. One that waits already does so at an offset that this one has
 * behind it, too.
 */
static void hub_arm(struct console_hub *hub, uint64_t offset)
{
    if (hub->is_armed)
        return;
    hub->is_armed = true;
    vm_console_notify(hub->console, offset, output_ready, hub);
}

static void send_offset(struct console_client *self)
{
    char text[40];
    int length = snprintf(text, sizeof(text), "{\"offset\":%llu}", (unsigned long long)self->offset);

    self->owes_offset = false;
    ws_send(&self->ws, WS_TEXT, text, (size_t)length);
}

static void client_on_room(struct ws *ws)
{
    struct console_client *self = container_of(ws, struct console_client, ws);
    static char bytes[WS_MESSAGE_MAX];

    while (self->hub && ws_can_send(ws)) {
        uint64_t at = self->offset;
        size_t n = vm_console_read(self->hub->console, &at, bytes, sizeof(bytes));

        if (at != self->offset) {
            self->offset = at;
            self->owes_offset = self->is_told;
        }
        if (self->owes_offset) {
            send_offset(self);
            continue;
        }
        if (n == 0) {
            hub_arm(self->hub, self->offset);
            return;
        }
        self->offset += n;
        ws_send(ws, WS_BINARY, bytes, n);
    }
}

static void hub_pump(struct console_hub *hub)
{
    struct console_client *client, *next;

    hub->pumped_ns = clock_now_ns();
    LIST_FOREACH_SAFE (client, &hub->clients, link, next)
        ws_pump(&client->ws);
}

static void hub_on_output(struct net_call *call)
{
    struct console_hub *hub = container_of(call, struct console_hub, output);

    hub->is_armed = false;
    if (clock_now_ns() >= hub->pumped_ns + GATHER_NS)
        hub_pump(hub);
    else if (!LIST_EMPTY(&hub->clients))
        net_timer_arm(&hub->timer, hub->pumped_ns + GATHER_NS);
}

static void hub_on_timer(struct net_timer *timer)
{
    hub_pump(container_of(timer, struct console_hub, timer));
}

/* ---- Input ---- */

/* Any context: the guest has read. */
static void room_ready(void *arg)
{
    net_call(&((struct console_hub *)arg)->room);
}

static void hub_on_room(struct net_call *call)
{
    struct console_hub *hub = container_of(call, struct console_hub, room);
    struct console_client *client, *next;

    LIST_FOREACH_SAFE (client, &hub->clients, link, next) {
        if (client->blocked_ns == 0)
            continue;
        client->blocked_ns = 0;
        client->is_dropping = false;
        ws_resume(&client->ws);
    }
}

static size_t client_on_data(struct ws *ws, const uint8_t *bytes, size_t length)
{
    struct console_client *self = container_of(ws, struct console_client, ws);
    size_t n;

    if (!self->hub)
        return length;
    n = vm_console_input(self->hub->console, bytes, length);
    if (n < length) {
        self->blocked_ns = self->blocked_ns ? self->blocked_ns : clock_now_ns();
        vm_console_notify_room(self->hub->console, room_ready, self->hub);
    }
    return n;
}

/* ---- Life ---- */

static void look_at_clients(struct net_timer *timer)
{
    uint64_t now_ns = clock_now_ns();
    struct console_client *client, *next;

    LIST_FOREACH_SAFE (client, &all_clients, all_link, next) {
        if (client->blocked_ns && !client->is_dropping && now_ns >= client->blocked_ns + PATIENCE_NS) {
            client->is_dropping = true;
            ws_drop_input(&client->ws);
        } else {
            ws_look(&client->ws, now_ns);
        }
    }
    if (!LIST_EMPTY(&all_clients))
        net_timer_arm(timer, now_ns + LOOK_NS);
}
static struct net_timer look_timer = {.fn = look_at_clients};

static void client_detach(struct console_client *self)
{
    if (!self->hub)
        return;
    LIST_REMOVE(self, link);
    self->hub->n_clients--;
    self->hub = NULL;
}

static void client_free(struct console_client *self)
{
    client_detach(self);
    LIST_REMOVE(self, all_link);
    free(self);
}

static void client_on_closed(struct ws *ws)
{
    client_free(container_of(ws, struct console_client, ws));
}

static const struct ws_ops client_ops = {client_on_data, client_on_room, client_on_closed};

void console_hub_init(struct console_hub *hub, struct vm_console *console)
{
    LIST_INIT(&hub->clients);
    hub->console = console;
    hub->output.fn = hub_on_output;
    hub->room.fn = hub_on_room;
    hub->timer.fn = hub_on_timer;
}

void console_hub_close(struct console_hub *hub)
{
    struct console_client *client;

    net_timer_cancel(&hub->timer);
    while ((client = LIST_FIRST(&hub->clients)) != NULL) {
        /* What the guest said last is still to be read. */
        ws_pump(&client->ws);
        if (client != LIST_FIRST(&hub->clients))
            continue;
        client_detach(client);
        ws_close(&client->ws, WS_STATUS_GOING_AWAY, "VM deleted");
    }
}

void console_hub_attach(struct console_hub *hub, struct http_request *req, uint64_t offset)
{
    struct console_client *self;
    uint64_t first, next;

    self = hub->n_clients < CLIENTS_MAX ? calloc(1, sizeof(*self)) : NULL;
    if (!self) {
        http_response_header_u64(req, "Retry-After", 1);
        http_respond_problem(req, 503, "too_many_clients", NULL,
                             "This console has %u clients; there is no room for more.", hub->n_clients);
        return;
    }
    /* An offset that is yet to come is of another VM of this name. */
    vm_console_range(hub->console, &first, &next);
    self->offset = offset > next ? first : MAX(offset, first);
    self->is_told = self->owes_offset = ws_offers(req, PROTOCOL);
    self->hub = hub;
    hub->n_clients++;
    LIST_INSERT_HEAD(&hub->clients, self, link);
    if (LIST_EMPTY(&all_clients))
        net_timer_arm(&look_timer, clock_now_ns() + LOOK_NS);
    LIST_INSERT_HEAD(&all_clients, self, all_link);
    if (!ws_open(&self->ws, req, self->is_told ? PROTOCOL : NULL, &client_ops))
        client_free(self);
}
