/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads and writes every system register that an instruction can name, at EL1: each gives a value or is
 * undefined, and what is not EL1's is undefined. Interrupts are masked, so whatever is set off stays pending.
 */
#include "../lib/guest.h"

const char guest_name[] = "sysregs";

#define MRS 0xd5300000U /* with op0 as it is: 2 or 3 */
#define MSR 0xd5100000U

static uint32_t code[16] __attribute__((aligned(64)));
static uint64_t values, undefined, written;

struct encoding {
    unsigned op0, op1, crn, crm, op2;
};

static uint32_t fields(const struct encoding *e)
{
    return e->op0 << 19 | e->op1 << 16 | e->crn << 12 | e->crm << 8 | e->op2 << 5;
}

static void code_set(uint32_t instruction)
{
    code[0] = instruction; /* x0 */
    code[1] = 0xd65f03c0;  /* ret */
    __asm__ volatile("dc cvau, %0; dsb ish; ic ivau, %0; dsb ish; isb" : : "r"(code) : "memory");
}

static uint64_t run(uint64_t x0)
{
    register uint64_t value __asm__("x0") = x0;

    TRY("blr %1", : "+r"(value) : "r"(code) : "x30", TRY_CLOBBERS);
    return value;
}

/* Those without which the guest cannot go on: written with what they hold. */
static bool is_own(const struct encoding *e)
{
    static const uint16_t own[] = {
        0x100, 0x102, 0x200, 0x201, 0x202, 0x203, /* SCTLR, CPACR, TTBR0, TTBR1, TCR, TCR2 */
        0x400, 0x401, 0x420, 0x423, 0x424,        /* SPSR, ELR, SPSel, PAN, UAO */
        0xa20, 0xa21, 0xa22, 0xa23, 0xa24,        /* MAIR, permission indirection */
        0xc00, 0xd04,                             /* VBAR, TPIDR */
    };
    unsigned key = e->crn << 8 | e->crm << 4 | e->op2;

    if (e->op0 != 3)
        return e->crn == 0 && e->crm == 2 && e->op2 == 2; /* MDSCR: single step */
    if (e->op1 == 3)
        return e->crn == 4; /* NZCV, DAIF and their kind */
    for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (e->op1 == 0 && key == own[i])
            return true;
    return e->op1 == 0 && e->crn == 2 &&
           e->crm < 4; /* pointer authentication keys are harmless, tables are not */
}

static void outcome_check(const struct encoding *e, const char *what)
{
    bool is_higher = e->op0 == 3 && (e->op1 == 4 || e->op1 == 5 || e->op1 == 6);

    if (trap_esr == NO_FAULT) {
        values++;
        expect(!is_higher, "%s of S%u_%u_C%u_C%u_%u works", what, (uint64_t)e->op0, (uint64_t)e->op1,
               (uint64_t)e->crn, (uint64_t)e->crm, (uint64_t)e->op2);
        return;
    }
    undefined++;
    /* FEAT_IDST: of identification registers the syndrome says which. */
    if (e->op0 == 3 && e->crn == 0 && ESR_EC(trap_esr) == EC_SYSREG)
        return;
    expect(ESR_EC(trap_esr) == EC_UNKNOWN, "%s of S%u_%u_C%u_C%u_%u: syndrome %x", what, (uint64_t)e->op0,
           (uint64_t)e->op1, (uint64_t)e->crn, (uint64_t)e->crm, (uint64_t)e->op2, trap_esr);
}

static void one(const struct encoding *e)
{
    uint64_t value;
    bool is_readable;

    code_set(MRS | fields(e));
    value = run(0);
    is_readable = trap_esr == NO_FAULT;
    outcome_check(e, "read");
    code_set(MSR | fields(e));
    if (is_own(e)) {
        if (!is_readable)
            return;
        (void)run(value);
        outcome_check(e, "write");
        return;
    }
    (void)run(~0ULL);
    outcome_check(e, "write");
    if (trap_esr == NO_FAULT)
        written++;
    (void)run(0x5555555555555555);
    (void)run(value);
}

/* What must be there, and say what is so. */
static void identity_check(void)
{
    uint64_t pfr0 = sysreg_read("id_aa64pfr0_el1");
    const char *gic = fdt_find("intc", "compatible", 0, NULL);

    expect((pfr0 & 0xf) != 0, "ID_AA64PFR0_EL1 is %x", pfr0);
    /* "arm,gic-v3" has system registers, "arm,cortex-a15-gic" has none. */
    expect(((pfr0 >> 24 & 0xf) != 0) == (gic != NULL && gic[4] == 'g'), "GIC system registers: %x", pfr0);
    expect((sysreg_read("mpidr_el1") & 0xff00ffffff) == cpu_affinity(0), "MPIDR_EL1 is %x",
           sysreg_read("mpidr_el1"));
    expect(sysreg_read("CurrentEL") == 4, "CurrentEL is %x", sysreg_read("CurrentEL"));
    expect(sysreg_read("midr_el1") != 0, "no MIDR_EL1");
}

void guest_run(void)
{
    struct encoding e;

    irq_init();
    serror_expected = true;
    sysreg_write("cpacr_el1", 0x03330000); /* SVE and SME as well: nothing of the guest's own traps */
    identity_check();
    for (e.op0 = 2; e.op0 <= 3; e.op0++)
        for (e.op1 = 0; e.op1 < 8; e.op1++)
            for (e.crn = 0; e.crn < 16; e.crn++)
                for (e.crm = 0; e.crm < 16; e.crm++)
                    for (e.op2 = 0; e.op2 < 8; e.op2++)
                        one(&e);
    print("%u values, %u undefined, %u written\n", values, undefined, written);
    sysreg_write("cntv_ctl_el0", 0);
    sysreg_write("cntp_ctl_el0", 0);
    gic_interface_enable(false);
    identity_check();
    expect(serrors == 0, "%u SErrors", (uint64_t)serrors);
}
