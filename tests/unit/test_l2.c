/* SPDX-License-Identifier: BSD-2-Clause */
#include "fdb.h"

#include <contract/l2port.h>
#include <core/boot.h>
#include <core/random.h>
#include <core/time.h>
#include <core/waitq.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAC(n) (0x020000000000ULL + (n))

static uint64_t now_ns = NSEC_PER_SEC;

/* What the switch needs of core. Nothing here ever has to wait. */
uint64_t clock_now_ns(void)
{
    return now_ns;
}

uint64_t random_u64(void)
{
    return 0x123456789abcdef;
}

void waitq_init(struct waitq *wq)
{
}

void waitq_wake_all(struct waitq *wq)
{
}

void waitq_prepare(struct waitq *wq, struct waiter *waiter)
{
}

bool waitq_block(uint64_t deadline_ns)
{
    cr_assert_fail("a detach waits for a delivery that nobody makes");
    return false;
}

void waitq_finish(struct waitq *wq, struct waiter *waiter)
{
}

/* ---- forwarding table ---- */

Test(fdb, learns_moves_and_ages)
{
    struct fdb_owner a, b;
    struct fdb fdb;

    fdb_init(&fdb, 7);
    cr_assert_null(fdb_lookup(&fdb, MAC(1), 0));
    cr_assert_eq(fdb_owner_add(&fdb, &a, 4, 0), 0);
    cr_assert_eq(fdb_owner_add(&fdb, &b, 4, 0), 0);
    cr_assert_eq(fdb_learn(&fdb, &a, MAC(1), 1), 0);
    cr_assert_eq(fdb_lookup(&fdb, MAC(1), 2), &a);
    cr_assert_eq(fdb_learn(&fdb, &b, MAC(1), 3), 0);
    cr_assert_eq(fdb_lookup(&fdb, MAC(1), 3), &b);
    cr_assert_eq(fdb_lookup(&fdb, MAC(1), 3 + FDB_AGEING_NS), &b);
    cr_assert_null(fdb_lookup(&fdb, MAC(1), 4 + FDB_AGEING_NS));
    cr_assert_eq(fdb_learn(&fdb, &a, MAC(1), 5 + FDB_AGEING_NS), 0);
    /* Another CPU's clock reading may be a little older than the entry. */
    cr_assert_eq(fdb_lookup(&fdb, MAC(1), 0), &a);
    fdb_owner_remove(&fdb, &a);
    cr_assert_null(fdb_lookup(&fdb, MAC(1), 5));
    fdb_owner_remove(&fdb, &b);
    free(fdb.chains);
}

Test(fdb, refuses_what_no_sender_has)
{
    struct fdb_owner a, b;
    struct fdb fdb;

    fdb_init(&fdb, 7);
    cr_assert_eq(fdb_owner_add(&fdb, &a, 4, MAC(9)), 0);
    cr_assert_eq(fdb_owner_add(&fdb, &b, 4, 0), 0);
    cr_assert_eq(fdb_learn(&fdb, &b, 0, 1), -EPERM);
    cr_assert_eq(fdb_learn(&fdb, &b, 0x010000000000ULL, 1), -EPERM);
    cr_assert_eq(fdb_learn(&fdb, &b, MAC(9), 1), -EPERM, "another port's own address");
    cr_assert_eq(fdb_learn(&fdb, &a, MAC(9), 1), 0);
    cr_assert_eq(fdb_lookup(&fdb, MAC(9), 10 * FDB_AGEING_NS), &a, "an own address does not age");
    fdb_owner_remove(&fdb, &a);
    fdb_owner_remove(&fdb, &b);
    free(fdb.chains);
}

Test(fdb, own_address_takes_over_a_learned_one)
{
    struct fdb_owner a, b, c;
    struct fdb fdb;

    fdb_init(&fdb, 7);
    cr_assert_eq(fdb_owner_add(&fdb, &a, 4, 0), 0);
    cr_assert_eq(fdb_learn(&fdb, &a, MAC(9), 1), 0);
    cr_assert_eq(fdb_owner_add(&fdb, &b, 4, MAC(9)), 0);
    cr_assert_eq(fdb_lookup(&fdb, MAC(9), 2), &b);
    cr_assert_eq(fdb_owner_add(&fdb, &c, 4, MAC(9)), -EEXIST);
    cr_assert_eq(fdb_lookup(&fdb, MAC(9), 2), &b);
    fdb_owner_remove(&fdb, &a);
    fdb_owner_remove(&fdb, &b);
    free(fdb.chains);
}

