/* SPDX-License-Identifier: BSD-2-Clause */
#include "chip.h"
#include <errno.h>

/* The local APIC's registers, by MMIO (xAPIC: SDM vol. 3A, 11.4) and by MSR (x2APIC: 11.12). */

#define MSR_APIC_BASE    0x1b
#define MSR_TSC_DEADLINE 0x6e0

/* Version as QEMU's and KVM's: integrated APIC, six LVT entries, no suppression of EOI broadcasts. */
#define VERSION_VALUE (0x14 | (LVTS - 1) << 16)

/* Bits of each register that a guest may set; LVTs also tolerate their read-only bits (delivery status,
 * remote IRR) where software writes back what it has read. */
static const uint32_t lvt_writable[LVTS] = {
    [LVT_TIMER] = 0x700ff, [LVT_THERMAL] = 0x107ff, [LVT_PERF] = 0x107ff,
    [LVT_LINT0] = 0x1a7ff, [LVT_LINT1] = 0x1a7ff,   [LVT_ERROR] = 0x100ff,
};
#define LVT_READ_ONLY 0x05000 /* LINT0 and LINT1; the others have no remote IRR */
#define LVT_STATUS    0x01000
#define SVR_WRITABLE  0x003ff
#define DIVIDE_BITS   0x0000b
#define ICR_WRITABLE  0xccfff
#define ICR_STATUS    0x01000

static uint32_t read_lvt(const struct lapic *lapic, unsigned which)
{
    return atomic_load_explicit(&lapic->lvt[which], memory_order_relaxed);
}

/* What both views share; false: no such register. */
static bool reg_read(struct lapic *lapic, unsigned reg, uint32_t *value)
{
    switch (reg) {
    case LAPIC_VERSION:
        *value = VERSION_VALUE;
        return true;
    case LAPIC_TPR:
        *value = lapic->tpr;
        return true;
    case LAPIC_PPR:
        *value = atomic_load_explicit(&lapic->ppr, memory_order_relaxed);
        return true;
    case LAPIC_SVR:
        *value = lapic->svr;
        return true;
    case LAPIC_ISR ... LAPIC_ISR + 7:
        *value = lapic->isr[reg - LAPIC_ISR];
        return true;
    case LAPIC_TMR ... LAPIC_TMR + 7:
        *value = atomic_load(&lapic->tmr[reg - LAPIC_TMR]);
        return true;
    case LAPIC_IRR ... LAPIC_IRR + 7:
        *value = atomic_load(&lapic->irr[reg - LAPIC_IRR]);
        return true;
    case LAPIC_ESR:
        *value = lapic->esr;
        return true;
    case LAPIC_ICR:
        *value = lapic->icr;
        return true;
    case LAPIC_LVT ... LAPIC_LVT + LVTS - 1:
        *value = read_lvt(lapic, reg - LAPIC_LVT);
        return true;
    case LAPIC_TIMER_INITIAL:
        *value = lapic->timer_initial;
        return true;
    case LAPIC_TIMER_CURRENT:
        *value = lapic_timer_current(lapic);
        return true;
    case LAPIC_TIMER_DIVIDE:
        *value = lapic->timer_divide;
        return true;
    default:
        return false;
    }
}

static void tpr_write(struct lapic *lapic, uint32_t value)
{
    lapic->tpr = value & 0xff;
    lapic_ppr_update(lapic);
}

/* Software disable masks the LVTs, and they stay so until it is undone (11.4.7.2). */
static void svr_write(struct lapic *lapic, uint32_t value)
{
    lapic->svr = value & SVR_WRITABLE;
    lapic_mode_update(lapic);
    if ((value & SVR_ENABLED) != 0)
        return;
    for (unsigned i = 0; i < LVTS; i++)
        atomic_fetch_or(&lapic->lvt[i], LVT_MASKED);
}

static void lvt_write(struct lapic *lapic, enum lapic_lvt which, uint32_t value)
{
    value &= lvt_writable[which];
    if ((lapic->svr & SVR_ENABLED) == 0)
        value |= LVT_MASKED;
    if (which == LVT_TIMER)
        lapic_timer_lvt_set(lapic, value);
    else
        atomic_store(&lapic->lvt[which], value);
}

