/* SPDX-License-Identifier: BSD-2-Clause */
/* Traps, time, further processors. */
#include "guest.h"

#define SYNC   4 /* from the current EL with its own stack */
#define IRQ    5
#define SERROR 7
#define LOWER  8 /* synchronous, from EL0 */

extern const uint8_t ap_start[];
volatile uint64_t trap_resume, trap_esr, trap_far, trap_elr;
volatile unsigned serrors;
volatile bool serror_expected;
volatile uint32_t ap_arrived;
bool (*volatile fault_handler)(struct trap *trap);

void trap_handle(unsigned kind, struct trap *trap);
void ap_entry(unsigned index);
void gic_handle(void);

void trap_handle(unsigned kind, struct trap *trap)
{
    if (kind == IRQ) {
        gic_handle();
        return;
    }
    if (kind == SERROR && serror_expected) {
        serrors++;
        return;
    }
    if (kind == SYNC && fault_handler && fault_handler(trap))
        return;
    if (kind == LOWER && trap_resume) { /* TRY() of an ERET: on at EL1, with its own stack */
        trap->spsr = 0x3c5;
        kind = SYNC;
    }
    if (kind == SYNC && trap_resume) {
        trap_esr = trap->esr;
        trap_far = trap->far;
        trap_elr = trap->elr;
        trap->elr = trap_resume;
        trap_resume = 0;
        return;
    }
    fail("unexpected exception %u on processor %u: esr %x, elr %x, far %x", (uint64_t)kind,
         (uint64_t)cpu_number(), trap->esr, trap->elr, trap->far);
    finish();
}

struct smccc hvc(uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = function;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;

    __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    return (struct smccc){{x0, x1, x2, x3}};
}

unsigned cpu_number(void)
{
    return (unsigned)sysreg_read("tpidr_el1");
}

void delay_us(uint32_t us)
{
    uint64_t start = counter_read(), wanted = us * counter_hz() / 1000000 + 1;

    while (counter_read() - start < wanted)
        cpu_relax();
}

__attribute__((weak)) void ap_run(unsigned index)
{
    (void)index;
}

void ap_entry(unsigned index)
{
    irq_init();
    __atomic_add_fetch(&ap_arrived, 1, __ATOMIC_SEQ_CST);
    ap_run(index);
}

/* PSCI (Arm DEN 0022), 5.1.4. */
bool smp_start(unsigned count)
{
    for (unsigned n = 1; n <= count; n++) {
        int64_t status = (int64_t)hvc(PSCI_CPU_ON, cpu_affinity(n), (uintptr_t)ap_start, n).x[0];

        expect(status == 0, "CPU_ON of processor %u: -%u", (uint64_t)n, (uint64_t)-status);
    }
    for (unsigned i = 0; i < 5000 && ap_arrived < count; i++)
        delay_us(1000);
    return ap_arrived == count;
}
