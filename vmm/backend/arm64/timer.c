/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../irqchip/gic/gic.h"
#include "../../vm/vm.h"
#include "arm64.h"
#include <arch/clock.h>
#include <arch/ppi.h>
#include <arch/sysreg.h>
#include <core/cpu.h>
#include <core/host_info.h>
#include <core/log.h>

/*
 * The guest's generic timer: Arm ARM (DDI 0487), D11.2.
 *
 * The virtual one is the CPU's while the vCPU is on it. Its interrupt is taken by the host, which makes it
 * the guest's and leaves it active: no more of them come until the guest deactivates it, by a list register
 * that knows the physical number. When the vCPU leaves, the timer is stopped, and a timer of the host goes
 * off instead; what was active is so again where the vCPU comes back.
 *
 * The physical one is played: every access traps. Its counter is the virtual one's, so that both stand still
 * while the VM does.
 */
#define CTL_ENABLE  1
#define CTL_IMASK   2
#define CTL_ISTATUS 4

/* Without a word of firmware: Server Base System Architecture (DEN0029), "PPI assignments". */
#define VTIMER_DEFAULT 27

static unsigned vtimer_intid; /* immutable after arm64_timer_init() */

static bool is_on(uint64_t ctl)
{
    return (ctl & (CTL_ENABLE | CTL_IMASK)) == CTL_ENABLE;
}

/* Of the guest's counter. */
static uint64_t count_now(const struct vcpu *vcpu)
{
    return arch_clock_cycles() - vcpu->backend.counter_offset;
}

/* Farther away than anybody waits: comparisons are of 64 bits, host time in nanoseconds is, too. */
#define FAR_AWAY BIT(60)

/* Has the host's timer go off when the guest's counter reaches `value`. */
static void arm(struct vcpu *vcpu, struct timer *timer, uint64_t value)
{
    uint64_t now = count_now(vcpu);

    if (value > now && (value - now) / clock_hz() > FAR_AWAY / 1000000000)
        return;
    timer_arm(timer, clock_cycles_to_ns(MAX(value, now) + vcpu->backend.counter_offset));
}

/* --- the virtual timer --- */

static void vtimer_hw_read(struct backend_vcpu *b)
{
    if (arm64_host.has_vhe) {
        b->cntv_ctl = arch_sysreg_read(s3_5_c14_c3_1);
        b->cntv_cval = arch_sysreg_read(s3_5_c14_c3_2);
    } else {
        b->cntv_ctl = arch_sysreg_read(cntv_ctl_el0);
        b->cntv_cval = arch_sysreg_read(cntv_cval_el0);
    }
}

static void vtimer_hw_stop(void)
{
    if (arm64_host.has_vhe)
        arch_sysreg_write(s3_5_c14_c3_1, 0);
    else
        arch_sysreg_write(cntv_ctl_el0, 0);
    arch_isb();
}

static void vtimer_hw_write(const struct backend_vcpu *b)
{
    arch_sysreg_write(cntvoff_el2, b->counter_offset);
    if (arm64_host.has_vhe) {
        arch_sysreg_write(s3_5_c14_c3_2, b->cntv_cval);
        arch_sysreg_write(s3_5_c14_c3_1, b->cntv_ctl);
    } else {
        arch_sysreg_write(cntv_cval_el0, b->cntv_cval);
        arch_sysreg_write(cntv_ctl_el0, b->cntv_ctl);
    }
}

/* Whether the timer that is in the CPU asks for its interrupt. */
static bool vtimer_hw_is_due(void)
{
    uint64_t ctl = arm64_host.has_vhe ? arch_sysreg_read(s3_5_c14_c3_1) : arch_sysreg_read(cntv_ctl_el0);

    return (ctl & (CTL_ENABLE | CTL_IMASK | CTL_ISTATUS)) == (CTL_ENABLE | CTL_ISTATUS);
}

