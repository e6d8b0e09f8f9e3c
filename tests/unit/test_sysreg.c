/* SPDX-License-Identifier: BSD-2-Clause */
#include "id_regs.h"
#include <criterion/criterion.h>
#include <string.h>

static uint64_t ids[ID_REGISTERS];

static struct sysreg_file file_new(void)
{
    struct sysreg_file file = {.id = ids};

    sysreg_file_reset(&file);
    return file;
}

static enum sysreg_outcome get(struct sysreg_file *file, unsigned key, uint64_t *value)
{
    return sysreg_access(file, key, false, false, value);
}

static enum sysreg_outcome put(struct sysreg_file *file, unsigned key, uint64_t value)
{
    return sysreg_access(file, key, true, false, &value);
}

/* Look-up is a binary search, so order is what makes it right. */
Test(sysreg, table_is_sorted_and_complete)
{
    for (unsigned i = 0; i < sysreg_count; i++) {
        const struct sysreg *r = &sysregs[i];

        if (i > 0)
            cr_assert_lt(sysregs[i - 1].key, r->key, "%s", r->name);
        cr_assert_not_null(r->name);
        cr_assert(strlen(r->reason) > 0, "%s has no reason", r->name);
        cr_assert_eq(r->owner == SYSREG_ABSENT, r->access == 0, "%s", r->name);
        cr_assert_eq(r->owner == SYSREG_ID, sysreg_is_id(r->key) || r->key == SYSREG_CTR_EL0, "%s", r->name);
        cr_assert_eq(sysreg_find(r->key), r);
    }
    cr_assert_null(sysreg_find(0));
    cr_assert_null(sysreg_find(0xffff));
}

Test(sysreg, every_encoding_is_answered)
{
    struct sysreg_file file = file_new();

    for (unsigned key = 0; key <= 0xffff; key++)
        for (unsigned i = 0; i < 4; i++) {
            uint64_t value = ~0ULL;
            enum sysreg_outcome outcome = sysreg_access(&file, key, i & 1, i & 2, &value);
            const struct sysreg *r = sysreg_find((uint16_t)key);

            if (r == NULL && !sysreg_is_id(key))
                cr_assert_eq(outcome, SYSREG_UNDEFINED);
            if ((i & 2) && SYSREG_OP1(key) != 3)
                cr_assert_eq(outcome, SYSREG_UNDEFINED);
        }
}

Test(sysreg, owners)
{
    struct sysreg_file file = file_new();
    uint64_t value = 1;

    cr_assert_eq(put(&file, SYSREG_ICC_SGI1R_EL1, 0), SYSREG_TO_GIC);
    cr_assert_eq(get(&file, SYSREG_ICC_SGI1R_EL1, &value), SYSREG_UNDEFINED);
    cr_assert_eq(put(&file, SYSREG_CNTP_CTL_EL0, 0), SYSREG_TO_TIMER);
    cr_assert_eq(put(&file, SYSREG_CNTPCT_EL0, 0), SYSREG_UNDEFINED);
    cr_assert_eq(get(&file, SYSREG_SCTLR_EL1, &value), SYSREG_IN_HARDWARE);
    /* RAZ/WI */
    cr_assert_eq(put(&file, SYSREG(3, 0, 1, 0, 1), 5), SYSREG_DONE);
    cr_assert_eq(get(&file, SYSREG(3, 0, 1, 0, 1), &value), SYSREG_DONE);
    cr_assert_eq(value, 0);
    /* ICC_SRE_EL1: the guest cannot turn system registers off. */
    cr_assert_eq(put(&file, SYSREG(3, 0, 12, 12, 5), 0), SYSREG_DONE);
    cr_assert_eq(get(&file, SYSREG(3, 0, 12, 12, 5), &value), SYSREG_DONE);
    cr_assert_eq(value, 7);
    /* PMCR_EL0, TRFCR_EL1 */
    cr_assert_eq(get(&file, SYSREG(3, 3, 9, 12, 0), &value), SYSREG_UNDEFINED);
    cr_assert_eq(put(&file, SYSREG(3, 0, 1, 2, 1), 0), SYSREG_UNDEFINED);
}