static bool reg_write(struct lapic *lapic, unsigned reg, uint32_t value)
{
    switch (reg) {
    case LAPIC_EOI:
        lapic_service_end(lapic);
        return true;
    case LAPIC_TPR:
        tpr_write(lapic, value);
        return true;
    case LAPIC_ICR:
        lapic->icr = value & (ICR_WRITABLE & ~ICR_STATUS);
        lapic_icr_send(lapic);
        return true;
    case LAPIC_SVR:
        svr_write(lapic, value);
        return true;
    case LAPIC_ESR: /* shows what has gathered since the last write (11.5.3) */
        lapic->esr = atomic_exchange(&lapic->errors, 0);
        return true;
    case LAPIC_LVT ... LAPIC_LVT + LVTS - 1:
        lvt_write(lapic, reg - LAPIC_LVT, value);
        return true;
    case LAPIC_TIMER_INITIAL:
        lapic_timer_initial_set(lapic, value);
        return true;
    case LAPIC_TIMER_DIVIDE:
        lapic_timer_divide_set(lapic, value);
        return true;
    default:
        return false;
    }
}

/* --- xAPIC --- */

uint32_t lapic_mmio_read(struct lapic *lapic, uint32_t offset)
{
    unsigned reg = offset >> 4, shift = offset % 4 * 8;
    uint32_t value = 0;

    if (offset % 16 >= 4)
        return 0;
    switch (reg) {
    case LAPIC_ID:
        value = lapic->id << 24;
        break;
    case LAPIC_LDR:
        value = atomic_load(&lapic->ldr);
        break;
    case LAPIC_DFR:
        value = atomic_load(&lapic->dfr);
        break;
    case LAPIC_ICR_HIGH:
        value = lapic->icr_high;
        break;
    case LAPIC_APR: /* processors since the Pentium 4 have none of the two, which is no error */
    case LAPIC_RRD:
    case LAPIC_EOI:
        break;
    default:
        if (!reg_read(lapic, reg, &value))
            lapic_error_raise(lapic, ESR_REGISTER, true);
    }
    return value >> shift;
}

void lapic_mmio_write(struct lapic *lapic, uint32_t offset, uint32_t value)
{
    uint32_t ignored;

    if (offset % 16 != 0)
        return;
    switch (offset >> 4) {
    case LAPIC_EOI:
        lapic_service_end(lapic);
        return;
    case LAPIC_TPR:
        tpr_write(lapic, value);
        return;
    case LAPIC_ICR_HIGH:
        lapic->icr_high = value & 0xff000000;
        return;
    case LAPIC_LDR:
        atomic_store(&lapic->ldr, value & 0xff000000);
        return;
    case LAPIC_DFR:
        atomic_store(&lapic->dfr, value | 0x0fffffff);
        return;
    case LAPIC_ID: /* follows from the vCPU; software should not change it (11.4.6) */
    case LAPIC_APR:
    case LAPIC_RRD:
        return;
    default: /* what can only be read is there all the same */
        if (!reg_write(lapic, offset >> 4, value) && !reg_read(lapic, offset >> 4, &ignored))
            lapic_error_raise(lapic, ESR_REGISTER, true);
    }
}

/* --- x2APIC --- */

/* Bits that may be set in a write, or 0 for registers that take none (11.12.1.2, table 11-6). */
static uint32_t x2apic_writable(unsigned reg)
{
    switch (reg) {
    case LAPIC_TPR:
    case LAPIC_SELF_IPI:
        return 0xff;
    case LAPIC_SVR:
        return SVR_WRITABLE;
    case LAPIC_ICR:
        return ICR_WRITABLE;
    case LAPIC_LVT + LVT_LINT0:
    case LAPIC_LVT + LVT_LINT1:
        return lvt_writable[reg - LAPIC_LVT] | LVT_READ_ONLY;
    case LAPIC_LVT + LVT_TIMER:
    case LAPIC_LVT + LVT_THERMAL:
    case LAPIC_LVT + LVT_PERF:
    case LAPIC_LVT + LVT_ERROR:
        return lvt_writable[reg - LAPIC_LVT] | LVT_STATUS;
    case LAPIC_TIMER_INITIAL:
        return ~0U;
    case LAPIC_TIMER_DIVIDE:
        return DIVIDE_BITS;
    default: /* EOI and ESR take 0 only; the rest does not exist or is refused by reg_write() */
        return 0;
    }
}

static int self_ipi(struct lapic *lapic, uint64_t value)
{
    if (value > 0xff)
        return -EFAULT;
    if (value < 16)
        lapic_error_raise(lapic, ESR_SEND_VECTOR, true);
    else if ((lapic->svr & SVR_ENABLED) != 0)
        lapic_irr_set(lapic, (uint8_t)value, false);
    return 0;
}