Test(fdb, a_port_only_displaces_its_own)
{
    struct fdb_owner good, hostile;
    struct fdb fdb;

    fdb_init(&fdb, 7);
    cr_assert_eq(fdb_owner_add(&fdb, &good, 16, 0), 0);
    for (uint64_t i = 0; i < 16; i++)
        cr_assert_eq(fdb_learn(&fdb, &good, MAC(i + 1), 1), 0);
    /* The table grows while it is in use. */
    cr_assert_eq(fdb_owner_add(&fdb, &hostile, 1000, 0), 0);
    for (uint64_t i = 0; i < 100000; i++)
        cr_assert_eq(fdb_learn(&fdb, &hostile, MAC(0x1000000 + i), 2), 0);
    for (uint64_t i = 0; i < 16; i++)
        cr_assert_eq(fdb_lookup(&fdb, MAC(i + 1), 3), &good);
    cr_assert_eq(fdb_lookup(&fdb, MAC(0x1000000 + 99999), 3), &hostile);
    cr_assert_eq(fdb_lookup(&fdb, MAC(0x1000000 + 99000), 3), &hostile);
    cr_assert_null(fdb_lookup(&fdb, MAC(0x1000000 + 98999), 3));
    fdb_owner_remove(&fdb, &hostile);
    fdb_owner_remove(&fdb, &good);
    free(fdb.chains);
}

/* ---- switch ---- */

struct test_port {
    struct l2port port;
    unsigned n_frames;
    uint8_t last[64];
};

static unsigned n_alive;

static void test_deliver(struct l2port *port, struct frame_list *frames, unsigned count)
{
    struct test_port *self = container_of(port, struct test_port, port);
    struct frame *frame;

    while ((frame = STAILQ_FIRST(frames)) != NULL) {
        STAILQ_REMOVE_HEAD(frames, link);
        cr_assert_eq(frame_copy_out(frame, 0, self->last, 15), 0);
        self->n_frames++;
        count--;
        frame_release(frame);
    }
    cr_assert_eq(count, 0, "the count is that of the list");
}

static void test_release(struct frame *frame)
{
    free(frame->segments[0].data);
    free(frame);
    n_alive--;
}

static struct frame *test_frame(uint64_t to, uint64_t from, uint8_t payload)
{
    struct frame *frame = calloc(1, sizeof(*frame));
    uint8_t *bytes = calloc(1, 15);

    for (int i = 0; i < 6; i++) {
        bytes[i] = (uint8_t)(to >> (40 - 8 * i));
        bytes[6 + i] = (uint8_t)(from >> (40 - 8 * i));
    }
    bytes[14] = payload;
    frame->references = 1;
    frame->release = test_release;
    frame->length = 15;
    frame->n_segments = 1;
    frame->segments[0] = (struct frame_segment){bytes, 15};
    n_alive++;
    return frame;
}

static void list_add(struct frame_list *list, struct frame *frame)
{
    STAILQ_INSERT_TAIL(list, frame, link);
}

static void send_one(struct test_port *port, uint64_t to, uint64_t from)
{
    struct frame_list list = STAILQ_HEAD_INITIALIZER(list);

    list_add(&list, test_frame(to, from, 0x55));
    l2_input(&port->port, &list);
}

extern const struct boot_step __start_boot_steps[];

static struct test_port uplink = {.port = {.name = "up", .deliver = test_deliver, .is_uplink = true}};
static struct test_port uplink2 = {.port = {.name = "up2", .deliver = test_deliver, .is_uplink = true}};
static struct test_port host = {.port = {.name = "host", .deliver = test_deliver, .mac = {2, 0, 0, 0, 0, 1}}};
static struct test_port guest = {
    .port = {.name = "guest", .deliver = test_deliver, .mac = {2, 0, 0, 0, 0, 2}}};

static void switch_setup(void)
{
    cr_assert_eq(__start_boot_steps[0].start(), 0);
    cr_assert_eq(l2_port_attach(&uplink.port), 0);
    cr_assert_eq(l2_port_attach(&uplink2.port), 0);
    cr_assert_eq(l2_port_attach(&host.port), 0);
    cr_assert_eq(l2_port_attach(&guest.port), 0);
}

