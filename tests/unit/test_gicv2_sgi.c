/* SPDX-License-Identifier: BSD-2-Clause */
/* SGIs of several sources: list registers hold one of a number at a time (the fixture looks at each that is
 * written). */
#include "../../vmm/irqchip/gic/model.h"
#include "gicv2_fixture.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>

static void start(void)
{
    gic_start_with(8, 4);
    gic_enable();
}

/* Of vCPU 0. */
static uint32_t reg(uint64_t offset)
{
    current = 0;
    return gicd_read(offset);
}

static unsigned pending_sources(unsigned intid)
{
    return reg(0xf20 + intid / 4 * 4) >> intid % 4 * 8 & 0xff;
}

static void pending_clear(unsigned intid, uint8_t sources)
{
    current = 0;
    write_at(DIST + 0xf10 + intid, 1, sources);
}

/* The list register that has the number; the fixture knows that there is one at most. */
static uint64_t lr_of(unsigned intid)
{
    for (unsigned i = 0; i < GIC_LRS_MAX; i++)
        if ((vcpus[0].hw.lr[i] & (LR_PENDING | LR_ACTIVE)) && (vcpus[0].hw.lr[i] & LR_NUMBER) == intid)
            return vcpus[0].hw.lr[i];
    return 0;
}

/* To vCPU 0. */
static void send(unsigned source, unsigned intid)
{
    sgir(source, 1 << 16 | intid);
}

/* Takes each of `sources` once, and leaves nothing; the end of each brings the next. */
static void drain(unsigned intid, unsigned sources)
{
    enter(0);
    while (sources != 0) {
        unsigned word = iar_now(0), source = word >> 10;

        cr_assert_neq(word, SPURIOUS);
        cr_assert_eq(word & 0x3ff, intid);
        cr_assert(sources >> source & 1, "source %u a second time, or nobody's", source);
        sources &= ~(1U << source);
        cr_assert_eq(iar_now(0), SPURIOUS);
        eoi(0, word);
        cr_assert_eq(vcpus[0].is_maintenance, sources != 0);
        enter(0);
    }
    cr_assert_eq(iar_now(0), SPURIOUS);
    cr_assert_eq(reg(0x200) | reg(0x300) | pending_sources(intid), 0);
}

static void in_order(unsigned count, bool is_reverse)
{
    for (unsigned i = 0; i < count; i++)
        send(is_reverse ? count - 1 - i : i, 5);
    cr_assert_eq(pending_sources(5), (1U << count) - 1);
    drain(5, (1U << count) - 1);
}

Test(gicv2_sgi, two_and_eight, .init = start, .fini = gic_stop)
{
    for (unsigned count = 1; count <= 8; count++) {
        in_order(count, false);
        in_order(count, true);
    }
}

/* Each comes while those before are in the list register: pending there, then active. */
Test(gicv2_sgi, one_after_the_other, .init = start, .fini = gic_stop)
{
    for (unsigned i = 8; i-- > 0;) {
        send(i, 5);
        enter(0);
        cr_assert_eq((lr_of(5) & LR_EOI) != 0, i != 7, "the end is told of if others wait");
    }
    drain(5, 0xff);
    send(3, 5);
    cr_assert_eq(iar(0), SGI(5, 3));
    for (unsigned i = 0; i < 3; i++) {
        send(i, 5);
        enter(0);
        cr_assert_eq(lr_of(5) & (LR_PENDING | LR_ACTIVE | LR_EOI), LR_ACTIVE | LR_EOI);
    }
    cr_assert_eq(pending_sources(5), 7);
    enter(0);
    eoi(0, SGI(5, 3));
    drain(5, 7);
}

