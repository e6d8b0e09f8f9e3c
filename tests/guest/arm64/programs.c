/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs (EL0) get for accesses to devices and to where nothing is, for calls of the hypervisor's and
 * for what only EL1 may do: the exceptions that the architecture has for it, as coming from below.
 */
#include "../lib/guest.h"

const char guest_name[] = "programs";

#define UART_ID      0x09000fe0UL /* PL011: identification, the first byte is 0x11 */
#define HOLE         0x0b000000UL
#define PTE_EL0      (1UL << 6)
#define CODE         202
#define DEVICES      203
#define WALK         204
#define EC_FETCH_LOW 0x20
#define EC_DATA_LOW  0x24
#define FSC_WALK2    0x16
#define SVC          0xd4000001
#define SPSR_EL0     0x3c0 /* interrupts off */

static uint32_t program[16] __attribute__((aligned(64)));

/* Instructions of the compiler's, as data. */
#define CODE_OF(name, instructions)                                                                     \
    __asm__(".pushsection .rodata\n\t.balign 4\n" #name ": " instructions "\n\tsvc #0\n\t.popsection"); \
    extern const uint32_t name[] __attribute__((visibility("hidden")))

CODE_OF(load, "ldr w0, [x1]");
CODE_OF(load_pair, "ldp x0, x2, [x1]");
CODE_OF(store, "str wzr, [x1]");
CODE_OF(store_simd, "str q0, [x1]");
CODE_OF(jump, "br x1");
CODE_OF(zero, "dc zva, x1");
CODE_OF(call, "hvc #0");
CODE_OF(monitor_call, "smc #0");
CODE_OF(set_way, "dc cisw, xzr");
CODE_OF(ident, "mrs x0, midr_el1");
CODE_OF(feature, "mrs x0, id_aa64pfr0_el1");
CODE_OF(physical, "mrs x0, cntpct_el0");
CODE_OF(deadline, "msr cntp_cval_el0, x1");
CODE_OF(translation, "msr ttbr0_el1, x1");
CODE_OF(debug, "msr mdscr_el1, x1");
CODE_OF(sgi, "msr s3_0_c12_c11_5, x1"); /* ICC_SGI1R_EL1 */
CODE_OF(state, "msr daifclr, #2");
CODE_OF(back, "eret");
CODE_OF(nothing, ".word 0");

/* Runs it at EL0 with x1 = value, until its end or what ends it before. */
static void run(const uint32_t *code, uint64_t value)
{
    uintptr_t at = (uintptr_t)memory_alias(CODE, (unsigned)((uintptr_t)program >> 30), PTE_NORMAL | PTE_EL0) +
                   ((uintptr_t)program & 0x3fffffff);

    program[0] = code[0];
    program[1] = SVC;
    __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" : : "r"(program) : "memory");
    TRY("mov x0, #0; mov x1, %0; msr elr_el1, %1; msr spsr_el1, %2; eret", : : "r"(value), "r"(at),
        "r"((uint64_t)SPSR_EL0) : "x0", "x1", "x2", "v0", "cc", TRY_CLOBBERS);
}

/* Exception class and status. */
static void aborts(const char *what, const uint32_t *code, uint64_t at, unsigned ec, unsigned fsc)
{
    run(code, at);
    expect(ESR_EC(trap_esr) == ec && ESR_FSC(trap_esr) == fsc, "%s at %x: syndrome %x", what, at, trap_esr);
    expect(trap_far - at < 64 || at - trap_far < 64, "%s at %x: address %x", what, at, trap_far);
}

static void undefined(const char *what, const uint32_t *code)
{
    run(code, 0);
    expect(ESR_EC(trap_esr) == EC_UNKNOWN || ESR_EC(trap_esr) == EC_SYSREG, "%s: syndrome %x", what,
           trap_esr);
    expect((trap_elr & 0x3fffffff) == ((uintptr_t)program & 0x3fffffff), "%s: at %x", what, trap_elr);
}

static void ends(const char *what, const uint32_t *code, uint64_t value)
{
    run(code, value);
    expect(ESR_EC(trap_esr) == EC_SVC, "%s: syndrome %x, address %x", what, trap_esr, trap_far);
}

static void accesses_check(uintptr_t devices)
{
    uintptr_t hole = devices + HOLE, uart = devices + UART_ID;

    ends("load from a device", load, uart);
    aborts("load", load, hole, EC_DATA_LOW, FSC_EXTERNAL);
    aborts("store", store, hole, EC_DATA_LOW, FSC_EXTERNAL);
    aborts("load of a pair", load_pair, hole, EC_DATA_LOW, FSC_EXTERNAL);
    aborts("store of SIMD", store_simd, hole, EC_DATA_LOW, FSC_EXTERNAL);
    aborts("zeroing", zero, hole, EC_DATA_LOW, FSC_EXTERNAL);
    aborts("jump", jump, hole, EC_FETCH_LOW, FSC_EXTERNAL);
    run(load_pair, devices + (UART_ID & ~0xfffUL));
    expect(ESR_EC(trap_esr) == EC_SVC ||
               (ESR_EC(trap_esr) == EC_DATA_LOW && ESR_FSC(trap_esr) == FSC_EXTERNAL),
           "load of a pair from a device: syndrome %x", trap_esr);
    page_table[WALK] = HOLE | 3;
    __asm__ volatile("dsb ishst; tlbi vmalle1; dsb ish; isb");
    aborts("load through a table in a hole", load, (uint64_t)WALK << 30, EC_DATA_LOW, FSC_WALK2);
    aborts("jump through a table in a hole", jump, (uint64_t)WALK << 30, EC_FETCH_LOW, FSC_WALK2);
    page_table[WALK] = 0;
    __asm__ volatile("dsb ishst; tlbi vmalle1; dsb ish; isb");
}

static void privileges_check(void)
{
    undefined("HVC", call);
    undefined("SMC", monitor_call);
    undefined("DC CISW", set_way);
    undefined("MIDR_EL1", ident);
    undefined("ID_AA64PFR0_EL1", feature);
    undefined("CNTPCT_EL0, which EL1 keeps", physical);
    undefined("CNTP_CVAL_EL0, which EL1 keeps", deadline);
    undefined("TTBR0_EL1", translation);
    undefined("MDSCR_EL1", debug);
    undefined("ICC_SGI1R_EL1", sgi);
    undefined("DAIF", state);
    undefined("ERET", back);
    undefined("what is no instruction", nothing);
}

void guest_run(void)
{
    uint64_t sctlr = sysreg_read("sctlr_el1");

    serror_expected = true;
    sysreg_write("cntkctl_el1", 0);
    sysreg_write("sctlr_el1", (sctlr | 1UL << 14) & ~(1UL << 9)); /* DC ZVA: yes; DAIF: no */
    accesses_check((uintptr_t)memory_alias(DEVICES, 0, PTE_NC | PTE_EL0));
    privileges_check();
    sysreg_write("sctlr_el1", sctlr);
    expect(serrors == 0, "%u SErrors", (uint64_t)serrors);
    expect(read8(UART_ID) == 0x11, "the serial port is gone");
}
