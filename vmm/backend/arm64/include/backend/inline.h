/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BACKEND_INLINE_H
#define BACKEND_INLINE_H

/* The way into the guest and back: backend_prepare(), backend_enter(). */

#include <arch/cpu.h>
#include <core/compiler.h>

/* Called by the scheduler: see <core/thread.h>. */
void arm64_away(void *vcpu);
#define BACKEND_AWAY arm64_away

/* Kinds of exits that need no more than a name, by exception class (exits.c); 0: others. */
#define ARM64_CLASSES 64
extern const uint8_t arm64_simple_exits[ARM64_CLASSES];

/* Rare halves: another thread had this CPU, or the state has been changed; other exits. */
void arm64_load(struct vcpu *vcpu);
void arm64_exit_decode(struct vcpu *vcpu);

/*
 * One trip. Interrupts off at entry and at return. The vectors of lower levels find vCPU and way back in a
 * record on the stack, which is where SP_EL2 is then: {X29, X18, vCPU, address to go on at}. All of X0 to X30
 * is the guest's; X18 is the host's running thread. Behind ERET a barrier ends straight-line speculation.
 *
 * Inline, so that the run loop's registers are saved once and not at each entry.
 */
static always_inline struct vcpu *arm64_run(struct vcpu *vcpu)
{
    register struct vcpu *v __asm__("x0") = vcpu;

    __asm__ volatile("stp x29, x18, [sp, #-32]!\n\t"
                     "adr x30, 1f\n\t"
                     "stp x0, x30, [sp, #16]\n\t"
                     "ldp x2, x3, [x0, #248]\n\t" /* PC, PSTATE */
                     "ldr x30, [x0, #240]\n\t"
                     "msr elr_el2, x2\n\t"
                     "msr spsr_el2, x3\n\t"
                     "ldp x28, x29, [x0, #224]\n\t"
                     "ldp x26, x27, [x0, #208]\n\t"
                     "ldp x24, x25, [x0, #192]\n\t"
                     "ldp x22, x23, [x0, #176]\n\t"
                     "ldp x20, x21, [x0, #160]\n\t"
                     "ldp x18, x19, [x0, #144]\n\t"
                     "ldp x16, x17, [x0, #128]\n\t"
                     "ldp x14, x15, [x0, #112]\n\t"
                     "ldp x12, x13, [x0, #96]\n\t"
                     "ldp x10, x11, [x0, #80]\n\t"
                     "ldp x8, x9, [x0, #64]\n\t"
                     "ldp x6, x7, [x0, #48]\n\t"
                     "ldp x4, x5, [x0, #32]\n\t"
                     "ldp x2, x3, [x0, #16]\n\t"
                     "ldp x0, x1, [x0]\n\t"
                     "eret\n\t"
                     "dsb nsh\n\t"
                     "isb\n"
                     "1:"
                     : "+r"(v)
                     :
                     : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26",
                       "x27", "x28", "x30", "memory", "cc");
    return v;
}

static always_inline void backend_prepare(struct vcpu *vcpu)
{
    if (unlikely(!vcpu->backend.is_live))
        arm64_load(vcpu);
}

static always_inline struct vcpu *backend_enter(struct vcpu *entered)
{
    struct vcpu *vcpu = arm64_run(entered);
    uint8_t kind = arm64_simple_exits[vcpu->arch.esr >> 26 & (ARM64_CLASSES - 1)];

    if (likely(kind != 0))
        vcpu->exit.kind = (enum exit_kind)kind;
    else
        arm64_exit_decode(vcpu);
    /* What ended the run, if it was a host interrupt, is taken here; and SErrors are let in again. */
    __asm__ volatile("msr daifclr, #6" ::: "memory");
    return vcpu;
}

/* SPSR: single step is to happen, not pending; branch type is that of a straight line; AArch32's IT state. */
#define ARM64_PSTATE_SS    BIT(21)
#define ARM64_PSTATE_BTYPE MASK(11, 10)
#define ARM64_PSTATE_NRW   BIT(4) /* AArch32 */

/* The rest of it for AArch32: condition and length (inject.c). */
void arm64_skip_a32(struct vcpu *vcpu);

static always_inline void backend_skip_a64(struct vcpu *vcpu)
{
    vcpu->arch.pc += 4;
    vcpu->arch.pstate &= ~(uint64_t)(ARM64_PSTATE_SS | ARM64_PSTATE_BTYPE);
}

static always_inline void backend_skip(struct vcpu *vcpu)
{
    if (unlikely(vcpu->arch.pstate & ARM64_PSTATE_NRW)) {
        arm64_skip_a32(vcpu);
        return;
    }
    backend_skip_a64(vcpu);
}

#endif
