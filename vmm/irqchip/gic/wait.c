/* SPDX-License-Identifier: BSD-2-Clause */
#include "lr.h"

/* A vCPU that waits for an interrupt: whether there is one. IHI 0069H, 4.8 (priorities). */

/* Somebody has to look at a line when the guest is done with what is loaded, and the word of that may be on
 * its way. */
static bool has_line(const struct gic_cpu *cpu)
{
    for (unsigned i = 0; i < cpu->lrs.used; i++)
        if (cpu->loaded[i] != NULL && (cpu->lrs.lr[i] & LR_EOI))
            return true;
    return false;
}

/* Nothing is left to look at, in or out of list registers. */
static bool is_quiet(struct gic_cpu *cpu)
{
    const struct gic_lrs *lrs = &cpu->lrs;
    uint32_t used = (1U << lrs->used) - 1;
    arch_irq_state_t state;
    bool is_empty;

    if (atomic_load(&cpu->attention) != 0 || cpu->active != 0 || has_pending(cpu, 3) ||
        atomic_load(&cpu->limbo_todo) != 0 || has_line(cpu))
        return false;
    state = arch_irq_save();
    is_empty = (vcpu_lrs_empty(cpu->vcpu, &cpu->lrs) & used) == used;
    arch_irq_restore(state);
    return is_empty;
}

void gic_wait(struct gic_cpu *cpu)
{
    if (likely(is_quiet(cpu)))
        cpu->is_waiting = true;
    else
        gic_leave(cpu);
}

void gic_maintenance(struct gic_cpu *cpu)
{
    atomic_fetch_or(&cpu->attention, ATTENTION_NEW);
}

/* Raised without a lock, and so in no queue. */
static void raised_queue(struct gic_cpu *cpu)
{
    arch_irq_state_t state = spin_lock_irqsave(&cpu->lock);

    gic_raised_latch(cpu);
    spin_unlock_irqrestore(&cpu->lock, state);
}

unsigned gic_running_priority(const struct gic_lrs *lrs)
{
    for (unsigned i = 0; i < ARRAY_SIZE(lrs->apr[0]); i++) {
        uint32_t bits = lrs->apr[0][i] | lrs->apr[1][i];

        if (bits != 0)
            return (i * 32 + (unsigned)__builtin_ctz(bits)) << (8 - lrs->pri_bits);
    }
    return 0x100;
}

/* The group priority of `priority`: 4.8 and 12.4 (the binary points of ICH_VMCR_EL2; with VCBPR, Group
 * 0's for both). Group 0's point n leaves bits 7:n+1, Group 1's bits 7:n. */
static unsigned group_priority(const struct gic_lrs *lrs, unsigned group, unsigned priority)
{
    unsigned bpr0 = (unsigned)FIELD(lrs->vmcr, 23, 21), bpr1 = (unsigned)FIELD(lrs->vmcr, 20, 18);
    unsigned low = group == 0 || (lrs->vmcr & VMCR_CBPR) ? bpr0 + 1 : bpr1;

    return priority >> low << low;
}

bool gic_would_signal(struct gic_cpu *cpu)
{
    const struct gic_lrs *lrs = &cpu->lrs;
    unsigned mask = lrs->vmcr >> 24;

    /* Before the look: who queues something after that raises attention again, and kicks. */
    attention_take(cpu, ATTENTION_AWAY);
    resync_done(cpu);
    if (atomic_load_explicit(&cpu->raised, memory_order_relaxed) != 0)
        raised_queue(cpu);
    if (unlikely(atomic_load_explicit(&cpu->host_done, memory_order_relaxed) != 0))
        lr_host_deactivate(cpu);
    if ((cpu->why & ATTENTION_ITS) != 0 || atomic_load(&cpu->limbo_todo) != 0)
        return true;
    for (unsigned group = 0; group < 2; group++) {
        uint32_t pending = atomic_load(&cpu->pending[group]);
        unsigned priority;

        if (pending == 0 || (lrs->vmcr & atomic_load(&cpu->chip->ctlr) & 1U << group) == 0)
            continue;
        priority = (unsigned)__builtin_ctz(pending) << 3;
        if (priority < mask && group_priority(lrs, group, priority) < gic_running_priority(lrs))
            return true;
    }
    return false;
}

void gic_interface_reset(struct gic_cpu *cpu)
{
    arch_irq_state_t state;

    gic_cpu_fold(cpu);
    /* A thread that had the CPU in between would have what is in hardware written to the image. */
    state = arch_irq_save();
    cpu->lrs.vmcr = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(cpu->lrs.apr[0]); i++)
        cpu->lrs.apr[0][i] = cpu->lrs.apr[1][i] = 0;
    vcpu_interface_write(cpu->vcpu, &cpu->lrs);
    arch_irq_restore(state);
}
