/* SPDX-License-Identifier: BSD-2-Clause */
/* Code that changes while the hypervisor reads it: what was executed must be one of the two versions. */
#include "../lib/guest.h"

const char guest_name[] = "selfmod";

#define HOLE 0xd0000000

/* mov eax, [rdi]; mov eax, imm32; ret. The other processor flips the first between a load, a store
 * and XOR, all of two bytes. */
static uint8_t code[64] __attribute__((aligned(64))) = {0x8b, 0x07, 0xb8, 1, 0, 0, 0, 0xc3};
static volatile bool stop_running;

void ap_run(unsigned index)
{
    (void)index;
    while (!stop_running) {
        *(volatile uint16_t *)&code[0] = 0x0789;
        *(volatile uint16_t *)&code[0] = 0xc031;
        *(volatile uint16_t *)&code[0] = 0x078b;
    }
}

static uint32_t run(uint64_t address)
{
    uint32_t result;

    __asm__ volatile("call *%2" : "=a"(result) : "D"(address), "r"(code) : "memory");
    return result;
}

/* The emulated instruction's successor is new each time: no stale bytes. */
static void alone_check(void)
{
    for (uint32_t i = 0; i < 500; i++) {
        uint32_t result;

        *(volatile uint32_t *)&code[3] = i;
        code[0] = i & 1 ? 0x8b : 0x89;
        result = run(HOLE);
        expect(result == i, "round %u executed old code: %u", (uint64_t)i, (uint64_t)result);
    }
    code[0] = 0x8b;
    *(volatile uint32_t *)&code[3] = 77;
}

void guest_run(void)
{
    apic_init();
    alone_check();
    if (option("cpus", 1) < 2)
        return;
    expect(smp_start(1), "no second processor");
    for (unsigned i = 0; i < 2000; i++)
        expect(run(HOLE) == 77, "round %u", (uint64_t)i);
    stop_running = true;
}
