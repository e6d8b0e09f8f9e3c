/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <contract/arch.h>
#include <core/audit.h>
#include <core/cpu.h>
#include <core/irq.h>
#include <core/percpu.h>
#include <core/sched.h>
#include <core/sync.h>
#include <errno.h>

#include "../timer/timer.h"
#include "gic.h"

/* First of each shared line's handlers; lock: lines_lock for changes, read without by the CPU that it goes
 * to. */
static struct irq_action *actions[GIC_SPI_END];
static struct spinlock lines_lock = SPINLOCK_INIT(LOCK_RANK_IRQ);
static DEFINE_PERCPU(uint64_t, unexpected);

void interrupt_dispatch(void);

static void nothing(void *unused)
{
    (void)unused;
}

/* Level-triggered lines of this controller are active high; what a device drives low is inverted on its way.
 */
int irq_request_line(struct irq_action *action, uint32_t gsi, enum irq_trigger trigger)
{
    bool is_edge = trigger == IRQ_EDGE_HIGH;
    arch_irq_state_t state;
    int error = 0;

    if (gsi < GIC_SPI_FIRST || gsi >= gic_lines())
        return -ENODEV;
    action->gsi = gsi;
    action->next = NULL;
    action->cpu = 0;
    action->vector = is_edge;
    state = spin_lock_irqsave(&lines_lock);
    if (actions[gsi] == NULL) {
        __atomic_store_n(&actions[gsi], action, __ATOMIC_RELEASE);
        gic_spi_enable(gsi, cpu_hw_id(0), is_edge);
    } else if (actions[gsi]->vector != action->vector) {
        error = -EBUSY;
    } else {
        action->next = actions[gsi]->next;
        __atomic_store_n(&actions[gsi]->next, action, __ATOMIC_RELEASE);
    }
    spin_unlock_irqrestore(&lines_lock, state);
    return error;
}

int irq_request_msi(struct irq_action *action, unsigned cpu, uint32_t requester, struct msi_message *out)
{
    action->gsi = IRQ_GSI_NONE;
    action->next = NULL;
    return its_bind(action, cpu, requester, out);
}

void irq_release(struct irq_action *action)
{
    struct irq_action **link;
    arch_irq_state_t state;

    if (action->gsi == IRQ_GSI_NONE) {
        its_release(action);
    } else {
        state = spin_lock_irqsave(&lines_lock);
        for (link = &actions[action->gsi]; *link != NULL && *link != action; link = &(*link)->next)
            ;
        if (*link != NULL)
            __atomic_store_n(link, action->next, __ATOMIC_RELEASE);
        if (actions[action->gsi] == NULL)
            gic_spi_disable(action->gsi);
        spin_unlock_irqrestore(&lines_lock, state);
    }
    /* Every CPU has taken an interrupt since, so none is still inside the handler. */
    cpu_call_all(nothing, NULL);
}

static bool line_handle(unsigned intid)
{
    struct irq_action *action = __atomic_load_n(&actions[intid], __ATOMIC_ACQUIRE);
    bool is_known = action != NULL;

    for (; action != NULL; action = __atomic_load_n(&action->next, __ATOMIC_ACQUIRE)) {
        action->count++;
        action->handler(action->arg);
    }
    return is_known;
}

static void handle(unsigned intid)
{
    if (intid == SGI_KICK)
        cpu_kick_handle();
    else if (intid == SGI_STOP)
        arch_halt();
    else if (intid == generic_timer_intid())
        generic_timer_handle();
    else if (intid >= GIC_LPI_FIRST ? !its_handle(intid) : intid < GIC_SPI_FIRST || !line_handle(intid))
        (*this_cpu_ptr(unexpected))++;
}

/* Called by vectors.S with interrupts off, on the stack of the interrupted thread. */
void interrupt_dispatch(void)
{
    unsigned outer = lock_interrupt_begin();
    unsigned intid = gic_acknowledge();

    audit_pause();
    /* 1020 to 1023 are no interrupts: what was pending went away meanwhile. */
    if (intid < GIC_SPI_END || intid >= GIC_LPI_FIRST) {
        handle(intid);
        /* After the handler: a level-triggered line must be quiet by then. */
        gic_end(intid);
    }
    lock_interrupt_end(outer);
    sched_interrupt_exit();
    audit_resume();
}
