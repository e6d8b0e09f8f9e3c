/* SPDX-License-Identifier: BSD-2-Clause */
#include "../irqchip/gicv3/gicv3.h"
#include "arm64.h"
#include "sysreg.h"

/* Accesses to system registers that trapped: what the table says, done. */

/* PSTATE.M: EL0, in either state. */
static bool is_from_el0(const struct vcpu *vcpu)
{
    return (vcpu->arch.pstate & 0xf) == 0;
}

/* ICC_*_EL1. Guests of a GICv2 have none of them. */
static bool is_gic_absent(unsigned key)
{
    return IS_ENABLED(CONFIG_HOST_GICV2) &&
           (key == SYSREG_ICC_PMR_EL1 || (key >= SYSREG(3, 0, 12, 8, 0) && key <= SYSREG(3, 0, 12, 12, 7)));
}

static enum gicv3_common gic_common(unsigned key)
{
    if (key == SYSREG_ICC_CTLR_EL1)
        return GICV3_CTLR;
    return key == SYSREG_ICC_PMR_EL1 ? GICV3_PMR : GICV3_RPR;
}

static void gic_write(struct vcpu *vcpu, unsigned key, uint64_t value)
{
    switch (key) {
    case SYSREG_ICC_DIR_EL1:
        gicv3_dir_write(vcpu->arch.gic, (uint32_t)value & 0xffffff);
        break;
    case SYSREG_ICC_CTLR_EL1:
    case SYSREG_ICC_PMR_EL1:
        gicv3_common_write(vcpu->arch.gic, gic_common(key), value);
        break;
    default:
        gicv3_sgi_write(vcpu->arch.gic, key != SYSREG_ICC_SGI0R_EL1, value);
        break;
    }
}

static void gic_access(struct vcpu *vcpu, unsigned key, bool is_read, uint64_t *value)
{
    if (IS_ENABLED(CONFIG_HOST_GICV2))
        return;
    if (is_read)
        *value = gicv3_common_read(vcpu->arch.gic, gic_common(key));
    else
        gic_write(vcpu, key, *value);
}

static bool timer_access(struct vcpu *vcpu, unsigned key, bool is_read, uint64_t *value)
{
    return is_read ? backend_timer_read(vcpu, key, value) : backend_timer_write(vcpu, key, *value);
}

static no_inline void access_slowly(struct vcpu *vcpu, unsigned key, uint64_t value)
{
    const struct exit_sysreg *e = &vcpu->exit.sysreg;
    bool is_done = true;

    if (is_gic_absent(key)) {
        backend_inject_undefined(vcpu);
        return;
    }
    switch (sysreg_access(&vcpu->arch.sysregs, key, !e->is_read, is_from_el0(vcpu), &value)) {
    case SYSREG_DONE:
        break;
    case SYSREG_TO_GIC:
        gic_access(vcpu, key, e->is_read, &value);
        break;
    case SYSREG_TO_TIMER:
        is_done = timer_access(vcpu, key, e->is_read, &value);
        break;
    case SYSREG_TO_CACHES:
        caches_set_way(vcpu);
        break;
    case SYSREG_TO_SIZES:
        caches_size_access(vcpu, key, e->is_read, &value);
        break;
    case SYSREG_IN_HARDWARE:
        is_done = !e->is_read && caches_register_write(vcpu, key, value);
        break;
    case SYSREG_TO_DEBUG:
        backend_el1_set(vcpu, ARM64_MDSCR_EL1, value & MDSCR_IN_HARDWARE);
        break;
    default:
        is_done = false;
        break;
    }
    if (!is_done) {
        backend_inject_undefined(vcpu);
        return;
    }
    if (e->is_read && e->rt < ARRAY_SIZE(vcpu->arch.x))
        vcpu->arch.x[e->rt] = value;
    backend_skip(vcpu);
}

void sysreg_exit(struct vcpu *vcpu)
{
    const struct exit_sysreg *e = &vcpu->exit.sysreg;
    uint64_t value = !e->is_read && e->rt < ARRAY_SIZE(vcpu->arch.x) ? vcpu->arch.x[e->rt] : 0;

    /* The one that counts: an interrupt to another vCPU. Programs cannot get here, ICC_* are EL1's. */
    if (!IS_ENABLED(CONFIG_HOST_GICV2) && likely(e->reg == SYSREG_ICC_SGI1R_EL1 && !e->is_read)) {
        gicv3_sgi_write(vcpu->arch.gic, 1, value);
        backend_skip(vcpu);
    } else {
        access_slowly(vcpu, e->reg, value);
    }
}
