/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../vmm/irqchip/gic/model.h"
#include "gicv3_fixture.h"
#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

/* Interrupts on their way through list registers; vCPUs that wait; several threads at once. */

static void start(void)
{
    gic_start_with(4, 4, false);
    gic_enable();
}

static void line(unsigned intid, bool level)
{
    irqchip_line_set(chip, intid - 32, level);
}

/* --- list registers --- */

Test(gicv3_lr, overflow, .init = start, .fini = gic_stop)
{
    /* 20 pending, four list registers, two priorities: the urgent ones first, nobody lost. */
    for (unsigned i = 0; i < 20; i++) {
        spi_edge(40 + i);
        spi_enable(40 + i);
        spi_priority(40 + i, i % 2 ? 0x40 : 0x80);
        line(40 + i, true);
    }
    enter(0);
    cr_assert_eq(vcpus[0].hw.hcr & BIT(3), BIT(3), "NPIE");
    for (unsigned i = 0; i < 20; i++) {
        unsigned intid = iar(0);

        cr_assert_eq(intid, i < 10 ? 41 + i * 2 : 40 + (i - 10) * 2);
        eoi(0, intid);
    }
    cr_assert_eq(iar(0), SPURIOUS);
    cr_assert_eq(vcpus[0].hw.hcr, 1);
}

/* More active than list registers: the ends of those that have none are counted. */
static void nested(unsigned lrs)
{
    static const unsigned depth = 12;
    unsigned intids[12];

    gic_start_with(1, lrs, false);
    gic_enable();
    for (unsigned i = 0; i < depth; i++) {
        spi_edge(40 + i);
        spi_enable(40 + i);
        spi_priority(40 + i, (uint8_t)(0xf0 - i * 0x10));
        line(40 + i, true);
        intids[i] = iar(0);
        cr_assert_eq(intids[i], 40 + i);
    }
    line(60, true);
    for (unsigned i = 0; i < depth; i++)
        cr_assert(spi_bit(0x300, 40 + i));
    for (unsigned i = depth; i-- > 0;) {
        enter(0);
        eoi(0, intids[i]);
        cr_assert_not(spi_bit(0x300, 40 + i));
        for (unsigned j = 0; j < i; j++)
            cr_assert(spi_bit(0x300, 40 + j));
    }
    cr_assert_eq(iar(0), SPURIOUS);
    cr_assert_eq(vcpus[0].hw.hcr, 1);
    gic_stop();
}

Test(gicv3_lr, nested_overflow)
{
    nested(1);
    nested(2);
    nested(4);
    nested(16);
}

Test(gicv3_lr, nested_ends_without_exit, .init = start, .fini = gic_stop)
{
    for (unsigned i = 0; i < 10; i++) {
        spi_edge(40 + i);
        spi_enable(40 + i);
        spi_priority(40 + i, (uint8_t)(0xf0 - i * 0x10));
        line(40 + i, true);
        cr_assert_eq(iar(0), 40 + i);
    }
    /* Five of them end before anybody in the host looks: EOIcount. */
    for (unsigned i = 10; i-- > 5;)
        eoi(0, 40 + i);
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(spi_bit(0x300, 40 + i), i < 5);
    for (unsigned i = 5; i-- > 0;)
        eoi(0, 40 + i);
    cr_assert_eq(iar(0), SPURIOUS);
    cr_assert_eq(gicd_read(0x304), 0);
}