Test(sysreg, debug_registers)
{
    struct sysreg_file file = file_new();
    uint64_t value = 0;

    cr_assert_eq(get(&file, SYSREG(2, 0, 1, 1, 4), &value), SYSREG_DONE);
    cr_assert_eq(value, 0xa);
    cr_assert_eq(put(&file, SYSREG(2, 0, 1, 0, 4), 0), SYSREG_DONE);
    cr_assert_eq(get(&file, SYSREG(2, 0, 1, 1, 4), &value), SYSREG_DONE);
    cr_assert_eq(value, 8);
    cr_assert_eq(put(&file, SYSREG_MDSCR_EL1, 0x8001), SYSREG_TO_DEBUG);
    cr_assert_eq(get(&file, SYSREG_MDSCR_EL1, &value), SYSREG_DONE);
    cr_assert_eq(value, 0x8001);
    cr_assert_eq(value & MDSCR_IN_HARDWARE, 1);
}

Test(sysreg, id_registers_are_read_only)
{
    struct sysreg_file file = file_new();
    uint64_t value = 0;

    ids[ID_INDEX(SYSREG(3, 0, 0, 4, 0))] = 0x1234;
    cr_assert_eq(get(&file, SYSREG(3, 0, 0, 4, 0), &value), SYSREG_DONE);
    cr_assert_eq(value, 0x1234);
    cr_assert_eq(put(&file, SYSREG(3, 0, 0, 4, 0), 0), SYSREG_UNDEFINED);
    /* Reserved: reads as zero. */
    cr_assert_eq(get(&file, SYSREG(3, 0, 0, 7, 7), &value), SYSREG_DONE);
    cr_assert_eq(value, 0);
}

/* What traps only where CPUs have caches that differ. */
Test(sysreg, caches)
{
    struct sysreg_file file = file_new();
    uint64_t value = 0;

    ids[ID_INDEX(SYSREG_CTR_EL0)] = 0x84448004;
    cr_assert_eq(sysreg_access(&file, SYSREG_CTR_EL0, false, true, &value), SYSREG_DONE, "programs, too");
    cr_assert_eq(value, 0x84448004);
    cr_assert_eq(put(&file, SYSREG_CTR_EL0, 0), SYSREG_UNDEFINED);
    cr_assert_eq(get(&file, SYSREG(3, 1, 0, 0, 1), &value), SYSREG_DONE);
    cr_assert_eq(value, 1 << 27 | 1 << 24 | 1 << 21 | 3, "CLIDR_EL1");
    cr_assert_eq(get(&file, SYSREG_CCSIDR_EL1, &value), SYSREG_TO_SIZES);
    cr_assert_eq(put(&file, SYSREG_CCSIDR_EL1, 0), SYSREG_UNDEFINED);
    cr_assert_eq(put(&file, SYSREG_CSSELR_EL1, 1), SYSREG_TO_SIZES);
    cr_assert_eq(get(&file, SYSREG_CSSELR_EL1, &value), SYSREG_TO_SIZES);
    cr_assert_eq(sysreg_access(&file, SYSREG_CSSELR_EL1, false, true, &value), SYSREG_UNDEFINED);
}

/* --- ID registers --- */

#define PFR0  ID_INDEX(SYSREG(3, 0, 0, 4, 0))
#define PFR1  ID_INDEX(SYSREG(3, 0, 0, 4, 1))
#define DFR0  ID_INDEX(SYSREG(3, 0, 0, 5, 0))
#define ISAR0 ID_INDEX(SYSREG(3, 0, 0, 6, 0))
#define ISAR2 ID_INDEX(SYSREG(3, 0, 0, 6, 2))
#define MMFR0 ID_INDEX(SYSREG(3, 0, 0, 7, 0))

static const struct id_limits plain = {.has_gicv3 = true, .pa_range = 2};