int lapic_x2apic_write(struct lapic *lapic, unsigned reg, uint64_t value)
{
    if (unlikely((lapic->base & APIC_BASE_EXTD) == 0))
        return -EFAULT;
    if (reg == LAPIC_EOI && value == 0) {
        lapic_service_end(lapic);
        return 0;
    }
    if (reg == LAPIC_TPR && value <= 0xff) {
        tpr_write(lapic, (uint32_t)value);
        return 0;
    }
    if (reg == LAPIC_ICR) {
        if (unlikely((value & 0xffffffff & ~(uint64_t)ICR_WRITABLE) != 0))
            return -EFAULT;
        lapic->icr = (uint32_t)value & ~ICR_STATUS;
        lapic->icr_high = (uint32_t)(value >> 32);
        lapic_icr_send(lapic);
        return 0;
    }
    if (unlikely((value & ~(uint64_t)x2apic_writable(reg)) != 0))
        return -EFAULT;
    if (reg == LAPIC_SELF_IPI)
        return self_ipi(lapic, value);
    return reg_write(lapic, reg, (uint32_t)value) ? 0 : -EFAULT;
}

static int x2apic_read(struct lapic *lapic, unsigned reg, uint64_t *value)
{
    uint32_t low;

    if (unlikely((lapic->base & APIC_BASE_EXTD) == 0))
        return -EFAULT;
    switch (reg) {
    case LAPIC_ID:
        *value = lapic->id;
        return 0;
    case LAPIC_LDR:
        *value = atomic_load(&lapic->ldr);
        return 0;
    case LAPIC_ICR:
        *value = (uint64_t)lapic->icr_high << 32 | lapic->icr;
        return 0;
    default:
        if (!reg_read(lapic, reg, &low))
            return -EFAULT;
        *value = low;
        return 0;
    }
}

/* --- MSRs --- */

/*
 * SDM vol. 3A, figure 11-27: off, xAPIC, x2APIC and back to off; EXTD alone, from off straight to x2APIC, and
 * from x2APIC back to xAPIC are faults.
 */
static int apic_base_write(struct lapic *lapic, uint64_t value)
{
    uint64_t known = MASK(lapic->chip->phys_bits - 1, 12) | APIC_BASE_BSP | APIC_BASE_EXTD | APIC_BASE_EN;
    uint64_t before = lapic->base & (APIC_BASE_EN | APIC_BASE_EXTD);
    uint64_t after = value & (APIC_BASE_EN | APIC_BASE_EXTD);

    if ((value & ~known) != 0 || after == APIC_BASE_EXTD)
        return -EFAULT;
    if ((before == 0 && (after & APIC_BASE_EXTD) != 0) ||
        ((before & APIC_BASE_EXTD) != 0 && after == APIC_BASE_EN))
        return -EFAULT;
    lapic->base = value;
    if (before == after)
        return 0;
    if (after == 0) {
        lapic_init_reset(lapic); /* "returns to the state after power-up" (11.4.3) */
        return 0;
    }
    if ((after & APIC_BASE_EXTD) != 0) {
        /* Registers stay, but logical ids are fixed and the ICR has another shape (11.12.5.1, 11.12.10.2). */
        atomic_store(&lapic->ldr, (lapic->id >> 4) << 16 | 1U << (lapic->id & 15));
        lapic->icr_high = 0;
    }
    lapic_mode_update(lapic);
    return 0;
}

int lapic_msr_read(struct lapic *lapic, uint32_t msr, uint64_t *value)
{
    switch (msr) {
    case LAPIC_MSR_FIRST ... LAPIC_MSR_FIRST + LAPIC_MSR_COUNT - 1:
        return x2apic_read(lapic, msr - LAPIC_MSR_FIRST, value);
    case MSR_APIC_BASE:
        *value = lapic->base;
        return 0;
    case MSR_TSC_DEADLINE:
        *value = lapic_timer_deadline(lapic);
        return 0;
    default:
        return -EFAULT;
    }
}

int lapic_msr_write(struct lapic *lapic, uint32_t msr, uint64_t value)
{
    switch (msr) {
    case LAPIC_MSR_FIRST ... LAPIC_MSR_FIRST + LAPIC_MSR_COUNT - 1:
        return lapic_x2apic_write(lapic, msr - LAPIC_MSR_FIRST, value);
    case MSR_TSC_DEADLINE:
        lapic_timer_deadline_set(lapic, value);
        return 0;
    case MSR_APIC_BASE:
        return apic_base_write(lapic, value);
    default:
        return -EFAULT;
    }
}
