/* SPDX-License-Identifier: BSD-2-Clause */
/* The pure parts of the arm64 backend: exception syndromes, PSTATE, the shape of stage 2, VMIDs. */
#include "../../vmm/backend/arm64/decode.h"
#include "../../vmm/backend/arm64/mpam.h"
#include "../../vmm/backend/arm64/pstate.h"
#include "../../vmm/backend/arm64/stage2_layout.h"
#include "../../vmm/backend/arm64/vmid.h"
#include <arch/cpu.h>
#include <core/cmdline.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* --- syndromes, as QEMU's cortex-a72 gave them --- */

Test(esr, system_registers)
{
    /* MRS X3, CNTPCT_EL0: S3_3_C14_C0_1. */
    struct exit_sysreg e =
        arm64_sysreg_decode(0x62000000 | 3 << 20 | 1 << 17 | 3 << 14 | 14 << 10 | 3 << 5 | 1);

    cr_assert_eq(e.reg, (uint32_t)ARM64_SYSREG(3, 3, 14, 0, 1));
    cr_assert_eq(e.rt, 3);
    cr_assert(e.is_read);
    /* MSR ICC_SGI1R_EL1, XZR: S3_0_C12_C11_5. */
    e = arm64_sysreg_decode(0x62000000 | 3 << 20 | 5 << 17 | 12 << 10 | 31 << 5 | 11 << 1);
    cr_assert_eq(e.reg, (uint32_t)ARM64_SYSREG(3, 0, 12, 11, 5));
    cr_assert_eq(e.rt, 31);
    cr_assert_not(e.is_read);
}

Test(esr, aborts)
{
    uint64_t store = ESR_CLASS(ESR_DABT_LOWER) | ESR_IL | ESR_ISV | 2 << 22 | 5 << 16 | ESR_WNR | 6;

    cr_assert_eq(arm64_abort_kind(store), ARM64_ABORT_STAGE2);
    cr_assert(arm64_abort_is_write(store, false));
    cr_assert_not(arm64_abort_is_write(store, true), "a fetch does not write");
    cr_assert(arm64_abort_is_final(store) && arm64_abort_has_page(store));
    cr_assert_not(arm64_abort_is_permission(store));
    cr_assert_eq(arm64_abort_address(store, ARM64_HPFAR_PAGE(0x90000ULL), 0xffff800008123018), 0x9000018);
    cr_assert_eq(esr_access_size(store), 4);
    cr_assert_eq(esr_access_register(store), 5);
    /* Permission fault of the access: its page is not told. */
    cr_assert_not(arm64_abort_has_page(store | 0xf));
    /* Walks: for reading, and to set an access flag. */
    cr_assert_not(arm64_abort_is_write(store | ESR_S1PTW, false));
    cr_assert(arm64_abort_is_write(store | ESR_S1PTW | 0xf, false));
    cr_assert(arm64_abort_has_page(store | ESR_S1PTW | 0xf));
    cr_assert_eq(arm64_abort_address(store | ESR_S1PTW, 0x1000, 0xfff), 0x1000);
    cr_assert_eq(arm64_abort_kind(ESR_FSC_EXTERNAL), ARM64_ABORT_EXTERNAL);
    cr_assert_eq(arm64_abort_kind(0x30), ARM64_ABORT_TLB_CONFLICT);
    cr_assert_eq(arm64_abort_kind(0x93800021), ARM64_ABORT_DEVICE);
    cr_assert_eq(arm64_abort_kind(0x93800035), ARM64_ABORT_DEVICE);
}

Test(esr, loads)
{
    cr_assert_eq(esr_load_value(0, 0x1ff), 0xff, "a byte");
    cr_assert_eq(esr_load_value(ESR_SSE, 0x80), 0xffffff80, "to a W register");
    cr_assert_eq(esr_load_value(ESR_SSE | ESR_SF, 0x80), 0xffffffffffffff80ULL, "to an X register");
    cr_assert_eq(esr_load_value(2 << 22 | ESR_SF, 0xffffffffffffffffULL), 0xffffffffULL);
    cr_assert_eq(esr_load_value(3 << 22 | ESR_SF | ESR_SSE, 0xfedcba9876543210ULL), 0xfedcba9876543210ULL);
}

/* --- PSTATE --- */

Test(pstate, vectors)
{
    cr_assert_eq(arm64_vector_offset(0x5), 0x200, "EL1h");
    cr_assert_eq(arm64_vector_offset(0x4), 0, "EL1t");
    cr_assert_eq(arm64_vector_offset(0), 0x400, "EL0");
    cr_assert_eq(arm64_vector_offset(PSTATE_NRW), 0x600, "EL0 in AArch32");
}