/* Interrupts off; on the CPU that the guest is on, or was until a moment ago. The line may have fallen again
 * before the interrupt was acknowledged: the guest has disarmed its timer, or has gone. */
static bool vtimer_interrupt(void)
{
    struct vcpu *vcpu = this_cpu_ptr(arm64_cpu)->live;

    if (vcpu == NULL || !vtimer_hw_is_due())
        return false;
    vcpu->backend.is_vtimer_forwarded = true;
    gic_ppi_set(vcpu->arch.gic, ARM64_PPI_VTIMER, true);
    return true;
}

/* It became due while the vCPU was elsewhere: as if the interrupt had come. */
static void vtimer_due(struct timer *timer)
{
    struct vcpu *vcpu = container_of(timer, struct backend_vcpu, vtimer)->vcpu;

    vcpu->backend.is_vtimer_forwarded = true;
    gic_ppi_set(vcpu->arch.gic, ARM64_PPI_VTIMER, true);
}

void arm64_timer_load(struct vcpu *vcpu)
{
    struct backend_vcpu *b = &vcpu->backend;

    timer_cancel(&b->vtimer);
    if (b->is_vtimer_forwarded)
        arch_ppi_active_set(vtimer_intid, true);
    vtimer_hw_write(b);
}

void arm64_timer_save(struct vcpu *vcpu)
{
    struct backend_vcpu *b = &vcpu->backend;

    vtimer_hw_read(b);
    vtimer_hw_stop();
    if (b->is_vtimer_forwarded) {
        /* The guest's deactivation, by a register of the CPU, has reached the redistributor. */
        __asm__ volatile("dsb sy" ::: "memory");
        b->is_vtimer_forwarded = arch_ppi_is_active(vtimer_intid);
        arch_ppi_active_set(vtimer_intid, false);
    }
    if (is_on(b->cntv_ctl) && !b->is_vtimer_forwarded)
        arm(vcpu, &b->vtimer, b->cntv_cval);
}

void vcpu_host_irq_deactivate(struct vcpu *vcpu, uint32_t intid)
{
    arch_irq_state_t state = arch_irq_save();

    (void)intid; /* there is only this one */
    if (vcpu->backend.is_live)
        arch_ppi_active_set(vtimer_intid, false);
    vcpu->backend.is_vtimer_forwarded = false;
    arch_irq_restore(state);
}

/* --- the physical timer --- */

static bool ptimer_is_due(const struct vcpu *vcpu)
{
    return (vcpu->backend.cntp_ctl & CTL_ENABLE) && count_now(vcpu) >= vcpu->backend.cntp_cval;
}

static void ptimer_due(struct timer *timer)
{
    struct vcpu *vcpu = container_of(timer, struct backend_vcpu, ptimer)->vcpu;

    gic_ppi_set(vcpu->arch.gic, ARM64_PPI_PTIMER, true);
}

static void ptimer_update(struct vcpu *vcpu)
{
    struct backend_vcpu *b = &vcpu->backend;
    bool is_due;

    timer_cancel(&b->ptimer);
    is_due = is_on(b->cntp_ctl) && ptimer_is_due(vcpu);
    gic_ppi_set(vcpu->arch.gic, ARM64_PPI_PTIMER, is_due);
    if (is_on(b->cntp_ctl) && !is_due)
        arm(vcpu, &b->ptimer, b->cntp_cval);
}

#define REG_CNTPCT    ARM64_SYSREG(3, 3, 14, 0, 1)
#define REG_CNTPCTSS  ARM64_SYSREG(3, 3, 14, 0, 5)
#define REG_CNTP_TVAL ARM64_SYSREG(3, 3, 14, 2, 0)
#define REG_CNTP_CTL  ARM64_SYSREG(3, 3, 14, 2, 1)
#define REG_CNTP_CVAL ARM64_SYSREG(3, 3, 14, 2, 2)