/* Priority drop and deactivation apart: 4.1.4. */
static void split_eoi(void)
{
    vcpus[0].hw.vmcr |= VMCR_EOIM;
    vcpus[1].hw.vmcr |= VMCR_EOIM;
    for (unsigned i = 0; i < 8; i++) {
        spi_edge(40 + i);
        spi_enable(40 + i);
        line(40 + i, true);
        cr_assert_eq(iar(0), 40 + i);
        eoi(0, 40 + i);
        cr_assert(spi_bit(0x300, 40 + i));
    }
    enter(0);
    cr_assert_eq(vcpus[0].hw.hcr & (HCR_TC | HCR_TDIR), dir_trap, "some are in no list register");
    /* Deactivated in any order, by any vCPU. */
    dir(0, 43);
    cr_assert_not(spi_bit(0x300, 43));
    cr_assert(spi_bit(0x300, 42));
    spi_edge(60);
    spi_enable(60);
    spi_route(60, 1);
    line(60, true);
    cr_assert_eq(iar(1), 60);
    enter(1);
    dir(1, 46);
    enter(0);
    current = 0;
    cr_assert_not(spi_bit(0x300, 46));
    for (unsigned i = 0; i < 8; i++)
        enter(0), dir(0, 40 + i);
    cr_assert_eq(gicd_read(0x304), 1U << 28);
    dir(0, 5000);
    dir(0, 1022);
    dir(0, 8192);
}

/* As on CPUs that cannot tell ICC_DIR_EL1 from what is common to both groups. */
static void start_without_tdir(void)
{
    dir_trap = HCR_TC;
    start();
}

Test(gicv3_lr, split_eoi, .init = start, .fini = gic_stop)
{
    split_eoi();
}

Test(gicv3_lr, split_eoi_without_tdir, .init = start_without_tdir, .fini = gic_stop)
{
    split_eoi();
}

/* Those others, which trap then: what is written is there, for the guest and for hardware. */
Test(gicv3_lr, common_registers, .init = start_without_tdir, .fini = gic_stop)
{
    struct gic_cpu *cpu = vcpus[0].cpu;

    cr_assert_eq(gicv3_common_read(cpu, GICV3_CTLR), ICC_CTLR);
    gicv3_common_write(cpu, GICV3_CTLR, ~0ULL);
    cr_assert_eq(gicv3_common_read(cpu, GICV3_CTLR), ICC_CTLR | 3);
    cr_assert_eq(vcpus[0].hw.vmcr, VMCR_RESET | BIT(4) | VMCR_EOIM);
    enter(0);
    cr_assert_eq(vcpus[0].hw.hcr, HCR_TC | 1, "from now on any vCPU may deactivate what is active here");
    gicv3_common_write(cpu, GICV3_CTLR, 0);
    cr_assert_eq(vcpus[0].hw.vmcr, VMCR_RESET);
    enter(0);
    cr_assert_eq(vcpus[0].hw.hcr, 1);

    gicv3_common_write(cpu, GICV3_PMR, 0xff);
    cr_assert_eq(gicv3_common_read(cpu, GICV3_PMR), 0xf8, "five bits");
    gicv3_common_write(cpu, GICV3_PMR, 0x123456780);
    cr_assert_eq(gicv3_common_read(cpu, GICV3_PMR), 0x80);
    cr_assert_eq(vcpus[0].hw.vmcr, (VMCR_RESET & MASK(23, 0)) | 0x80000000);
    gicv3_common_write(cpu, GICV3_PMR, 0xf0);

    cr_assert_eq(gicv3_common_read(cpu, GICV3_RPR), 0xff, "idle");
    spi_edge(40);
    spi_enable(40);
    spi_priority(40, 0x48);
    line(40, true);
    cr_assert_eq(iar(0), 40);
    cr_assert_eq(gicv3_common_read(cpu, GICV3_RPR), 0x48);
    gicv3_common_write(cpu, GICV3_PMR, 0xf8);
    cr_assert_eq(gicv3_common_read(cpu, GICV3_RPR), 0x48, "it still is active");
    eoi(0, 40);
    cr_assert_eq(gicv3_common_read(cpu, GICV3_RPR), 0xff);
}

