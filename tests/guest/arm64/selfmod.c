/* SPDX-License-Identifier: BSD-2-Clause */
/* Code that changes, by the rules (Arm ARM, B2.4.4): what is executed behind that is the new one, everywhere.
 */
#include "../lib/guest.h"

const char guest_name[] = "selfmod";

#define MOVZ(n) (0x52800000U | (n) << 5) /* mov w0, #n */
#define RET     0xd65f03c0U

static uint32_t code[1024] __attribute__((aligned(4096)));
static volatile uint32_t wanted, answer, turns;

static uint32_t run(const uint32_t *at)
{
    register uint64_t x0 __asm__("x0") = 0;

    __asm__ volatile("blr %1" : "+r"(x0) : "r"(at) : "x30", "memory");
    return (uint32_t)x0;
}

static void write(uint32_t *at, uint32_t value)
{
    at[0] = MOVZ(value & 0xffff);
    at[1] = RET;
    __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" : : "r"(at) : "memory");
}

void ap_run(unsigned index)
{
    (void)index;
    for (uint32_t seen = 0;; seen++) {
        while (turns == seen)
            cpu_relax();
        __asm__ volatile("isb");
        answer = run(code);
        __atomic_store_n(&wanted, 0, __ATOMIC_SEQ_CST);
    }
}

void guest_run(void)
{
    for (uint32_t i = 1; i < 2000; i++) {
        uint32_t *at = code + i % 500 * 2;

        write(at, i);
        expect(run(at) == i, "round %u executed old code", (uint64_t)i);
    }
    irq_init();
    if (option("cpus", 1) < 2)
        return;
    expect(smp_start(1), "no second processor");
    for (uint32_t i = 1; i < 500; i++) {
        write(code, i);
        wanted = i;
        __atomic_add_fetch(&turns, 1, __ATOMIC_SEQ_CST);
        for (unsigned tries = 0; wanted && tries < 1000000; tries++)
            delay_us(10);
        expect(wanted == 0, "round %u: no answer", (uint64_t)i);
        expect(answer == i, "round %u: the other processor executed old code: %u", (uint64_t)i,
               (uint64_t)answer);
    }
}