/* The same source's can wait in the list register, and has to leave it for another's: each has its turn. */
Test(gicv2_sgi, active_and_pending, .init = start, .fini = gic_stop)
{
    send(1, 5);
    cr_assert_eq(iar(0), SGI(5, 1));
    send(1, 5);
    enter(0);
    cr_assert_eq(lr_of(5) & (LR_PENDING | LR_ACTIVE | LR_EOI), LR_PENDING | LR_ACTIVE);
    eoi(0, SGI(5, 1));
    cr_assert_eq(iar_now(0), SGI(5, 1), "without an exit");
    send(1, 5);
    enter(0);
    send(0, 5);
    enter(0);
    cr_assert_eq(lr_of(5) & (LR_PENDING | LR_ACTIVE | LR_EOI), LR_ACTIVE | LR_EOI);
    cr_assert_eq(pending_sources(5), 3);
    enter(0);
    eoi(0, SGI(5, 1));
    cr_assert_eq(iar(0), SGI(5, 0));
    send(0, 5);
    eoi(0, SGI(5, 0));
    cr_assert_eq(iar(0), SGI(5, 1));
    eoi(0, SGI(5, 1));
    drain(5, 1);
}

/* Nobody looks at list registers at an exit only because somebody waits. */
Test(gicv2_sgi, left_alone_while_waiting, .init = start, .fini = gic_stop)
{
    uint32_t folds;

    send(0, 5);
    send(1, 5);
    cr_assert_eq(iar(0), SGI(5, 0));
    folds = atomic_load(&vcpus[0].cpu->folds);
    send(2, 5);
    send(0, 5);
    send(3, 6);
    enter(0);
    cr_assert_eq(atomic_load(&vcpus[0].cpu->folds), folds);
    eoi(0, SGI(5, 0));
    cr_assert_eq(take(0), SGI(5, 1));
    cr_assert_eq(take(0), SGI(5, 2));
    cr_assert_eq(take(0), SGI(5, 0));
    drain(6, 8);
}

static void everything(unsigned lrs)
{
    unsigned words = 0;

    gic_start_with(8, lrs);
    gic_enable();
    current = 0;
    for (unsigned i = 0; i < 16; i++)
        write_at(DIST + 0x400 + i, 1, (15 - i) << 4);
    for (unsigned i = 0; i < 8 * 16; i++)
        send(i % 8, i / 8);
    for (unsigned last = 15, word; (word = take(0)) != SPURIOUS; words++) {
        cr_assert_leq(word & 0x3ff, last, "by priority");
        last = word & 0x3ff;
    }
    cr_assert_eq(words, 8 * 16);
    cr_assert_eq(reg(0x200) | reg(0x300), 0);
    gic_stop();
}

Test(gicv2_sgi, more_than_list_registers)
{
    everything(1);
    everything(2);
    everything(4);
    everything(16);
}

/* The active one has no list register, and its end is counted. */
Test(gicv2_sgi, active_without_list_register)
{
    gic_start_with(8, 1);
    gic_enable();
    current = 0;
    write_at(DIST + 0x400 + 6, 1, 0x20);
    send(2, 5);
    send(4, 5);
    cr_assert_eq(iar(0), SGI(5, 2));
    send(3, 6);
    cr_assert_eq(iar(0), SGI(6, 3));
    send(2, 5);
    enter(0);
    eoi(0, SGI(6, 3));
    enter(0);
    cr_assert_eq(reg(0x300), 1 << 5);
    eoi(0, SGI(5, 2));
    drain(5, 1 << 2 | 1 << 4);
    gic_stop();
}

/* With split EOI it is the deactivation that the next waits for. */
Test(gicv2_sgi, split_eoi, .init = start, .fini = gic_stop)
{
    vcpus[0].hw.vmcr |= VMCR_EOIM;
    send(2, 5);
    send(6, 5);
    cr_assert_eq(iar(0), SGI(5, 2));
    eoi(0, SGI(5, 2));
    send(2, 5);
    cr_assert_eq(iar(0), SPURIOUS);
    cr_assert_eq(reg(0x300), 1 << 5);
    dir(0, SGI(5, 2));
    cr_assert_eq(iar(0), SGI(5, 6));
    eoi(0, SGI(5, 6));
    dir(0, SGI(5, 6));
    cr_assert_eq(iar(0), SGI(5, 2));
    /* Active by command is active of anybody. */
    gicd_write(0x300, 1 << 7);
    send(1, 7);
    cr_assert_eq(iar(0), SPURIOUS);
    dir(0, SGI(7, 0));
    cr_assert_eq(iar(0), SPURIOUS, "of no more priority than what runs");
    eoi(0, SGI(5, 2));
    cr_assert_eq(iar(0), SGI(7, 1));
}