static void switch_teardown(void)
{
    l2_port_detach(&uplink.port);
    l2_port_detach(&uplink2.port);
    l2_port_detach(&host.port);
    l2_port_detach(&guest.port);
    cr_assert_eq(n_alive, 0, "%u frames are lost", n_alive);
}

static void expect_frames(unsigned up, unsigned up2, unsigned at_host, unsigned at_guest)
{
    cr_assert_eq(uplink.n_frames, up, "uplink has %u", uplink.n_frames);
    cr_assert_eq(uplink2.n_frames, up2, "second uplink has %u", uplink2.n_frames);
    cr_assert_eq(host.n_frames, at_host, "host has %u", host.n_frames);
    cr_assert_eq(guest.n_frames, at_guest, "guest has %u", guest.n_frames);
    uplink.n_frames = uplink2.n_frames = host.n_frames = guest.n_frames = 0;
}

#define BROADCAST 0xffffffffffffULL

Test(l2, forwards, .init = switch_setup, .fini = switch_teardown)
{
    send_one(&guest, MAC(1), MAC(2));
    expect_frames(0, 0, 1, 0);
    send_one(&guest, MAC(99), MAC(2));
    expect_frames(1, 1, 0, 0); /* unknown: to the uplinks only */
    send_one(&uplink, MAC(2), MAC(99));
    expect_frames(0, 0, 0, 1);
    send_one(&host, MAC(99), MAC(1));
    expect_frames(1, 0, 0, 0); /* learned */
    send_one(&uplink, MAC(98), MAC(99));
    expect_frames(0, 0, 0, 0); /* unknown from outside: nobody here */
    cr_assert_eq(uplink.port.stats.rx_dropped, 1);
    cr_assert_eq(uplink.port.stats.rx_frames, 2);
    cr_assert_eq(guest.port.stats.tx_bytes, 15);
}

Test(l2, floods, .init = switch_setup, .fini = switch_teardown)
{
    send_one(&guest, BROADCAST, MAC(2));
    expect_frames(1, 1, 1, 0);
    send_one(&uplink, BROADCAST, MAC(50));
    expect_frames(0, 0, 1, 1); /* never from one uplink to another */
    send_one(&uplink, BROADCAST, MAC(1));
    expect_frames(0, 0, 0, 0); /* our own address comes back from outside */
    send_one(&uplink2, MAC(50), MAC(51));
    expect_frames(0, 0, 0, 0); /* both known outside */
    send_one(&guest, MAC(2), MAC(3));
    expect_frames(0, 0, 0, 0); /* to itself */
}

Test(l2, sorts_batches, .init = switch_setup, .fini = switch_teardown)
{
    struct frame_list list = STAILQ_HEAD_INITIALIZER(list);

    for (unsigned i = 0; i < 300; i++)
        list_add(&list, test_frame(i % 3 == 0 ? MAC(1) : i % 3 == 1 ? BROADCAST : MAC(99), MAC(2), 0));
    l2_input(&guest.port, &list);
    cr_assert(STAILQ_EMPTY(&list));
    expect_frames(200, 200, 200, 0);
}

Test(l2, more_destinations_than_a_round_has, .init = switch_setup, .fini = switch_teardown)
{
    static struct test_port many[20];
    struct frame_list list = STAILQ_HEAD_INITIALIZER(list);

    for (unsigned i = 0; i < 20; i++) {
        many[i].port =
            (struct l2port){.name = "many", .deliver = test_deliver, .mac = {2, 0, 0, 1, 0, (uint8_t)i}};
        cr_assert_eq(l2_port_attach(&many[i].port), 0);
        list_add(&list, test_frame(MAC(0x10000 + i), MAC(2), 0));
    }
    list_add(&list, test_frame(BROADCAST, MAC(2), 0));
    l2_input(&guest.port, &list);
    for (unsigned i = 0; i < 20; i++) {
        cr_assert_eq(many[i].n_frames, 2, "port %u has %u", i, many[i].n_frames);
        l2_port_detach(&many[i].port);
    }
    expect_frames(1, 1, 1, 0);
}

Test(l2, runt_frames_are_dropped, .init = switch_setup, .fini = switch_teardown)
{
    struct frame_list list = STAILQ_HEAD_INITIALIZER(list);
    struct frame *frame = test_frame(MAC(1), MAC(2), 0);

    frame->length = frame->segments[0].length = 13;
    list_add(&list, frame);
    l2_input(&guest.port, &list);
    expect_frames(0, 0, 0, 0);
    cr_assert_eq(guest.port.stats.rx_dropped, 1);
}