/* A group that the guest has not enabled at its interface does not keep the other out. */
Test(gicv3_lr, group_hidden, .init = start, .fini = gic_stop)
{
    vcpus[0].hw.vmcr &= ~1U;
    for (unsigned i = 0; i < 8; i++) {
        spi_edge(40 + i);
        spi_enable(40 + i);
        spi_priority(40 + i, i < 6 ? 0x20 : 0x80);
        line(40 + i, true);
    }
    gicd_write(0x84, ~0x3f00U);
    cr_assert_eq(take(0), 46);
    cr_assert_eq(take(0), 47);
    cr_assert_eq(take(0), SPURIOUS);
    cr_assert_neq(vcpus[0].hw.hcr & BIT(4), 0);
    vcpus[0].hw.vmcr |= 1;
    model_maintenance(0);
    for (unsigned i = 0; i < 6; i++)
        cr_assert_eq(take(0), 40 + i);
    cr_assert_eq(vcpus[0].hw.hcr, 1);
}

/* The timer: the guest's deactivation reaches the physical interrupt. */
Test(gicv3_lr, host_interrupt, .init = start, .fini = gic_stop)
{
    struct vcpu *v = &vcpus[1];

    gic_ppi_host_set(v->cpu, 27, 27);
    gic_ppi_host_set(v->cpu, 3, 27);
    gic_ppi_set(v->cpu, 27, true);
    enter(1);
    cr_assert_eq(FIELD(v->hw.lr[0], 44, 32), 27);
    cr_assert_neq(v->hw.lr[0] & LR_HW, 0);
    cr_assert_eq(iar(1), 27);
    eoi(1, 27);
    cr_assert_eq(v->host_deactivations, 1);
    /* It is high again before anybody has folded. */
    gic_ppi_set(v->cpu, 27, true);
    cr_assert_eq(take(1), 27);
    cr_assert_eq(v->host_deactivations, 2);
    cr_assert_eq(take(1), SPURIOUS);
    /* Taken back before the guest has seen it. */
    gic_ppi_set(v->cpu, 27, true);
    enter(1);
    gic_ppi_set(v->cpu, 27, false);
    cr_assert_eq(take(1), SPURIOUS);
    cr_assert_eq(v->host_deactivations, 3);
    gic_ppi_set(v->cpu, 27, true);
    gicr_write(1, 0x10280, 1 << 27);
    enter(1);
    cr_assert_eq(v->host_deactivations, 4);
    /* Deactivated by register. */
    gic_ppi_set(v->cpu, 27, true);
    cr_assert_eq(iar(1), 27);
    gicr_write(1, 0x10380, 1 << 27);
    enter(1);
    cr_assert_eq(v->host_deactivations, 5);
    cr_assert_eq(v->host_intid, 27);
}

/* --- WFI --- */

/* SGIs and timers are raised without the lock, and so are in no queue when the vCPU looks whether to go on.
 */
Test(gicv3_lr, waiting_for_an_sgi, .init = start, .fini = gic_stop)
{
    struct gic_cpu *cpu = vcpus[0].cpu;

    enter(0);
    gic_leave(cpu);
    cr_assert_not(gic_is_signalled(cpu));
    vcpus[0].kicks = 0;
    gicv3_sgi_write(vcpus[1].cpu, 1, 3 << 24 | 1);
    cr_assert_eq(vcpus[0].kicks, 1);
    cr_assert(gic_is_signalled(cpu));
    cr_assert_eq(iar(0), 3);
    eoi(0, 3);
    gic_leave(cpu);
    cr_assert_not(gic_is_signalled(cpu));
}

/* --- one at a time, which has a way of its own --- */

static void sgi(unsigned to, unsigned intid)
{
    gicv3_sgi_write(vcpus[1].cpu, 1, (uint64_t)intid << 24 | 1U << to);
}