/* --- in the middle of it --- */

Test(gicv2_sgi, paused_and_reloaded, .init = start, .fini = gic_stop)
{
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 2; i < 6; i++)
            send(i, 5);
        enter(0); /* one is in a list register */
        if (round == 1)
            cr_assert_eq(iar_now(0) & 0x3ff, 5);
        gic_leave(vcpus[0].cpu);
        cr_assert_eq(gic_is_signalled(vcpus[0].cpu), round != 1);
        if (round == 2)
            cr_assert_eq(gic_reload(), 0);
        if (round == 1) {
            unsigned source = atomic_load(&vcpus[0].cpu->private_irqs[5].source);

            enter(0);
            gic_leave(vcpus[0].cpu);
            cr_assert_eq(gic_reload(), 0);
            cr_assert_eq(reg(0x300), 1 << 5);
            cr_assert_eq(pending_sources(5), 0x3c & ~(1U << source));
            enter(0);
            eoi(0, SGI(5, source));
            drain(5, 0x3c & ~(1U << source));
        } else {
            drain(5, 0x3c);
        }
    }
}

/* Waiting for an interrupt while others' wait for the end of this. */
Test(gicv2_sgi, waits, .init = start, .fini = gic_stop)
{
    send(1, 5);
    send(2, 5);
    cr_assert_eq(iar(0), SGI(5, 1));
    gic_wait(vcpus[0].cpu);
    cr_assert_not(gic_is_signalled(vcpus[0].cpu));
    enter(0);
    eoi(0, SGI(5, 1));
    gic_wait(vcpus[0].cpu);
    cr_assert(gic_is_signalled(vcpus[0].cpu));
    cr_assert_eq(take(0), SGI(5, 2));
    enter(0);
    gic_wait(vcpus[0].cpu);
    cr_assert_not(gic_is_signalled(vcpus[0].cpu));
    vcpus[0].kicks = 0;
    send(7, 5);
    cr_assert_eq(vcpus[0].kicks, 1);
    cr_assert(gic_is_signalled(vcpus[0].cpu));
    drain(5, 1 << 7);
}

Test(gicv2_sgi, taken_back, .init = start, .fini = gic_stop)
{
    /* The one that is in the list register, one that waits, all. */
    for (unsigned i = 0; i < 4; i++)
        send(i, 5);
    enter(0);
    pending_clear(5, 1);
    enter(0);
    pending_clear(5, 4);
    drain(5, 2 | 8);
    for (unsigned i = 0; i < 4; i++)
        send(i, 5);
    enter(0);
    pending_clear(5, 0xff);
    cr_assert_eq(reg(0x200) | pending_sources(5), 0);
    cr_assert_eq(iar(0), SPURIOUS);
    /* While one is active: that it stays. */
    send(6, 5);
    cr_assert_eq(iar(0), SGI(5, 6));
    send(6, 5);
    enter(0);
    send(7, 5);
    enter(0);
    pending_clear(5, 1 << 6);
    cr_assert_eq(pending_sources(5), 1 << 7);
    enter(0);
    pending_clear(5, 1 << 7);
    cr_assert_eq(reg(0x300), 1 << 5);
    enter(0);
    eoi(0, SGI(5, 6));
    drain(5, 0);
    /* By somebody who cannot look at the list registers. */
    send(1, 5);
    send(2, 5);
    enter(0);
    current = GIC_NOBODY;
    write_at(DIST + 0xf15, 1, (uint32_t)FIELD(lr_of(5), 12, 10) == 1 ? 2 : 4);
    drain(5, (uint32_t)FIELD(lr_of(5), 12, 10) == 1 ? 4 : 2);
}

/* --- raised, and gone before that is noticed --- */

