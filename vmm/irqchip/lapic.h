/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_IRQCHIP_LAPIC_H
#define VMM_IRQCHIP_LAPIC_H

#include "../vm/vm_clock.h"
#include "x86.h"
#include <stdatomic.h>

struct state_reader;
struct state_writer;

/* Register numbers: offset in the xAPIC page / 16, MSR number - 0x800 (SDM vol. 3A, tables 11-1 and 11-6). */
enum lapic_reg {
    LAPIC_ID = 0x02,
    LAPIC_VERSION = 0x03,
    LAPIC_TPR = 0x08,
    LAPIC_APR = 0x09,
    LAPIC_PPR = 0x0a,
    LAPIC_EOI = 0x0b,
    LAPIC_RRD = 0x0c,
    LAPIC_LDR = 0x0d,
    LAPIC_DFR = 0x0e,
    LAPIC_SVR = 0x0f,
    LAPIC_ISR = 0x10,
    LAPIC_TMR = 0x18,
    LAPIC_IRR = 0x20,
    LAPIC_ESR = 0x28,
    LAPIC_ICR = 0x30,
    LAPIC_ICR_HIGH = 0x31,
    LAPIC_LVT = 0x32,
    LAPIC_TIMER_INITIAL = 0x38,
    LAPIC_TIMER_CURRENT = 0x39,
    LAPIC_TIMER_DIVIDE = 0x3e,
    LAPIC_SELF_IPI = 0x3f,
    LAPIC_REGS = 0x40,
};

/* In the order of their registers from LAPIC_LVT on. */
enum lapic_lvt { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVTS };

#define LVT_MASKED     0x10000
#define LVT_TIMER_MODE 0x60000
#define LVT_PERIODIC   0x20000
#define LVT_DEADLINE   0x40000

/* Delivery modes, the same in LVT, ICR, MSI data and IOAPIC entries. */
enum delivery_mode {
    DELIVER_FIXED,
    DELIVER_LOWEST,
    DELIVER_SMI,
    DELIVER_RESERVED,
    DELIVER_NMI,
    DELIVER_INIT,
    DELIVER_STARTUP,
    DELIVER_EXTINT,
};

#define SVR_ENABLED 0x100

/* Errors, bits of the ESR (11.5.3). */
#define ESR_SEND_VECTOR    0x20
#define ESR_RECEIVE_VECTOR 0x40
#define ESR_REGISTER       0x80

/* lapic.mode */
#define LAPIC_MODE_ENABLED 1 /* IA32_APIC_BASE.EN */
#define LAPIC_MODE_X2APIC  2 /* and EXTD */
#define LAPIC_MODE_SOFT    4 /* SVR.8 */

#define APIC_BASE_BSP    BIT(8)
#define APIC_BASE_EXTD   BIT(10)
#define APIC_BASE_EN     BIT(11)
#define APIC_BASE_ADDR   MASK(51, 12)
#define APIC_BASE_NORMAL 0xfee00000ULL

/* lapic.summary beside bits 0-7, one per word of the IRR: the PIC asserts INTR. */
#define SUMMARY_EXTINT 0x100

/*
 * A local APIC. "own" members are only touched on its vCPU's thread (or while no vCPU runs). The first line
 * is what other CPUs need to deliver an interrupt; everything there is atomic.
 */
struct lapic {
    _Atomic uint32_t irr[8] aligned_to(64); /* bits set by anyone, cleared by own */
    _Atomic uint32_t summary;               /* set after the IRR's bit by anyone, cleared by own */
    _Atomic uint32_t mode;                  /* written by own */
    _Atomic uint32_t ldr, dfr;              /* written by own; as the xAPIC or x2APIC mode has them */
    _Atomic uint32_t ppr;                   /* written by own; others read it for lowest priority */
    _Atomic uint32_t errors;                /* bits added by anyone, taken by a write to the ESR */
    struct vcpu *vcpu;                      /* immutable */
    _Atomic uint32_t tmr[8];                /* set or cleared with the vector's IRR bit, by anyone */

    uint32_t isr[8] aligned_to(64); /* own */
    uint32_t isr_summary;           /* own: a bit per word of the ISR that is not 0 */
    bool is_taken_own;              /* own: what was acknowledged last had been requested here */
    uint32_t tpr, svr, esr;         /* own */
    uint32_t icr, icr_high;         /* own */
    uint32_t id;                    /* immutable */
    struct irqchip *chip;           /* immutable */
    uint64_t base;                  /* own: IA32_APIC_BASE */
    _Atomic uint32_t lvt[LVTS];     /* written by own; timer and PIC read them */

    /* The timer (lapic_timer.c). */
    uint32_t timer_initial, timer_divide; /* own: registers */
    uint64_t tsc_deadline;                /* own: the MSR as written; 0 counts once deadline_ns is 0 */
    uint64_t tsc_offset;                  /* own: lapic_tsc_set() */
    uint64_t ns_per_cycle;                /* own: of the guest's TSC, 32 fractional bits */
    uint64_t tsc_origin_ns;               /* own: how long the host's counter ran before time 0 */
    _Atomic uint64_t deadline_ns;         /* VM time, 0: disarmed; own arms, own and timer advance by CAS */
    _Atomic uint64_t period_ns;           /* written by own before deadline_ns */
    struct vm_timer timer;                /* may be armed for an old deadline: it looks again when it fires */
};