Test(pstate, exceptions)
{
    cr_assert_eq(arm64_pstate_exception(0, SCTLR_SPAN), 0x3c5);
    cr_assert_eq(arm64_pstate_exception(0, 0), 0x3c5 | PSTATE_PAN, "SPAN is clear");
    cr_assert_eq(arm64_pstate_exception(PSTATE_NZCV | PSTATE_SS | PSTATE_IL | PSTATE_UAO | PSTATE_TCO |
                                            PSTATE_DIT | 0xc00,
                                        SCTLR_SPAN | SCTLR_DSSBS),
                 0x3c5 | PSTATE_NZCV | PSTATE_DIT | PSTATE_SSBS);
}

Test(pstate, it_blocks)
{
    /* ITTE EQ: condition 0000, then mask 0110 (two more), as IT = 0000 0110. */
    uint64_t it = (0x06ULL >> 2) << 10 | (0x06ULL & 3) << 25;

    it = arm64_pstate_skip_a32(it | PSTATE_NRW);
    cr_assert_eq(it, PSTATE_NRW | (0x0cULL >> 2) << 10);
    it = arm64_pstate_skip_a32(it);
    cr_assert_eq(it, PSTATE_NRW | (0x18ULL >> 2) << 10);
    it = arm64_pstate_skip_a32(it);
    cr_assert_eq(it, PSTATE_NRW, "the block is over");
    cr_assert_eq(arm64_pstate_skip_a32(PSTATE_NRW), PSTATE_NRW);
}

/* --- where walks of stage 2 begin --- */

#define VTCR_T0SZ(vtcr) ((vtcr) & 0x3f)
#define VTCR_SL0(vtcr)  ((vtcr) >> 6 & 3)

/* Arm ARM, AArch64.S2InconsistentSL(), S2InvalidSL() and S2InvalidTxSZ() for the 4K granule. */
static void layout_check(unsigned ipa, unsigned pa)
{
    struct arm64_stage2_layout l;
    int error = arm64_stage2_layout_make(ipa, pa, &l);
    unsigned start, resolved;

    cr_assert_eq(error, ipa >= 32 && ipa <= 48 && ipa <= pa ? 0 : -EINVAL, "%u of %u bits: %d", ipa, pa,
                 error);
    if (error)
        return;
    cr_assert_eq(VTCR_T0SZ(l.vtcr), 64 - ipa);
    cr_assert_eq(l.vtcr & ~0xffULL, 0);
    cr_assert_lt(VTCR_SL0(l.vtcr), 3, "reserved");
    start = 2 - (unsigned)VTCR_SL0(l.vtcr); /* the manual's level */
    cr_assert_eq(l.top, 3 - start);
    cr_assert(start > 0 || pa >= 44, "level 0 wants 44 bits");
    resolved = (3 - start) * 9 + 12; /* bits below the first level */
    cr_assert(ipa >= resolved + 1 && ipa <= resolved + 9 + 4, "%u bits from level %u", ipa, start);
    cr_assert_eq(l.tables, ipa > resolved + 9 ? 1U << (ipa - resolved - 9) : 1);
    cr_assert(l.tables <= 16 && (start > 0 || l.tables == 1));
}

Test(stage2_layout, all_sizes)
{
    static const unsigned pa[] = {32, 36, 40, 42, 44, 48};

    for (unsigned i = 0; i < ARRAY_SIZE(pa); i++)
        for (unsigned ipa = 0; ipa <= 64; ipa++)
            layout_check(ipa, pa[i]);
}

Test(stage2_layout, by_the_manual)
{
    static const struct {
        unsigned bits, top, tables;
        uint64_t vtcr;
    } wanted[] = {{32, 2, 1, 0x60},  {36, 2, 1, 0x5c}, {40, 2, 2, 0x58}, {42, 2, 8, 0x56},
                  {43, 2, 16, 0x55}, {44, 3, 1, 0x94}, {48, 3, 1, 0x90}};

    for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++) {
        struct arm64_stage2_layout l;

        cr_assert_eq(arm64_stage2_layout_make(wanted[i].bits, 48, &l), 0);
        cr_assert(l.top == wanted[i].top && l.tables == wanted[i].tables && l.vtcr == wanted[i].vtcr,
                  "%u bits: top %u, %u tables, %#llx", wanted[i].bits, l.top, l.tables,
                  (unsigned long long)l.vtcr);
    }
}

Test(stage2_layout, pa_range)
{
    static const unsigned bits[] = {32, 36, 40, 42, 44, 48, 48, 48};

    for (unsigned range = 0; range < 16; range++)
        cr_assert_eq(arm64_pa_bits_of(range), range < ARRAY_SIZE(bits) ? bits[range] : 48);
}

/* --- VMIDs --- */

static unsigned flushes;

static void flush_all(void)
{
    flushes++;
}

static struct vmid_pool pool_make(unsigned bits, unsigned cpus)
{
    struct vmid_pool pool;

