/* SPDX-License-Identifier: BSD-2-Clause */
/* The rings of the 82574 driver against a device that is an array of registers and this file. */
#include <criterion/criterion.h>

#include "e1000e.h"
#include "nic_stubs.h"

static struct e1000e dev;
static uint32_t registers[E1000_BYTES / 4];
static unsigned rx_head, tx_head;
static uint32_t context_start, context_at; /* that the device remembers */
static unsigned sent, sent_with_checksum, doorbells;
static uint32_t last_tail;

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
    memset(&dev, 0, sizeof(dev));
    memset(registers, 0, sizeof(registers));
    dev.regs = registers;
    dev.rx_ring = hpa_to_ptr(page_alloc(0, PAGE_ZERO, NODE_ANY));
    dev.tx_ring = hpa_to_ptr(page_alloc(0, PAGE_ZERO, NODE_ANY));
    dev.tx_cause = 1;
    nic_tx_init(&dev.tx, &dev.nic, &dev.service);
    nic_tx_open(&dev.tx);
    dev.nic.is_link_up = true;
    cr_assert_eq(rx_pool_init(&dev.pool, E1000_RX_RING + RX_POOL_SLACK, refill, NULL), 0);
}

TestSuite(e1000e, .init = setup);

/* --- the device's side ------------------------------------------------------------------------------------
 */

/* False: no descriptor is left for it. */
static bool device_receives(uint32_t length, uint8_t status, uint8_t errors)
{
    struct e1000_rx_desc *desc = &dev.rx_ring[rx_head];

    if (rx_head == reg(E1000_RDT))
        return false;
    memset((void *)desc->address, (int)(length & 0xff), MIN(length, RX_BUFFER_SIZE));
    desc->length = (uint16_t)length;
    desc->errors = errors;
    desc->status = (uint8_t)(status | E1000_RX_DD);
    rx_head = (rx_head + 1) % E1000_RX_RING;
    return true;
}

/* Sends up to `count` frames. */
static void device_sends(unsigned count)
{
    if (reg(E1000_TDT) != last_tail)
        doorbells++;
    last_tail = reg(E1000_TDT);
    while (count > 0 && tx_head != last_tail) {
        struct e1000_tx_desc *desc = &dev.tx_ring[tx_head];

        cr_assert(desc->command & E1000_TX_DEXT);
        tx_head = (tx_head + 1) % E1000_TX_RING;
        if (!(desc->command & E1000_TX_TYPE_DATA)) {
            context_start = (uint32_t)(desc->first >> 32) & 0xff;
            context_at = (uint32_t)(desc->first >> 40) & 0xff;
            continue;
        }
        cr_assert_neq(desc->command & 0xfffff, 0, "empty descriptor");
        if (!(desc->command & E1000_TX_EOP))
            continue;
        if (desc->status & E1000_TX_TXSM) {
            cr_assert(context_start == 34 && context_at == 50);
            sent_with_checksum++;
        }
        cr_assert(desc->command & E1000_TX_RS);
        desc->status |= E1000_TX_DD;
        sent++;
        count--;
    }
}

/* --- receive ----------------------------------------------------------------------------------------------
 */

Test(e1000e, received_frames_go_up_in_place_and_buffers_come_back)
{
    struct frame *frame;

    e1000e_rx_fill(&dev);
    cr_assert_eq(reg(E1000_RDT), E1000_RX_RING - 1, "one descriptor stays unused");
    for (unsigned i = 0; i < 5000; i++) {
        cr_assert(device_receives(60 + i % 1400, E1000_RX_EOP, 0));
        if (i % 100 != 99)
            continue;
        e1000e_receive(&dev);
        cr_assert_eq(stub_received_count, 100);
        for (unsigned k = 0; k < 100; k++) {
            frame = stub_take();
            cr_assert_eq(frame->length, 60 + (i - 99 + k) % 1400);
            cr_assert_eq(frame->segments[0].data[frame->length - 1], frame->length & 0xff);
            frame_release(frame);
        }
    }
    cr_assert_eq(dev.pool.extra_pages, 0);
}