Test(id_regs, fields_do_not_overlap)
{
    uint64_t seen[ID_REGISTERS] = {0};

    for (unsigned i = 0; i < id_field_count; i++) {
        const struct id_field *f = &id_fields[i];
        uint64_t mask = (f->width == 64 ? ~0ULL : BIT(f->width) - 1) << f->shift;

        cr_assert(sysreg_is_id(f->key) || f->key == SYSREG_CTR_EL0);
        cr_assert_eq(seen[ID_INDEX(f->key)] & mask, 0, "%s", f->reason);
        cr_assert(f->kind != ID_EQUAL || f->max < BIT(f->width));
        seen[ID_INDEX(f->key)] |= mask;
    }
}

/* Whatever the CPU claims, the guest never hears of what we do not switch. */
Test(id_regs, all_ones)
{
    uint64_t host[ID_REGISTERS], guest[ID_REGISTERS];

    memset(host, 0xff, sizeof(host));
    id_regs_make(host, &plain, guest);
    cr_assert_eq(FIELD(guest[PFR0], 31, 28), 0, "RAS");
    cr_assert_eq(FIELD(guest[PFR0], 35, 32), 0, "SVE");
    cr_assert_eq(FIELD(guest[PFR0], 15, 8), 0, "EL2, EL3");
    cr_assert_eq(FIELD(guest[PFR0], 7, 4), 1, "EL1");
    cr_assert_eq(FIELD(guest[PFR0], 59, 56), 1, "CSV2");
    cr_assert_eq(FIELD(guest[PFR1], 63, 8), 0, "MTE, SME and what comes after");
    cr_assert_eq(FIELD(guest[DFR0], 11, 8), 0, "PMU");
    cr_assert_eq(FIELD(guest[ISAR0], 27, 24), 0, "TME");
    cr_assert_eq(FIELD(guest[ISAR2], 3, 0), 0, "WFxT");
    cr_assert_eq(FIELD(guest[MMFR0], 3, 0), 2, "PARange");
    cr_assert_eq(FIELD(guest[MMFR0], 63, 56), 0, "ECV, FGT");
    cr_assert_eq(guest[ID_INDEX(SYSREG(3, 0, 0, 7, 3))], 0, "MMFR3");
}

/* A Cortex-A72. */
Test(id_regs, plain_cpu)
{
    uint64_t host[ID_REGISTERS] = {
        [PFR0] = 0x01002222, [DFR0] = 0x10305106, [ISAR0] = 0x11120, [MMFR0] = 0x1124};
    uint64_t guest[ID_REGISTERS];

    host[ID_INDEX(SYSREG(3, 0, 0, 2, 0))] = 0x02101110;
    id_regs_make(host, &(struct id_limits){.has_gicv3 = true, .pa_range = 5}, guest);
    cr_assert_eq(guest[PFR0], 0x01000012);
    cr_assert_eq(guest[DFR0], 0xf000101006ULL);
    cr_assert_eq(guest[ISAR0], 0x11120);
    cr_assert_eq(guest[MMFR0], 0x24, "no big-endian data, no secure memory");
    cr_assert_eq(guest[ID_INDEX(SYSREG(3, 0, 0, 2, 0))], 0x02101110);
}

Test(id_regs, without_32bit_programs)
{
    uint64_t host[ID_REGISTERS] = {[PFR0] = 0x01001111}, guest[ID_REGISTERS];

    host[ID_INDEX(SYSREG(3, 0, 0, 2, 0))] = 0x02101110;
    id_regs_make(host, &plain, guest);
    cr_assert_eq(guest[PFR0], 0x01000011);
    cr_assert_eq(guest[ID_INDEX(SYSREG(3, 0, 0, 2, 0))], 0);
}

/* FP is signed: all ones is less than 0. */
Test(id_regs, signed_fields)
{
    uint64_t host[ID_REGISTERS] = {[PFR0] = 0x00ff0011, [MMFR0] = 0xf1000000}, guest[ID_REGISTERS];

    id_regs_make(host, &plain, guest);
    cr_assert_eq(FIELD(guest[PFR0], 23, 16), 0xff);
    cr_assert_eq(FIELD(guest[MMFR0], 31, 28), 0xf);
    cr_assert_eq(FIELD(guest[MMFR0], 27, 24), 0);
}