    flushes = 0;
    cr_assert_eq(vmid_pool_init(&pool, bits, cpus, flush_all), 0);
    arch_irq_disable();
    return pool;
}

Test(vmid, stays)
{
    struct vmid_pool pool = pool_make(8, 2);
    _Atomic uint64_t a = 0, b = 0;
    uint32_t id = vmid_use(&pool, 0, &a);

    cr_assert_neq(id, 0);
    cr_assert_neq(vmid_use(&pool, 0, &b), id);
    cr_assert_eq(vmid_use(&pool, 1, &a), id, "the same on every CPU");
    cr_assert_eq(vmid_use(&pool, 0, &a), id);
    cr_assert_eq(flushes, 0);
    vmid_pool_fini(&pool);
}

Test(vmid, too_many_cpus)
{
    struct vmid_pool pool;

    cr_assert_lt(vmid_pool_init(&pool, 8, 255, flush_all), 0);
}

/* What runs keeps its number over any count of roll-overs, and nobody else gets it. */
Test(vmid, roll_over)
{
    struct vmid_pool pool = pool_make(8, 2);
    _Atomic uint64_t running = 0, others[1000] = {0};
    uint32_t id = vmid_use(&pool, 1, &running);

    for (unsigned i = 0; i < 1000; i++)
        cr_assert_neq(vmid_use(&pool, 0, &others[i]), id, "%u", i);
    cr_assert_eq(flushes, 3);
    cr_assert_eq(vmid_use(&pool, 1, &running), id);
    cr_assert_eq(vmid_use(&pool, 0, &running), id);
    cr_assert_eq(flushes, 3);
    vmid_pool_fini(&pool);
}

/* At any moment, no two VMs that are used on CPUs have the same number; a number changes hands only over a
 * flush. */
Test(vmid, torture)
{
    enum { CPUS = 5, VMS = 700 };
    struct vmid_pool pool = pool_make(8, CPUS);
    _Atomic uint64_t tags[VMS] = {0};
    unsigned on[CPUS], last_vm[256], last_flush[256];
    uint32_t ids[CPUS] = {0};

    memset(last_vm, 0xff, sizeof(last_vm));
    memset(on, 0xff, sizeof(on));
    srand(1);
    for (unsigned n = 0; n < 200000; n++) {
        unsigned cpu = (unsigned)rand() % CPUS, vm = (unsigned)rand() % (n % 1000 < 900 ? 20 : VMS);

        on[cpu] = vm;
        ids[cpu] = vmid_use(&pool, cpu, &tags[vm]);
        cr_assert(ids[cpu] > 0 && ids[cpu] < 256);
        if (last_vm[ids[cpu]] != vm && last_vm[ids[cpu]] != ~0U)
            cr_assert_neq(last_flush[ids[cpu]], flushes, "%u went from one VM to another", ids[cpu]);
        last_vm[ids[cpu]] = vm;
        last_flush[ids[cpu]] = flushes;
        for (unsigned i = 0; i < CPUS; i++)
            if (i != cpu && on[i] != ~0U)
                cr_assert_eq(on[i] == vm, ids[i] == ids[cpu], "CPUs %u and %u", i, cpu);
    }
    cr_assert_gt(flushes, 10);
    vmid_pool_fini(&pool);
}

/* --- MPAM --- */

static unsigned refusals;

static void refused(void *context, const char *text)
{
    refusals++;
}

static size_t options(const char *line)
{
    char copy[64];

    snprintf(copy, sizeof(copy), "%s", line);
    return cmdline_apply(copy, __start_boot_options, (size_t)(__stop_boot_options - __start_boot_options),
                         refused, NULL);
}

#define PFR0_MPAM1 (1ULL << 40)
#define PFR1_MPAM1 (1ULL << 16)

Test(mpam, versions)
{
    cr_assert_not(mpam_is_used(~PFR0_MPAM1 & ~MASK(43, 40), ~MASK(19, 16)));
    cr_assert(mpam_is_used(PFR0_MPAM1, 0), "1.0");
    cr_assert(mpam_is_used(0, PFR1_MPAM1), "0.1");
    cr_assert(mpam_is_used(PFR0_MPAM1, PFR1_MPAM1), "1.1");
}

Test(mpam, option)
{
    cr_assert_eq(options("arm64.mpam=off"), 1);
    cr_assert_not(mpam_is_used(PFR0_MPAM1, PFR1_MPAM1));
    cr_assert_eq(options("arm64.mpam=never arm64.mpam"), 0, "neither is a value");
    cr_assert_eq(refusals, 2);
    cr_assert_not(mpam_is_used(PFR0_MPAM1, 0), "what is refused changes nothing");
    cr_assert_eq(options("arm64.mpam=off arm64.mpam=on"), 2);
    cr_assert(mpam_is_used(PFR0_MPAM1, 0), "the last one wins");
    cr_assert_not(mpam_is_used(0, 0), "what there is not stays so");
}