Test(e1000e, checksum_verdicts)
{
    struct {
        uint8_t status, errors;
        bool is_valid;
    } cases[] = {{E1000_RX_TCPCS, 0, true},
                 {E1000_RX_TCPCS, E1000_RX_TCPE, false},
                 {E1000_RX_TCPCS | E1000_RX_IXSM, 0, false},
                 {0, 0, false}};

    e1000e_rx_fill(&dev);
    for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
        struct frame *frame;

        device_receives(60, E1000_RX_EOP | cases[i].status, cases[i].errors);
        e1000e_receive(&dev);
        frame = stub_take();
        cr_assert_eq((frame->flags & FRAME_CSUM_VALID) != 0, cases[i].is_valid);
        frame_release(frame);
    }
}

Test(e1000e, nonsense_is_dropped)
{
    e1000e_rx_fill(&dev);
    device_receives(0, E1000_RX_EOP, 0);
    device_receives(4000, E1000_RX_EOP, 0);
    device_receives(60, E1000_RX_EOP, BIT(0)); /* CRC error */
    device_receives(2048, 0, 0);               /* the first part of a frame that is too long */
    device_receives(60, E1000_RX_EOP, 0);      /* and its last */
    device_receives(61, E1000_RX_EOP, 0);
    e1000e_receive(&dev);
    cr_assert_eq(stub_received_count, 1);
    cr_assert_eq(stub_take()->length, 61);
    cr_assert_eq(dev.nic.rx_dropped, 5);
    cr_assert_eq((reg(E1000_RDT) + 1) % E1000_RX_RING, rx_head, "the ring is full again");
}

Test(e1000e, held_frames_cost_pages_for_one_trip_then_the_ring_starves_and_recovers)
{
    struct frame *frame;
    unsigned pages = stub_pages, held = 0;

    e1000e_rx_fill(&dev);
    while (device_receives(60, E1000_RX_EOP, 0)) {
        e1000e_receive(&dev);
        held++;
        cr_assert_lt(held, 10000);
    }
    /* A sixteenth of the stub's memory is 64 pages. */
    cr_assert_eq(dev.pool.extra_pages, 64);
    cr_assert_eq(held, E1000_RX_RING + RX_POOL_SLACK + 128);
    cr_assert(dev.pool.is_starved);
    cr_assert_eq(stub_events, 0);
    frame_release(stub_take());
    cr_assert_eq(stub_events, NIC_EVENT_QUEUES, "asks for the service thread");
    e1000e_receive(&dev);
    cr_assert(device_receives(60, E1000_RX_EOP, 0));
    while ((frame = stub_take()) != NULL)
        frame_release(frame);
    e1000e_receive(&dev);
    while ((frame = stub_take()) != NULL)
        frame_release(frame);
    e1000e_rx_drain(&dev);
    cr_assert_leq(dev.pool.extra_pages, 64);
    /* Buffers of one trip that are on the ring make it and are gone. */
    e1000e_rx_fill(&dev);
    rx_head = 0;
    for (unsigned i = 0; i < 1000; i++) {
        device_receives(60, E1000_RX_EOP, 0);
        e1000e_receive(&dev);
        frame_release(stub_take());
    }
    cr_assert_eq(dev.pool.extra_pages, 0);
    cr_assert_eq(stub_pages, pages);
}

/* --- transmit ---------------------------------------------------------------------------------------------
 */

static void transmit(unsigned count, unsigned segments, bool with_checksum)
{
    struct frame_list frames = STAILQ_HEAD_INITIALIZER(frames);

    stub_frames(&frames, count, segments, with_checksum);
    e1000e_transmit(&dev.nic, &frames);
}

Test(e1000e, frames_are_sent_and_released_over_many_wraps)
{
    unsigned total = 0;

    for (unsigned round = 0; round < 2000; round++) {
        unsigned n = 1 + round % 7;

        transmit(n, 1 + round % 3, round % 2);
        total += n;
        device_sends(~0U);
    }
    e1000e_tx_service(&dev, NIC_EVENT_TX);
    cr_assert_eq(sent, total);
    cr_assert_eq(stub_released, total);
    cr_assert_eq(dev.tx.pending, 0);
    cr_assert_gt(sent_with_checksum, total / 3);
    cr_assert_eq(dev.nic.tx_dropped, 0);
}

Test(e1000e, a_batch_has_one_doorbell_and_one_context)
{
    transmit(20, 2, true);
    cr_assert_eq(dev.tx_next, 41);
    device_sends(~0U);
    transmit(1, 1, true);
    cr_assert_eq(dev.tx_next, 42, "the device remembers where the checksum goes");
    device_sends(~0U);
    cr_assert_eq(doorbells, 2);
}

