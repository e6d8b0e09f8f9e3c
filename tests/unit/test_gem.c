/* SPDX-License-Identifier: BSD-2-Clause */
/* The rings of the GEM driver against a device that is an array of registers and this file. */
#include <criterion/criterion.h>

#include "gem.h"
#include "nic_stubs.h"

static struct gem dev;
static uint32_t registers[GEM_BYTES / 4];
static unsigned rx_at, tx_at; /* where the device is */
static unsigned sent, sent_bytes;

static uint32_t reg(uint32_t offset)
{
    return registers[offset / 4];
}

static void refill(void *arg)
{
    stub_events |= NIC_EVENT_QUEUES;
}

static void setup(void)
{
    dev.regs = registers;
    dev.rx_ring = hpa_to_ptr(page_alloc(0, PAGE_ZERO, NODE_ANY));
    dev.tx_ring = hpa_to_ptr(page_alloc(0, PAGE_ZERO, NODE_ANY));
    nic_tx_init(&dev.tx, &dev.nic, &dev.service);
    nic_tx_open(&dev.tx);
    dev.nic.is_link_up = true;
    gem_rx_init(&dev);
    gem_tx_init(&dev);
    cr_assert_eq(rx_pool_init(&dev.pool, GEM_RX_RING + RX_POOL_SLACK, refill, NULL), 0);
}

TestSuite(gem, .init = setup);

/* --- the device's side ------------------------------------------------------------------------------------
 */

/* False: it finds a descriptor that is not its own. */
static bool device_receives(uint32_t length, uint32_t flags)
{
    struct gem_desc *desc = &dev.rx_ring[rx_at];
    uint64_t address = (uint64_t)desc->address_high << 32 | (desc->address & ~3U);

    if (desc->address & GEM_RX_USED)
        return false;
    memset((void *)address, (int)(length & 0xff), MIN(length, RX_BUFFER_SIZE));
    desc->control = length | flags;
    desc->address |= GEM_RX_USED;
    rx_at = desc->address & GEM_RX_WRAP ? 0 : rx_at + 1;
    return true;
}

static bool is_started(void)
{
    return reg(GEM_CONTROL) & GEM_CONTROL_TX_START;
}

/* Sends until a descriptor is not its own, or `count` frames. Only a frame's first descriptor is given back.
 */
static void device_sends(unsigned count)
{
    if (is_started())
        registers[GEM_CONTROL / 4] = 0;
    while (count > 0 && !(dev.tx_ring[tx_at].control & GEM_TX_USED)) {
        struct gem_desc *first = &dev.tx_ring[tx_at];

        for (bool is_last = false; !is_last; count -= is_last) {
            uint32_t control = dev.tx_ring[tx_at].control;

            cr_assert(!(control & GEM_TX_USED), "the end of the ring in the middle of a frame");
            cr_assert_neq(control & GEM_TX_LENGTH, 0, "empty descriptor");
            sent_bytes += control & GEM_TX_LENGTH;
            is_last = control & GEM_TX_LAST;
            tx_at = control & GEM_TX_WRAP ? 0 : tx_at + 1;
            cr_assert_lt(tx_at, GEM_TX_RING);
        }
        first->control |= GEM_TX_USED;
        sent++;
    }
}

#define WHOLE (GEM_RX_FIRST | GEM_RX_LAST)

/* --- receive ----------------------------------------------------------------------------------------------
 */

Test(gem, received_frames_go_up_in_place_and_buffers_come_back)
{
    gem_rx_fill(&dev);
    cr_assert_eq(dev.rx_count, GEM_RX_RING);
    for (unsigned i = 0; i < 5000; i++) {
        cr_assert(device_receives(60 + i % 1400, WHOLE));
        if (i % 100 != 99)
            continue;
        cr_assert(gem_rx_is_pending(&dev));
        gem_receive(&dev);
        cr_assert(!gem_rx_is_pending(&dev));
        cr_assert_eq(stub_received_count, 100);
        for (unsigned k = 0; k < 100; k++) {
            struct frame *frame = stub_take();

            cr_assert_eq(frame->length, 60 + (i - 99 + k) % 1400);
            cr_assert_eq(frame->segments[0].data[frame->length - 1], frame->length & 0xff);
            frame_release(frame);
        }
    }
    cr_assert_eq(dev.pool.extra_pages, 0);
}

Test(gem, checksum_verdicts)
{
    gem_rx_fill(&dev);
    for (uint32_t verdict = 0; verdict < 4; verdict++) {
        struct frame *frame;

        device_receives(60, WHOLE | verdict << 22);
        gem_receive(&dev);
        frame = stub_take();
        cr_assert_eq((frame->flags & FRAME_CSUM_VALID) != 0, verdict >= 2);
        frame_release(frame);
    }
}

