/* SPDX-License-Identifier: BSD-2-Clause */
#include "id_regs.h"

/* What several CPUs have in common: a vCPU may run on any of them. */

#define NIBBLES   16
#define L1IP_VIPT 2 /* CTR_EL0.L1Ip */

static unsigned field(uint64_t reg, unsigned shift, unsigned width)
{
    return reg >> shift & (BIT(width) - 1);
}

static void field_set(uint64_t *reg, unsigned shift, unsigned width, unsigned value)
{
    *reg = (*reg & ~((BIT(width) - 1) << shift)) | (uint64_t)value << shift;
}

/* Nearly every field counts upwards from "not implemented": Arm ARM, D24.1.3, "Principles of the ID scheme".
 */
static uint64_t least(uint64_t a, uint64_t b)
{
    uint64_t out = 0;

    for (unsigned i = 0; i < NIBBLES; i++)
        field_set(&out, i * 4, 4, MIN(field(a, i * 4, 4), field(b, i * 4, 4)));
    return out;
}

static unsigned field_merge(const struct id_field *f, unsigned a, unsigned b, bool is_same_model)
{
    switch ((enum id_kind)f->kind) {
    case ID_SIGNED: /* from -8; all ones is one less than 0 */
        return ((a ^ 8) < (b ^ 8) ? a : b);
    case ID_MAY:
        return MAX(a, b);
    case ID_REACH:
        return a == 0 || b == 0 ? 0 : MAX(a, b);
    case ID_L1IP:
        return a == b ? a : L1IP_VIPT;
    case ID_SAME:
        return a == b ? a : 0;
    case ID_SAME_MODEL:
        return a == b && is_same_model ? a : 0;
    default:
        return MIN(a, b);
    }
}

void id_merge(uint64_t all[ID_REGISTERS], const uint64_t cpu[ID_REGISTERS], bool is_same_model)
{
    uint64_t before[ID_REGISTERS];

    for (unsigned i = 0; i < ID_REGISTERS; i++) {
        before[i] = all[i];
        all[i] = least(all[i], cpu[i]);
    }
    for (unsigned i = 0; i < id_field_count; i++) {
        const struct id_field *f = &id_fields[i];
        unsigned r = ID_INDEX(f->key);

        if (f->width <= 4)
            field_set(&all[r], f->shift, f->width,
                      field_merge(f, field(before[r], f->shift, f->width), field(cpu[r], f->shift, f->width),
                                  is_same_model));
    }
}

unsigned id_vector_bytes(uint32_t every, uint32_t any)
{
    uint32_t partial = any & ~every;

    /* One that only some have would be chosen there, by a limit at or above it. */
    if (partial)
        every &= (partial & -partial) - 1;
    return every ? 16 * (32 - (unsigned)__builtin_clz(every)) : 0;
}