Test(gicv3_lr, one_after_another, .init = start, .fini = gic_stop)
{
    for (unsigned i = 0; i < 40; i++) {
        unsigned intid = i < 10 ? 3 : i % 16;

        sgi(0, intid);
        cr_assert_eq(gicr_read(0, 0x10200), 1U << intid, "GICR_ISPENDR0");
        enter(0);
        cr_assert_eq(vcpus[0].hw.lr[0] & 0xffffffff, intid, "round %u", i);
        cr_assert_eq(vcpus[0].hw.lr[1], 0);
        cr_assert_eq(take(0), intid);
    }
    cr_assert_eq(take(0), SPURIOUS);
    cr_assert_eq(gicr_read(0, 0x10200), 0);
}

Test(gicv3_lr, one_after_several, .init = start, .fini = gic_stop)
{
    for (unsigned intid = 1; intid <= 3; intid++)
        sgi(0, intid);
    for (unsigned intid = 1; intid <= 3; intid++)
        cr_assert_eq(take(0), intid);
    /* It is still in the list register where it was; the others leave theirs. */
    sgi(0, 2);
    enter(0);
    cr_assert_eq(vcpus[0].hw.lr[1] & (0xffffffff | LR_PENDING), 2 | LR_PENDING);
    cr_assert_eq(take(0), 2);
    gic_leave(vcpus[0].cpu);
    cr_assert_eq(gicr_read(0, 0x10200), 0);
    cr_assert_eq(gicr_read(0, 0x10300), 0, "GICR_ISACTIVER0");
    for (unsigned intid = 1; intid <= 3; intid++)
        sgi(0, intid);
    for (unsigned intid = 1; intid <= 3; intid++)
        cr_assert_eq(take(0), intid);
}

Test(gicv3_lr, one_that_may_not, .init = start, .fini = gic_stop)
{
    gicr_write(0, 0x10180, 1 << 5);
    sgi(0, 5);
    cr_assert_eq(take(0), SPURIOUS, "disabled");
    gicr_write(0, 0x10100, 1 << 5);
    cr_assert_eq(take(0), 5);
    sgi(0, 5);
    gicr_write(0, 0x10280, 1 << 5);
    cr_assert_eq(take(0), SPURIOUS, "taken back");
    gicd_write(0, 0);
    sgi(0, 6);
    cr_assert_eq(take(0), SPURIOUS, "both groups are off");
    gicd_write(0, 3);
    cr_assert_eq(take(0), 6);
    gicr_write(0, 0x10300, 1 << 7);
    sgi(0, 7);
    cr_assert_eq(take(0), SPURIOUS, "active");
    gicr_write(0, 0x10380, 1 << 7);
    cr_assert_eq(take(0), 7);
}

/* What is active stays that, and what comes meanwhile waits or goes in between. */
Test(gicv3_lr, one_while_active, .init = start, .fini = gic_stop)
{
    sgi(0, 3);
    cr_assert_eq(iar(0), 3);
    sgi(0, 3);
    cr_assert_eq(iar(0), SPURIOUS, "itself");
    gicr_write(0, 0x10404, 0x20202020);
    sgi(0, 4);
    cr_assert_eq(take(0), 4, "more urgent");
    eoi(0, 3);
    cr_assert_eq(take(0), 3);
    cr_assert_eq(take(0), SPURIOUS);
}

/* Another vCPU has asked whether it is active; the answer is about that time, not about the next. */
Test(gicv3_lr, one_asked_about, .init = start, .fini = gic_stop)
{
    for (unsigned i = 0; i < 2; i++) {
        sgi(0, 3);
        cr_assert_eq(iar(0), 3);
        current = 1;
        cr_assert_eq(gicr_read(0, 0x10300), 1 << 3, "GICR_ISACTIVER0, time %u", i);
        eoi(0, 3);
        enter(0);
    }
}

static void *entering_thread(void *arg)
{
    current = 0;
    (void)!gic_entry(vcpus[0].cpu);
    return arg;
}

