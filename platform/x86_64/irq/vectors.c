/* SPDX-License-Identifier: BSD-2-Clause */
#include "vectors.h"

#include <arch/cpu.h>
#include <core/audit.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sync.h>
#include <core/time.h>
#include <errno.h>

#include "lapic.h"

/* Who handles which vector on this CPU; lock: vectors_lock for changes, read without by the CPU itself. */
static DEFINE_PERCPU(struct irq_action *, actions)[VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1];
static DEFINE_PERCPU(uint64_t, unexpected);
static struct spinlock vectors_lock = SPINLOCK_INIT(LOCK_RANK_IRQ);

void interrupt_dispatch(uint32_t vector);

int vector_bind(struct irq_action *action, unsigned cpu)
{
    struct irq_action **table = *percpu_ptr(actions, cpu);
    arch_irq_state_t state = spin_lock_irqsave(&vectors_lock);
    int error = -ENOSPC;

    for (unsigned i = 0; i < ARRAY_SIZE(actions); i++) {
        if (table[i] == NULL) {
            action->cpu = cpu;
            action->vector = VECTOR_DEVICE_FIRST + i;
            __atomic_store_n(&table[i], action, __ATOMIC_RELEASE);
            error = 0;
            break;
        }
    }
    spin_unlock_irqrestore(&vectors_lock, state);
    return error;
}

static void nothing(void *unused)
{
    (void)unused;
}

void vector_release(struct irq_action *action, struct irq_action *successor)
{
    struct irq_action **slot = &(*percpu_ptr(actions, action->cpu))[action->vector - VECTOR_DEVICE_FIRST];
    arch_irq_state_t state = spin_lock_irqsave(&vectors_lock);

    __atomic_store_n(slot, successor, __ATOMIC_RELEASE);
    spin_unlock_irqrestore(&vectors_lock, state);
    /* Every CPU has taken an interrupt since, so none is still inside the handler. */
    cpu_call_all(nothing, NULL);
}

/* A line's handlers form a chain; a message has one. */
static void device_interrupt(uint32_t vector)
{
    struct irq_action *action =
        __atomic_load_n(&(*this_cpu_ptr(actions))[vector - VECTOR_DEVICE_FIRST], __ATOMIC_ACQUIRE);

    if (action == NULL)
        (*this_cpu_ptr(unexpected))++;
    for (; action != NULL; action = action->next) {
        action->count++;
        action->handler(action->arg);
    }
}

/* Called by stubs.S with interrupts off, on the stack of the interrupted thread. */
void interrupt_dispatch(uint32_t vector)
{
    unsigned outer = lock_interrupt_begin();

    audit_pause();
    if (vector == VECTOR_TIMER) {
        lapic_eoi();
        timer_interrupt();
    } else if (vector == VECTOR_KICK) {
        lapic_eoi();
        cpu_kick_handle();
    } else if (vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST) {
        /* EOI after the handler: a level-triggered line must be quiet by then (SDM vol. 3A, 11.8.5). */
        device_interrupt(vector);
        lapic_eoi();
    } else if (vector == VECTOR_APIC_ERROR) {
        lapic_write(LAPIC_ESR, 0);
        log_warning("lapic: error status %#x", lapic_read(LAPIC_ESR));
        lapic_eoi();
    } else if (vector != VECTOR_SPURIOUS) {
        (*this_cpu_ptr(unexpected))++; /* a legacy PIC's spurious interrupt: no EOI */
    }
    lock_interrupt_end(outer);
    sched_interrupt_exit();
    audit_resume();
}