Test(id_regs, sve_if_switched)
{
    uint64_t host[ID_REGISTERS] = {[PFR0] = 0x100000011ULL}, guest[ID_REGISTERS];
    const struct id_limits limits = {.has_sve = true, .pa_range = 2};

    host[ID_INDEX(SYSREG(3, 0, 0, 4, 4))] = 0x100110021;
    id_regs_make(host, &limits, guest);
    cr_assert_eq(FIELD(guest[PFR0], 35, 32), 1);
    cr_assert_eq(guest[ID_INDEX(SYSREG(3, 0, 0, 4, 4))], 0x100110021);
    id_regs_make(host, &plain, guest);
    cr_assert_eq(FIELD(guest[PFR0], 35, 32), 0);
    cr_assert_eq(guest[ID_INDEX(SYSREG(3, 0, 0, 4, 4))], 0);
}

/* Of a GICv2 guests have memory-mapped registers only, whatever the CPU could. */
Test(id_regs, no_gic_registers)
{
    uint64_t host[ID_REGISTERS] = {[PFR0] = 0x01000011}, guest[ID_REGISTERS];
    const struct id_limits limits = {.has_gicv3 = false, .pa_range = 2};

    id_regs_make(host, &limits, guest);
    cr_assert_eq(guest[PFR0], 0x11);
}

/* SVE2's registers say more than this knows: no more than that is shown. */
Test(id_regs, sve_only_what_is_known)
{
    uint64_t host[ID_REGISTERS] = {[PFR0] = 0xf00000011ULL}, guest[ID_REGISTERS];
    const struct id_limits limits = {.has_sve = true, .pa_range = 2};

    memset(&host[ID_INDEX(SYSREG_ID_AA64ZFR0)], 0xff, sizeof(host[0]));
    id_regs_make(host, &limits, guest);
    cr_assert_eq(FIELD(guest[PFR0], 35, 32), 1);
    cr_assert_eq(guest[ID_INDEX(SYSREG_ID_AA64ZFR0)], 0x0110110101210022);
    host[PFR0] = 0x11;
    id_regs_make(host, &limits, guest);
    cr_assert_eq(guest[ID_INDEX(SYSREG_ID_AA64ZFR0)], 0, "they are nothing without SVE");
}

/* --- several CPUs --- */

#define ISAR1 ID_INDEX(SYSREG_ID_AA64ISAR1)
#define MMFR1 ID_INDEX(SYSREG_ID_AA64MMFR1)

static uint64_t merged(unsigned reg, uint64_t a, uint64_t b, bool is_same_model)
{
    uint64_t all[ID_REGISTERS] = {0}, cpu[ID_REGISTERS] = {0};

    all[reg] = a;
    cpu[reg] = b;
    id_merge(all, cpu, is_same_model);
    return all[reg];
}

Test(id_merge, least_of_each_field)
{
    cr_assert_eq(merged(PFR0, 0x1100000011112222, 0x1101000010112112, true), 0x1100000010112112);
    cr_assert_eq(merged(ISAR0, 0x0000100010211120, 0x0221111110212120, false), 0x0000100010211120);
    cr_assert_eq(merged(MMFR0, 0x1124, 0x111125, false), 0x1124);
    /* Fields that guests never see, too: the host looks at them. */
    cr_assert_eq(merged(ID_INDEX(SYSREG_ID_AA64MMFR2), 0x1000021000000000, 0x21000000000, true),
                 0x21000000000);
    cr_assert_eq(merged(ID_INDEX(SYSREG(3, 0, 0, 2, 0)), 0x02101110, 0x12101110, false), 0x02101110);
}

Test(id_merge, signed_fields)
{
    /* FP and AdvSIMD: none is all ones. TGran4: likewise. */
    cr_assert_eq(merged(PFR0, 0x00110011, 0x00ff0011, true), 0x00ff0011);
    cr_assert_eq(merged(PFR0, 0x00ff0011, 0x00000011, true), 0x00ff0011);
    cr_assert_eq(merged(MMFR0, 0xf0000000, 0x11000000, true), 0xf0000000);
}