/* It was taken back while the vCPU, which had seen it, waited for the lock. */
Test(gicv3_lr, one_taken_back, .init = start, .fini = gic_stop)
{
    struct gic_cpu *cpu = vcpus[0].cpu;
    struct gic_irq *irq = &cpu->private_irqs[3];
    uint16_t ticket;
    pthread_t thread;

    sgi(0, 3);
    spin_lock(&cpu->lock);
    ticket = atomic_load(&cpu->lock.next);
    cr_assert_eq(pthread_create(&thread, NULL, entering_thread, NULL), 0);
    while (atomic_load(&cpu->lock.next) == ticket)
        sched_yield();
    /* What GICR_ICPENDR0 does with the lock. */
    gic_raised_latch(cpu);
    irq_flags_set(irq, irq_flags(irq) & ~(uint32_t)IRQ_LATCH);
    gic_irq_place(cpu, irq, false);
    spin_unlock(&cpu->lock);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_eq(gicr_read(0, 0x10200), 0, "GICR_ISPENDR0");
    cr_assert_eq(iar(0), SPURIOUS);
}

/* --- WFI again --- */

Test(gicv3_lr, waiting, .init = start, .fini = gic_stop)
{
    struct gic_cpu *cpu = vcpus[0].cpu;

    spi_edge(40);
    spi_enable(40);
    enter(0);
    gic_leave(cpu);
    cr_assert_not(gic_is_signalled(cpu));
    vcpus[0].kicks = 0;
    line(40, true);
    cr_assert_eq(vcpus[0].kicks, 1);
    cr_assert(gic_is_signalled(cpu));
    cr_assert(gic_wants_entry(cpu));
    cr_assert_eq(iar(0), 40);
    gic_leave(cpu);
    cr_assert_not(gic_is_signalled(cpu), "active, nothing more urgent");
    spi_edge(41);
    spi_enable(41);
    vcpus[0].kicks = 0;
    line(41, true);
    cr_assert_eq(vcpus[0].kicks, 1);
    cr_assert_not(gic_is_signalled(cpu), "no more urgent than what runs");
    spi_edge(42);
    spi_enable(42);
    spi_priority(42, 0x20);
    line(42, true);
    cr_assert_eq(vcpus[0].kicks, 2, "told again, though nothing has come of the first");
    cr_assert(gic_is_signalled(cpu));
    cr_assert_eq(iar(0), 42);
    eoi(0, 42);
    eoi(0, 40);
    cr_assert_eq(take(0), 41);
    vcpus[0].hw.vmcr = 0x20000003;
    line(42, false);
    line(42, true);
    enter(0);
    gic_leave(cpu);
    cr_assert_not(gic_is_signalled(cpu), "masked");
    vcpus[0].hw.vmcr = 0xff000001;
    enter(0);
    gic_leave(cpu);
    cr_assert_not(gic_is_signalled(cpu), "the group is off");
    vcpus[0].hw.vmcr = VMCR_RESET;
    enter(0);
    gic_leave(cpu);
    cr_assert(gic_is_signalled(cpu));
    cr_assert_eq(gicd_read(0) >> 31, 0);
}

/* One that was active in its list register becomes pending in it, and is not active any more. */
Test(gicv3_lr, again_after_active, .init = start, .fini = gic_stop)
{
    gicr_write(0, 0x10300, 1 << 7);
    enter(0);
    cr_assert_eq(vcpus[0].hw.lr[0] & (0xffffffff | LR_ACTIVE), 7 | LR_ACTIVE);
    dir(0, 7);
    cr_assert_eq(vcpus[0].hw.lr[0] & LR_ACTIVE, 0);
    current = 1;
    gicv3_sgi_write(vcpus[1].cpu, 1, 7 << 24 | 1);
    gicr_write(0, 0x10400, 0xa0a0a080); /* whatever takes the vCPU's lock */
    enter(0);
    cr_assert_eq(vcpus[0].hw.lr[0] & (0xffffffff | LR_PENDING), 7 | LR_PENDING);
    gic_leave(vcpus[0].cpu);
    cr_assert_eq(gicr_read(0, 0x10300), 0, "GICR_ISACTIVER0");
    cr_assert_eq(take(0), 7);
    cr_assert_eq(take(0), SPURIOUS);
}