bool backend_timer_read(struct vcpu *vcpu, uint32_t reg, uint64_t *value)
{
    const struct backend_vcpu *b = &vcpu->backend;

    switch (reg) {
    case REG_CNTPCT:
    case REG_CNTPCTSS:
        *value = count_now(vcpu);
        return true;
    case REG_CNTP_TVAL:
        *value = (uint32_t)(b->cntp_cval - count_now(vcpu));
        return true;
    case REG_CNTP_CTL:
        *value = b->cntp_ctl | (ptimer_is_due(vcpu) ? CTL_ISTATUS : 0);
        return true;
    case REG_CNTP_CVAL:
        *value = b->cntp_cval;
        return true;
    default:
        return false;
    }
}

bool backend_timer_write(struct vcpu *vcpu, uint32_t reg, uint64_t value)
{
    struct backend_vcpu *b = &vcpu->backend;

    switch (reg) {
    case REG_CNTP_TVAL:
        b->cntp_cval = count_now(vcpu) + (uint64_t)(int64_t)(int32_t)value;
        break;
    case REG_CNTP_CTL:
        b->cntp_ctl = value & (CTL_ENABLE | CTL_IMASK);
        break;
    case REG_CNTP_CVAL:
        b->cntp_cval = value;
        break;
    default:
        return false;
    }
    ptimer_update(vcpu);
    return true;
}

/* --- both --- */

void backend_counter_offset_set(struct vcpu *vcpu, uint64_t offset)
{
    arm64_sync(vcpu);
    timer_cancel(&vcpu->backend.vtimer);
    vcpu->backend.counter_offset = offset;
    /* It may go on halted, without being entered before. */
    if (is_on(vcpu->backend.cntv_ctl) && !vcpu->backend.is_vtimer_forwarded)
        arm(vcpu, &vcpu->backend.vtimer, vcpu->backend.cntv_cval);
    ptimer_update(vcpu);
}

/* The guest's time stands still; backend_counter_offset_set() has it go on. The vCPU is not live. */
void arm64_timer_stop(struct vcpu *vcpu)
{
    timer_cancel(&vcpu->backend.vtimer);
    timer_cancel(&vcpu->backend.ptimer);
}

/* The vCPU is not live. */
void arm64_timer_reset(struct vcpu *vcpu)
{
    struct backend_vcpu *b = &vcpu->backend;

    arm64_timer_stop(vcpu);
    b->cntv_ctl = b->cntv_cval = b->cntp_ctl = b->cntp_cval = 0;
    b->is_vtimer_forwarded = false;
    gic_ppi_set(vcpu->arch.gic, ARM64_PPI_VTIMER, false);
    gic_ppi_set(vcpu->arch.gic, ARM64_PPI_PTIMER, false);
}

void arm64_timer_vcpu_init(struct vcpu *vcpu)
{
    timer_init(&vcpu->backend.vtimer, vtimer_due);
    timer_init(&vcpu->backend.ptimer, ptimer_due);
}

void arm64_timer_vcpu_fini(struct vcpu *vcpu)
{
    arm64_timer_stop(vcpu);
}

static unsigned intid(void)
{
    unsigned told = host_info()->timer.el1_virtual;

    return told ? told : VTIMER_DEFAULT;
}

unsigned arm64_vtimer_intid(void)
{
    return vtimer_intid;
}

static void enable_here(void *unused)
{
    (void)unused;
    arch_ppi_enable(vtimer_intid);
}

int arm64_timer_init(void)
{
    int error;

    vtimer_intid = intid();
    error = arch_ppi_request(vtimer_intid, vtimer_interrupt);
    if (!error)
        cpu_call_all(enable_here, NULL);
    return error;
}

/* CNTHCTL_EL2: EL1 reads the virtual counter and uses the virtual timer; the physical ones trap. Their bits
 * are elsewhere with E2H set (10 and 11 instead of 0 and 1), where clear means the same. */
void arm64_timer_cpu_enable(void)
{
    vtimer_hw_stop();
    arch_sysreg_write(cnthctl_el2, 0);
    arch_isb();
}