/* The sender has named the source, another's interrupt takes that along, and then the sender raises it. */
Test(gicv2_sgi, raised_for_nothing, .init = start, .fini = gic_stop)
{
    struct gic_cpu *cpu = vcpus[0].cpu;

    gic_private_raise(cpu, 5);
    cr_assert_eq(iar(0), SPURIOUS);
    cr_assert_eq(reg(0x200), 0);
    gic_leave(cpu);
    gic_private_raise(cpu, 5);
    (void)gic_is_signalled(cpu);
    enter(0);
    gic_leave(cpu);
    cr_assert_not(gic_is_signalled(cpu));
    send(3, 5);
    enter(0);
    gic_private_raise(cpu, 5);
    cr_assert_eq(iar(0), SGI(5, 3));
    gic_private_raise(cpu, 5);
    enter(0);
    cr_assert_eq(lr_of(5) & (LR_PENDING | LR_ACTIVE | LR_EOI), LR_ACTIVE);
    cr_assert_eq(reg(0x200), 0);
    enter(0);
    eoi(0, SGI(5, 3));
    drain(5, 0);
}

/* --- records --- */

static size_t last_difference(const struct state_writer *a, const struct state_writer *b)
{
    size_t at = a->size;

    cr_assert_eq(a->size, b->size);
    while (at-- > 0)
        if (a->bytes[at] != b->bytes[at])
            return at;
    return 0;
}

Test(gicv2_sgi, record_refused)
{
    struct state_writer before, after;
    size_t at;

    gic_start_with(3, 4);
    gic_enable();
    device_save(gic_device(chip), &before);
    for (unsigned i = 0; i < 3; i++)
        send(i, 15);
    device_save(gic_device(chip), &after);
    at = last_difference(&before, &after);
    cr_assert_eq(after.bytes[at], 7);
    after.bytes[at] = 8;
    cr_assert_eq(device_load(gic_device(chip), &after), -EINVAL, "who is not there");
    after.bytes[at] = 5;
    after.bytes[at + 1] = 8;
    cr_assert_eq(device_load(gic_device(chip), &after), -EINVAL, "whom there cannot be");
    after.bytes[at + 1] = 2;
    cr_assert_eq(device_load(gic_device(chip), &after), 0);
    vcpus[0].hw.vmcr = VMCR_RESET;
    drain(15, 5);
    state_writer_fini(&before);
    state_writer_fini(&after);
    gic_stop();
}

/* --- several at once --- */

#define THREADS 4
#define ROUNDS  3000
static _Atomic unsigned sent[THREADS][16][THREADS];
static unsigned seen[THREADS][16][THREADS];
static atomic_uint senders;

static void note(unsigned v, unsigned word)
{
    unsigned *count = &seen[v][word & 0xf][word >> 10];

    *count = atomic_load(&sent[v][word & 0xf][word >> 10]);
}

static void *vcpu_thread(void *arg)
{
    unsigned v = (unsigned)(uintptr_t)arg, random = v * 7919 + 1, word;

    current = v;
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned to, intid;

        random = random * 1103515245 + 12345;
        to = random >> 16 & 3, intid = 2 + (random >> 18 & 1);
        atomic_fetch_add(&sent[to][intid][v], 1);
        sgir(v, 1U << (16 + to) | intid);
        if (i % 97 == 0)
            (void)gicd_read(0xf20);
        if (i % 333 == 0)
            gic_leave(vcpus[v].cpu), (void)gic_is_signalled(vcpus[v].cpu);
        word = iar(v);
        if (i % 3 == 0)
            enter(v);
        if (word != SPURIOUS) {
            note(v, word);
            eoi(v, word);
        }
    }
    atomic_fetch_sub(&senders, 1);
    while (atomic_load(&senders) != 0)
        sched_yield();
    while ((word = take(v)) != SPURIOUS)
        note(v, word);
    return NULL;
}

Test(gicv2_sgi, threads, .timeout = 300)
{
    pthread_t threads[THREADS];

    gic_start_with(THREADS, 4);
    gic_enable();
    atomic_store(&senders, THREADS);
    for (unsigned v = 0; v < THREADS; v++)
        pthread_create(&threads[v], NULL, vcpu_thread, (void *)(uintptr_t)v);
    for (unsigned v = 0; v < THREADS; v++)
        pthread_join(threads[v], NULL);
    for (unsigned v = 0; v < THREADS; v++) {
        for (unsigned n = 0; n < 16 * THREADS; n++)
            cr_assert_eq(seen[v][n / THREADS][n % THREADS], sent[v][n / THREADS][n % THREADS]);
        current = v;
        cr_assert_eq(gicd_read(0x200) | gicd_read(0x300), 0);
    }
    gic_stop();
}