/* --- several at once --- */

#define ROUNDS 3000
static _Atomic unsigned sent[4][16], spi_sent[SPIS];
static unsigned seen[4][16];
static _Atomic unsigned spi_seen[SPIS];
static atomic_bool is_over;

static void note(unsigned v, unsigned intid)
{
    if (intid < 16)
        seen[v][intid] = atomic_load(&sent[v][intid]);
    else if (intid >= 32 && intid < 32 + SPIS)
        atomic_store(&spi_seen[intid - 32], atomic_load(&spi_sent[intid - 32]));
}

static void *vcpu_thread(void *arg)
{
    unsigned v = (unsigned)(uintptr_t)arg, random = v * 7919 + 1;

    current = v;
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned to, intid;

        random = random * 1103515245 + 12345;
        to = random >> 16 & 3, intid = random >> 18 & 15;
        atomic_fetch_add(&sent[to][intid], 1);
        gicv3_sgi_write(vcpus[v].cpu, 1, (uint64_t)intid << 24 | 1U << to);
        if (i % 64 == 0)
            spi_route(32 + random % SPIS, random >> 20 & 64 ? BIT(31) : random >> 20 & 3);
        if (i % 97 == 0)
            (void)gicd_read(0x304 + (random & 4));
        if (i % 333 == 0)
            gic_leave(vcpus[v].cpu), (void)gic_is_signalled(vcpus[v].cpu);
        intid = iar(v);
        if (intid != SPURIOUS) {
            note(v, intid);
            eoi(v, intid);
        }
    }
    /* All senders are done before the last ones are taken. */
    while (!atomic_load(&is_over))
        sched_yield();
    for (unsigned intid; (intid = iar(v)) != SPURIOUS;) {
        note(v, intid);
        eoi(v, intid);
    }
    return NULL;
}

static void *device_thread(void *arg)
{
    current = GIC_NOBODY;
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned n = i % SPIS;

        atomic_fetch_add(&spi_sent[n], 1);
        irqchip_line_set(chip, n, true);
        irqchip_line_set(chip, n, false);
    }
    return NULL;
}

Test(gicv3_lr, threads, .init = start, .fini = gic_stop, .timeout = 300)
{
    pthread_t threads[4], device;

    for (unsigned i = 32; i < 32 + SPIS; i++) {
        spi_edge(i);
        spi_enable(i);
        spi_route(i, i % 4);
    }
    for (unsigned v = 0; v < 4; v++)
        pthread_create(&threads[v], NULL, vcpu_thread, (void *)(uintptr_t)v);
    pthread_create(&device, NULL, device_thread, NULL);
    pthread_join(device, NULL);
    struct timespec pause = {.tv_sec = 1};
    nanosleep(&pause, NULL);
    atomic_store(&is_over, true);
    for (unsigned v = 0; v < 4; v++)
        pthread_join(threads[v], NULL);
    /* What moved at the end. */
    for (unsigned round = 0; round < 4; round++)
        for (unsigned v = 0; v < 4; v++)
            for (unsigned intid; (intid = iar(v)) != SPURIOUS;) {
                note(v, intid);
                eoi(v, intid);
            }
    for (unsigned v = 0; v < 4; v++)
        gic_leave(vcpus[v].cpu);
    for (unsigned v = 0; v < 4; v++)
        for (unsigned n = 0; n < 16; n++)
            cr_assert_eq(seen[v][n], sent[v][n]);
    for (unsigned n = 0; n < SPIS; n++)
        cr_assert_eq(spi_seen[n], spi_sent[n]);
    cr_assert_eq(gicd_read(0) >> 31, 0);
    for (unsigned i = 0; i < SPIS / 32; i++)
        cr_assert_eq(gicd_read(0x204 + i * 4) | gicd_read(0x304 + i * 4), 0);
}