/* Whether `address` is in its xAPIC page, and that answers: enabled, and not in x2APIC mode. Context: own. */
static inline bool lapic_has_page(const struct lapic *lapic, uint64_t address)
{
    uint32_t mode = atomic_load_explicit(&lapic->mode, memory_order_relaxed);

    return ((address ^ lapic->base) & APIC_BASE_ADDR) == 0 &&
           (mode & (LAPIC_MODE_ENABLED | LAPIC_MODE_X2APIC)) == LAPIC_MODE_ENABLED;
}

/* Whether there may be a vector to inject: a quick look before lapic_pending_vector(). Context: own. */
static inline bool lapic_has_request(const struct lapic *lapic)
{
    return atomic_load_explicit(&lapic->summary, memory_order_acquire) != 0;
}

/* A message on the bus between interrupt sources and local APICs. */
struct apic_message {
    uint32_t destination;
    uint8_t vector;
    uint8_t mode;       /* enum delivery_mode */
    bool is_logical;    /* destination mode */
    bool is_level;      /* trigger mode */
    bool is_broadcast;  /* to all, whatever the destination */
    bool is_redirected; /* to the one with the lowest priority (MSI redirection hint) */
};

/*
 * Sends the message to all that it addresses but `except` (or NULL); `self` (or NULL) is the sender on its
 * own thread, which needs no kick. Returns how many have taken it. Context: any.
 */
unsigned apic_message_send(struct irqchip *chip, const struct apic_message *message, struct lapic *self,
                           const struct lapic *except);

/* Interrupt command register: acts as the last value written says. Context: own. */
void lapic_icr_send(struct lapic *lapic);

/*
 * Makes `vector` (16-255) pending; true if it was not before, so that the vCPU needs a kick. Context: any.
 * The summary bit follows the IRR's: summary_clear() pairs with this order.
 */
static inline bool lapic_irr_set(struct lapic *lapic, uint8_t vector, bool is_level)
{
    unsigned word = vector / 32;
    uint32_t bit = 1U << vector % 32, word_bit = 1U << word;

    if (unlikely(((atomic_load_explicit(&lapic->tmr[word], memory_order_relaxed) & bit) != 0) != is_level)) {
        if (is_level)
            atomic_fetch_or(&lapic->tmr[word], bit);
        else
            atomic_fetch_and(&lapic->tmr[word], ~bit);
    }
    if ((atomic_fetch_or(&lapic->irr[word], bit) & bit) != 0)
        return false;
    if ((atomic_load(&lapic->summary) & word_bit) == 0)
        atomic_fetch_or(&lapic->summary, word_bit);
    return true;
}

/* Raises a local interrupt as its LVT entry says; true if something became pending. Context: any. */
bool lapic_lvt_raise(struct lapic *lapic, enum lapic_lvt which);
/* Context: any; `is_own`: on the vCPU's thread, which needs no kick. */
void lapic_error_raise(struct lapic *lapic, uint32_t error, bool is_own);

/* The PIC's INTR pin, connected to LINT0 of vCPU 0. Context: any. */
void lapic_extint_set(struct lapic *lapic, bool level);

/* TPR or ISR has changed. Context: own. */
void lapic_ppr_update(struct lapic *lapic);
void lapic_service_end(struct lapic *lapic);
/* base or SVR has changed: what others see of it. Context: own. */
void lapic_mode_update(struct lapic *lapic);

/* The timer. Context: own, but where said. */
void lapic_timer_init(struct lapic *lapic, struct vm_clock *clock);
void lapic_timer_reset(struct lapic *lapic);
void lapic_timer_stop(struct lapic *lapic); /* no more calls once it returns; context: thread */
void lapic_timer_lvt_set(struct lapic *lapic, uint32_t value);
void lapic_timer_initial_set(struct lapic *lapic, uint32_t value);
void lapic_timer_divide_set(struct lapic *lapic, uint32_t value);
uint32_t lapic_timer_current(const struct lapic *lapic);
void lapic_timer_deadline_set(struct lapic *lapic, uint64_t tsc);
uint64_t lapic_timer_deadline(const struct lapic *lapic);
void lapic_timer_save(const struct lapic *lapic, struct state_writer *writer);
void lapic_timer_load(struct lapic *lapic, struct state_reader *reader);

/* Once, at creation; then reset. Context: thread, no vCPU runs. */
void lapic_create(struct lapic *lapic, struct irqchip *chip, struct vcpu *vcpu, uint32_t id,
                  struct vm_clock *clock);
void lapic_reset(struct lapic *lapic);
void lapic_save(const struct lapic *lapic, struct state_writer *writer);
/* -EINVAL: no state that this local APIC can have. */
must_check int lapic_load(struct lapic *lapic, struct state_reader *reader);

#endif