Test(gem, nonsense_is_dropped)
{
    gem_rx_fill(&dev);
    device_receives(0, WHOLE);
    device_receives(4000, WHOLE);
    device_receives(1000, GEM_RX_FIRST);
    device_receives(1000, GEM_RX_LAST);
    device_receives(61, WHOLE);
    gem_receive(&dev);
    cr_assert_eq(stub_received_count, 1);
    cr_assert_eq(stub_take()->length, 61);
    cr_assert_eq(dev.nic.rx_dropped, 4);
    cr_assert_eq(dev.rx_count, GEM_RX_RING, "the ring is full again");
}

Test(gem, a_ring_that_runs_dry_recovers)
{
    unsigned held = 0;

    gem_rx_fill(&dev);
    while (device_receives(60, WHOLE)) {
        gem_receive(&dev);
        held++;
        cr_assert_lt(held, 10000);
    }
    cr_assert_eq(dev.rx_count, 0);
    cr_assert(!gem_rx_is_pending(&dev));
    cr_assert_eq(held, GEM_RX_RING + RX_POOL_SLACK + 128);
    frame_release(stub_take());
    cr_assert_eq(stub_events, NIC_EVENT_QUEUES, "asks for the service thread");
    gem_receive(&dev);
    cr_assert(device_receives(60, WHOLE));
    gem_receive(&dev);
    gem_rx_drain(&dev);
    rx_at = 0;
    cr_assert(!device_receives(60, WHOLE), "nothing is the device's any more");
}

/* --- transmit ---------------------------------------------------------------------------------------------
 */

static void transmit(unsigned count, unsigned segments)
{
    struct frame_list frames = STAILQ_HEAD_INITIALIZER(frames);

    stub_frames(&frames, count, segments, false);
    gem_transmit(&dev.nic, &frames);
}

Test(gem, frames_are_sent_once_and_released_over_many_wraps)
{
    unsigned total = 0, bytes = 0;

    for (unsigned round = 0; round < 2000; round++) {
        unsigned n = 1 + round % 7, segments = 1 + round % 3;

        transmit(n, segments);
        cr_assert(is_started());
        total += n;
        bytes += n * segments * 100;
        device_sends(~0U);
    }
    gem_tx_service(&dev, NIC_EVENT_TX);
    cr_assert_eq(sent, total);
    cr_assert_eq(sent_bytes, bytes);
    cr_assert_eq(stub_released, total);
    cr_assert_eq(dev.tx.pending, 0);
    cr_assert_eq(dev.nic.tx_dropped, 0);
    for (unsigned i = 0; i < GEM_TX_RING; i++)
        cr_assert(dev.tx_ring[i].control & GEM_TX_USED, "descriptor %u was left to the device", i);
}

Test(gem, what_does_not_fit_waits_and_then_is_dropped)
{
    transmit(500, 1);
    cr_assert_eq(dev.tx.count, 255, "one stays ours: the end");
    cr_assert_eq(dev.tx.backlog_count, 245);
    cr_assert_eq(reg(GEM_INT_ENABLE), GEM_INT_TX, "interrupts when there is room");
    device_sends(100);
    gem_tx_service(&dev, NIC_EVENT_QUEUES);
    cr_assert_eq(stub_released, 100);
    cr_assert_eq(dev.tx.backlog_count, 145);
    transmit(NIC_BACKLOG_MAX, 1);
    cr_assert_eq(dev.tx.backlog_count, NIC_BACKLOG_MAX);
    cr_assert_eq(dev.nic.tx_dropped, 145);
    while (dev.tx.count > 0) {
        device_sends(64);
        gem_tx_service(&dev, NIC_EVENT_QUEUES);
    }
    cr_assert_eq(sent, 500 + NIC_BACKLOG_MAX - 145);
    cr_assert_eq(stub_released, 500 + NIC_BACKLOG_MAX);
    cr_assert_eq(reg(GEM_INT_DISABLE), GEM_INT_TX);
}

Test(gem, what_is_sent_before_interrupts_are_let_through_is_looked_at_again)
{
    transmit(300, 1);
    cr_assert_eq(stub_events, 0);
    device_sends(1);
    dev.tx_ring[1].control |= GEM_TX_USED; /* as if it had been sent meanwhile */
    gem_tx_service(&dev, NIC_EVENT_QUEUES);
    cr_assert_eq(stub_released, 2);
    transmit(10, 1);
    cr_assert_eq(stub_events, 0);
    dev.tx_ring[dev.tx_clean].control |= GEM_TX_USED | GEM_TX_ERRORS;
    gem_tx_service(&dev, NIC_EVENT_QUEUES);
    cr_assert_eq(dev.nic.tx_dropped, 1, "the device could not read it");
}

