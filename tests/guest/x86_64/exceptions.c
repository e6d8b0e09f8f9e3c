/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions with their error codes, and single steps over instructions that the hypervisor does for the
 * guest. */
#include "../lib/guest.h"

const char guest_name[] = "exceptions";

#define ABSENT 0xffff800000000000 /* canonical, not mapped */

static volatile unsigned steps;
static volatile uint64_t step_rip[16], step_dr6;

static void on_debug(struct trap *trap)
{
    if (steps < 16)
        step_rip[steps] = trap->rip;
    steps++;
    __asm__ volatile("mov %%dr6, %0" : "=r"(step_dr6));
}

static void check_fault(const char *what, unsigned vector, uint64_t error)
{
    expect(trap_vector == vector, "%s: vector %u", what, trap_vector);
    expect(trap_error == error, "%s: error %x", what, trap_error);
}

static void basic_check(void)
{
    uint64_t value = 0;

    TRY("div %%ecx", : "+a"(value) : "c"(0), "d"(0) : "memory");
    check_fault("division by zero", 0, 0);
    TRY("int3", : : : "memory");
    check_fault("INT3", 3, 0);
    TRY("ud2", : : : "memory");
    check_fault("UD2", 6, 0);
    TRY("mov %%eax, %%fs", : : "a"(0x80) : "memory");
    check_fault("selector beyond the GDT", 13, 0x80);
    TRY("mov (%0), %%eax", : : "r"(ABSENT) : "rax", "memory");
    check_fault("read of nothing", 14, 0);
    expect(trap_cr2 == ABSENT, "CR2 %x", trap_cr2);
    TRY("mov %%eax, 5(%0)", : : "r"(ABSENT) : "memory");
    check_fault("write to nothing", 14, 2);
    expect(trap_cr2 == ABSENT + 5, "CR2 %x", trap_cr2);
    TRY("mov (%0), %%eax", : : "r"(0x8000000000000000) : "rax", "memory");
    check_fault("address that is not canonical", 13, 0);
    TRY("int $0x81", : : : "memory");
}

/* Every instruction must be followed by exactly one trap: also those that exit and are done in software. */
static void step_check(void)
{
    uint64_t first;

    trap_set(1, on_debug);
    steps = 0;
    __asm__ volatile("lea 1f(%%rip), %%r8\n\t"
                     "pushf\n\t"
                     "orl $0x100, (%%rsp)\n\t"
                     "popf\n\t"
                     "nop\n"
                     "1:\txor %%eax, %%eax\n\t"
                     "cpuid\n\t"
                     "mov $0x80, %%edx\n\t"
                     "in %%dx, %%al\n\t"
                     "mov $0x1b, %%ecx\n\t"
                     "rdmsr\n\t"
                     "pushf\n\t"
                     "andl $~0x100, (%%rsp)\n\t"
                     "popf\n\t"
                     "mov %%r8, %0"
                     : "=r"(first)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "memory", "cc");
    /* nop xor cpuid mov in mov rdmsr pushf and popf */
    expect(steps == 10, "%u steps over 10 instructions", (uint64_t)steps);
    static const uint8_t offsets[] = {0, 2, 4, 9, 10, 15, 17};
    for (unsigned i = 0; i < sizeof(offsets); i++)
        expect(step_rip[i] == first + offsets[i], "step %u ends at +%u, expected +%u", (uint64_t)i,
               step_rip[i] - first, (uint64_t)offsets[i]);
    trap_set(1, NULL);
}

static void on_soft(struct trap *trap)
{
    steps = (unsigned)trap->vector;
}

void guest_run(void)
{
    trap_set(0x81, on_soft);
    basic_check();
    expect(steps == 0x81, "INT 0x81 did not come");
    step_check();
}