Test(id_merge, what_cannot_be_shared)
{
    /* APA: an algorithm of the architecture's; API: the maker's. */
    cr_assert_eq(merged(ISAR1, 0x10, 0x10, false), 0x10);
    cr_assert_eq(merged(ISAR1, 0x10, 0x30, true), 0);
    cr_assert_eq(merged(ISAR1, 0x100, 0x100, true), 0x100);
    cr_assert_eq(merged(ISAR1, 0x100, 0x100, false), 0);
    /* SpecSEI: that it may happen. */
    cr_assert_eq(merged(MMFR1, 0, 0x1000000, true), 0x1000000);
}

/* CTR_EL0: lines as short, granules as long as any; what need not be done only if nobody needs it. */
Test(id_merge, caches)
{
    const unsigned ctr = ID_INDEX(SYSREG_CTR_EL0);

    cr_assert_eq(merged(ctr, 0x84448004, 0x84448004, false), 0x84448004);
    cr_assert_eq(merged(ctr, 0x85538005, 0x84448004, false), 0x85538004);
    cr_assert_eq(merged(ctr, 0x80008004, 0x84448004, false), 0x80008004, "0: as long as can be");
    /* PIPT and VIPT; one of them needs no cleaning, the other no invalidating. */
    cr_assert_eq(merged(ctr, 0x8444c004, 0x8444c004, false), 0x8444c004);
    cr_assert_eq(merged(ctr, 0x8444c004, 0x84448004, false), 0x84448004);
    cr_assert_eq(merged(ctr, 0x94448004, 0xa4448004, false), 0x84448004);
    cr_assert_eq(merged(ctr, 0xb4448004, 0xa4448004, false), 0xa4448004);
    cr_assert_eq(merged(ctr, 0xb4448004, 0xb4448004, false), 0xb4448004);
}

/* As the CPU has it, but for what is about memory tags. */
Test(id_regs, caches)
{
    uint64_t host[ID_REGISTERS] = {[ID_INDEX(SYSREG_CTR_EL0)] = 0x4b444c004}, guest[ID_REGISTERS];

    id_regs_make(host, &plain, guest);
    cr_assert_eq(guest[ID_INDEX(SYSREG_CTR_EL0)], 0xb444c004);
}

Test(id_merge, the_same_again_changes_nothing)
{
    uint64_t all[ID_REGISTERS], cpu[ID_REGISTERS], x = 1;

    for (unsigned i = 0; i < ID_REGISTERS; i++)
        all[i] = cpu[i] = x = x * 6364136223846793005 + 1442695040888963407;
    id_merge(all, cpu, true);
    for (unsigned i = 0; i < ID_REGISTERS; i++)
        cr_assert_eq(all[i], cpu[i], "register %u", i);
}

/* Whatever order they come in: the guest is told the same. */
Test(id_merge, order_does_not_matter)
{
    uint64_t cpus[3][ID_REGISTERS], all[ID_REGISTERS], other[ID_REGISTERS], x = 7;

    for (unsigned c = 0; c < 3; c++)
        for (unsigned i = 0; i < ID_REGISTERS; i++)
            cpus[c][i] = x = x * 6364136223846793005 + 1442695040888963407;
    memcpy(all, cpus[0], sizeof(all));
    id_merge(all, cpus[1], false);
    id_merge(all, cpus[2], false);
    memcpy(other, cpus[2], sizeof(other));
    id_merge(other, cpus[0], false);
    id_merge(other, cpus[1], false);
    cr_assert_arr_eq(all, other, sizeof(all));
}

Test(id_merge, vector_lengths)
{
    cr_assert_eq(id_vector_bytes(0, 0), 0);
    cr_assert_eq(id_vector_bytes(1, 1), 16);
    cr_assert_eq(id_vector_bytes(0xffff, 0xffff), 256);
    cr_assert_eq(id_vector_bytes(0x8b, 0x8b), 128, "128, 256, 512 and 1024 bits");
    /* One has 256 bits at most, the other 512 as well. */
    cr_assert_eq(id_vector_bytes(3, 0xb), 32);
    /* 384 bits on one only: 512 on both are not the same vectors for who asks for 384. */
    cr_assert_eq(id_vector_bytes(0xb, 0xf), 32);
    /* No SVE on one. */
    cr_assert_eq(id_vector_bytes(0, 0xb), 0);
}