Test(e1000e, what_does_not_fit_waits_and_then_is_dropped)
{
    transmit(500, 1, false);
    cr_assert_eq(dev.tx.count, 254, "a free place for a context and one between head and tail");
    cr_assert_eq(dev.tx.backlog_count, 246);
    cr_assert_eq(reg(E1000_IMS), dev.tx_cause, "interrupts when there is room");
    device_sends(100);
    e1000e_tx_service(&dev, NIC_EVENT_QUEUES);
    cr_assert_eq(stub_released, 100);
    cr_assert_eq(dev.tx.backlog_count, 146);
    transmit(NIC_BACKLOG_MAX, 1, false);
    cr_assert_eq(dev.tx.backlog_count, NIC_BACKLOG_MAX);
    cr_assert_eq(dev.nic.tx_dropped, 146);
    while (dev.tx.count > 0) {
        device_sends(64);
        e1000e_tx_service(&dev, NIC_EVENT_QUEUES);
    }
    cr_assert_eq(sent, 500 + NIC_BACKLOG_MAX - 146);
    cr_assert_eq(stub_released, 500 + NIC_BACKLOG_MAX);
    cr_assert_eq(reg(E1000_IMC), dev.tx_cause);
}

Test(e1000e, frames_the_device_chokes_on_never_reach_it)
{
    struct frame_list frames = STAILQ_HEAD_INITIALIZER(frames);
    struct frame *tiny = stub_frame(1, 16), *segmented = stub_frame(2, 1000), *far = stub_frame(1, 1000);

    segmented->gso = FRAME_GSO_TCPV4;
    far->flags = FRAME_CSUM_NEEDED;
    far->csum_start = 300;
    STAILQ_INSERT_TAIL(&frames, tiny, link);
    STAILQ_INSERT_TAIL(&frames, segmented, link);
    STAILQ_INSERT_TAIL(&frames, far, link);
    e1000e_transmit(&dev.nic, &frames);
    cr_assert_eq(dev.tx_next, 0);
    cr_assert_eq(dev.nic.tx_dropped, 3);
    cr_assert_eq(stub_released, 3);
}

Test(e1000e, frames_behind_one_that_cannot_be_sent_are_not_lost)
{
    struct frame_list frames = STAILQ_HEAD_INITIALIZER(frames);
    struct frame *tiny = stub_frame(1, 16);

    transmit(300, 1, false);
    STAILQ_INSERT_TAIL(&frames, tiny, link);
    e1000e_transmit(&dev.nic, &frames);
    transmit(10, 1, false);
    cr_assert_eq(dev.tx.backlog_count, 57);
    while (dev.tx.count > 0) {
        device_sends(~0U);
        e1000e_tx_service(&dev, NIC_EVENT_QUEUES);
    }
    cr_assert_eq(sent, 310);
    cr_assert_eq(dev.nic.tx_dropped, 1);
    cr_assert_eq(stub_released, 311);
}

Test(e1000e, a_transmitter_that_stands_still_is_reset)
{
    stub_now_ns = 5 * NSEC_PER_SEC;
    transmit(3, 1, false);
    e1000e_tx_service(&dev, NIC_EVENT_TX);
    stub_now_ns += NSEC_PER_SEC;
    device_sends(1);
    e1000e_tx_service(&dev, NIC_EVENT_TX);
    stub_now_ns += NSEC_PER_SEC + 1;
    e1000e_tx_service(&dev, NIC_EVENT_TX);
    cr_assert_eq(stub_events, 0, "it moved meanwhile");
    dev.nic.is_link_up = false;
    stub_now_ns += 10 * NSEC_PER_SEC;
    e1000e_tx_service(&dev, NIC_EVENT_TX);
    cr_assert_eq(stub_events, 0, "without a link nothing can move");
    dev.nic.is_link_up = true;
    e1000e_tx_service(&dev, NIC_EVENT_TX);
    stub_now_ns += 2 * NSEC_PER_SEC;
    e1000e_tx_service(&dev, NIC_EVENT_TX);
    cr_assert_eq(stub_events, NIC_EVENT_RESET);
    e1000e_tx_drain(&dev);
    cr_assert_eq(stub_released, 3);
    transmit(1, 1, false);
    cr_assert_eq(stub_released, 4, "while the device is down frames are dropped");
}