Test(gem, frames_the_device_cannot_send_never_reach_it)
{
    struct frame_list frames = STAILQ_HEAD_INITIALIZER(frames);
    struct frame *tiny = stub_frame(1, 13), *segmented = stub_frame(2, 1000), *unsummed = stub_frame(1, 1000),
                 *huge = stub_frame(2, 9000);

    segmented->gso = FRAME_GSO_TCPV4;
    unsummed->flags = FRAME_CSUM_NEEDED;
    STAILQ_INSERT_TAIL(&frames, tiny, link);
    STAILQ_INSERT_TAIL(&frames, segmented, link);
    STAILQ_INSERT_TAIL(&frames, unsummed, link);
    STAILQ_INSERT_TAIL(&frames, huge, link);
    gem_transmit(&dev.nic, &frames);
    cr_assert_eq(dev.tx_next, 0);
    cr_assert_eq(dev.nic.tx_dropped, 4);
    cr_assert_eq(stub_released, 4);
}

Test(gem, a_lost_start_is_repeated_and_a_transmitter_that_stands_still_is_reset)
{
    stub_now_ns = 5 * NSEC_PER_SEC;
    transmit(3, 1);
    registers[GEM_CONTROL / 4] = 0; /* lost */
    gem_tx_service(&dev, NIC_EVENT_TX);
    cr_assert(is_started());
    registers[GEM_TX_STATUS / 4] = GEM_TX_GO;
    registers[GEM_CONTROL / 4] = 0;
    stub_now_ns += NSEC_PER_SEC;
    gem_tx_service(&dev, NIC_EVENT_TX);
    cr_assert(!is_started(), "it is at it");
    device_sends(1);
    gem_tx_service(&dev, NIC_EVENT_TX);
    stub_now_ns += NSEC_PER_SEC + 1;
    gem_tx_service(&dev, NIC_EVENT_TX);
    cr_assert_eq(stub_events, 0, "it moved meanwhile");
    stub_now_ns += 2 * NSEC_PER_SEC;
    gem_tx_service(&dev, NIC_EVENT_TX);
    cr_assert_eq(stub_events, NIC_EVENT_RESET);
    gem_tx_drain(&dev);
    cr_assert_eq(stub_released, 3);
    transmit(1, 1);
    cr_assert_eq(stub_released, 4, "while the device is down frames are dropped");
}

/* --- link -------------------------------------------------------------------------------------------------
 */

Test(gem, the_best_that_both_can_is_the_link)
{
    struct {
        uint16_t status, ours, partner, ours_1000, partner_1000;
        struct gem_link link;
    } cases[] = {
        {0x20, 0x1e1, 0x1e1, 0x300, 0xc00, {false, false, 0}}, /* no carrier */
        {0x04, 0x1e1, 0x1e1, 0x300, 0xc00, {false, false, 0}}, /* not agreed yet */
        {0x24, 0x1e1, 0x1e1, 0x300, 0xc00, {true, true, 1000}},
        {0x24, 0x1e1, 0x1e1, 0x300, 0x400, {true, false, 1000}},
        {0x24, 0x1e1, 0x1e1, 0x000, 0xc00, {true, true, 100}}, /* we do not want more */
        {0x24, 0x1e1, 0x0a1, 0x300, 0x000, {true, false, 100}},
        {0x24, 0x1e1, 0x061, 0x300, 0x000, {true, true, 10}},
        {0x24, 0x1e1, 0x000, 0x300, 0x000, {true, false, 10}},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        struct gem_link link = gem_link_resolve(cases[i].status, cases[i].ours, cases[i].partner,
                                                cases[i].ours_1000, cases[i].partner_1000);

        cr_assert(link.is_up == cases[i].link.is_up && link.mbit == cases[i].link.mbit &&
                      link.is_full_duplex == cases[i].link.is_full_duplex,
                  "case %u", i);
    }
}

Test(gem, a_phy_is_found_and_asked)
{
    registers[GEM_STATUS / 4] = GEM_STATUS_MDIO_IDLE;
    /* Register memory gives back what was written to it: an ID whose low half is the frame's end. */
    cr_assert_eq(gem_phy_find(&dev), -1, "zero is nobody's ID");
    cr_assert_eq(reg(GEM_PHY), GEM_PHY_READ(31, 2));
    dev.phy = -1;
    cr_assert(gem_phy_link(&dev).is_up, "without a PHY");
    dev.phy = 12;
    cr_assert(!gem_phy_link(&dev).is_up);
    registers[GEM_STATUS / 4] = 0;
    cr_assert(!gem_phy_link(&dev).is_up, "an MDIO that does not work");
}
