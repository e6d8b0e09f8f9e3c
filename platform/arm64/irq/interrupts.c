/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cpu.h>
#include <arch/ppi.h>
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
static arch_ppi_fn ppi_handlers[GIC_SPI_FIRST]; /* each: immutable once its interrupt is enabled */
static DEFINE_PERCPU(uint64_t, unexpected);

static void nothing(void *unused)
{
    (void)unused;
}

/* struct irq_action.vector of lines: the INTID, and: */
#define VECTOR_EDGE 0x80000000U

int gic_line_bind(struct irq_action *action, unsigned intid, unsigned cpu, bool is_edge, bool is_shared)
{
    arch_irq_state_t state;
    int error = 0;

    action->next = NULL;
    action->cpu = cpu;
    action->vector = intid | (is_edge ? VECTOR_EDGE : 0);
    state = spin_lock_irqsave(&lines_lock);
    if (actions[intid] == NULL) {
        __atomic_store_n(&actions[intid], action, __ATOMIC_RELEASE);
        gic_spi_enable(intid, cpu, is_edge);
    } else if (!is_shared || actions[intid]->vector != action->vector) {
        error = -EBUSY;
    } else {
        action->next = actions[intid]->next;
        __atomic_store_n(&actions[intid]->next, action, __ATOMIC_RELEASE);
    }
    spin_unlock_irqrestore(&lines_lock, state);
    return error;
}

void gic_line_unbind(struct irq_action *action)
{
    unsigned intid = action->vector & ~VECTOR_EDGE;
    arch_irq_state_t state = spin_lock_irqsave(&lines_lock);
    struct irq_action **link;

    for (link = &actions[intid]; *link != NULL && *link != action; link = &(*link)->next)
        ;
    if (*link != NULL)
        __atomic_store_n(link, action->next, __ATOMIC_RELEASE);
    if (actions[intid] == NULL)
        gic_spi_disable(intid);
    spin_unlock_irqrestore(&lines_lock, state);
}

/* Level-triggered lines of this controller are active high; what a device drives low is inverted on its way.
 */
int irq_request_line(struct irq_action *action, uint32_t gsi, enum irq_trigger trigger)
{
    if (gsi < GIC_SPI_FIRST || gsi >= gic_lines())
        return -ENODEV;
    action->gsi = gsi;
    return gic_line_bind(action, gsi, 0, trigger == IRQ_EDGE_HIGH, true);
}

int irq_request_msi(struct irq_action *action, unsigned cpu, uint32_t requester, struct msi_message *out)
{
    action->gsi = IRQ_GSI_NONE;
    action->next = NULL;
    return gic_message_bind(action, cpu, requester, out);
}

void irq_release(struct irq_action *action)
{
    if (action->gsi == IRQ_GSI_NONE)
        gic_message_release(action);
    else
        gic_line_unbind(action);
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

int arch_ppi_request(unsigned intid, arch_ppi_fn fn)
{
    if (intid < GIC_PPI_FIRST || intid >= GIC_SPI_FIRST)
        return -EINVAL;
    if (ppi_handlers[intid] != NULL || intid == generic_timer_intid())
        return -EBUSY;
    ppi_handlers[intid] = fn;
    return 0;
}

void arch_ppi_enable(unsigned intid)
{
    gic_ppi_enable(intid);
}

/* True: it stays active. */
static bool handle(unsigned intid)
{
    if (intid == SGI_KICK)
        cpu_kick_handle();
    else if (intid == SGI_STOP)
        arch_halt();
    else if (intid == generic_timer_intid())
        generic_timer_handle();
    else if (intid < GIC_SPI_FIRST && ppi_handlers[intid] != NULL)
        return ppi_handlers[intid]();
    else if (!(intid >= GIC_SPI_FIRST && intid < GIC_SPI_END && line_handle(intid)) &&
             !gic_message_handle(intid))
        (*this_cpu_ptr(unexpected))++;
    return false;
}

/* Called by vectors.S with interrupts off, on the stack of the interrupted thread. */
void interrupt_dispatch(void)
{
    unsigned outer = lock_interrupt_begin();
    unsigned acknowledged = gic_acknowledge(), intid = gic_intid(acknowledged);

    audit_pause();
    /* 1020 to 1023 are no interrupts: what was pending went away meanwhile. */
    if (intid < GIC_SPI_END || intid >= GIC_LPI_FIRST) {
        /* After the handler: a level-triggered line must be quiet by then. */
        gic_end(acknowledged, handle(intid));
    }
    lock_interrupt_end(outer);
    sched_interrupt_exit();
    audit_resume();
}
