/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_DECODE_INTERNAL_H
#define VMM_X86_DECODE_INTERNAL_H

/* Shared by the emulator's files. */

#include <errno.h>
#include <string.h>

#include "emulate.h"

#define X86_FLAG_CF BIT(0)
#define X86_FLAG_PF BIT(2)
#define X86_FLAG_AF BIT(4)
#define X86_FLAG_ZF BIT(6)
#define X86_FLAG_SF BIT(7)
#define X86_FLAG_DF BIT(10)
#define X86_FLAG_OF BIT(11)
#define X86_FLAG_RF BIT(16)
#define X86_FLAG_VM BIT(17)
#define X86_FLAG_AC BIT(18)

#define X86_FLAGS_ARITHMETIC \
    (X86_FLAG_CF | X86_FLAG_PF | X86_FLAG_AF | X86_FLAG_ZF | X86_FLAG_SF | X86_FLAG_OF)

#define X86_CR0_PE   BIT(0)
#define X86_CR0_AM   BIT(18)
#define X86_CR4_LA57 BIT(12)

/* Sizes in bytes: 1, 2, 4, 8. */
static inline uint64_t x86_mask(unsigned size)
{
    return ~0ULL >> (64 - 8 * size);
}

static inline uint64_t x86_sign_bit(unsigned size)
{
    return 1ULL << (8 * size - 1);
}

static inline uint64_t x86_sign_extend(uint64_t value, unsigned size)
{
    unsigned shift = 64 - 8 * size;

    return (uint64_t)((int64_t)(value << shift) >> shift);
}

/* AH, CH, DH, BH: byte registers 4 to 7 without REX (VEX has no byte registers). */
static inline bool x86_is_high_byte(const struct x86_insn *insn, unsigned reg, unsigned size)
{
    return size == 1 && (reg & ~3U) == 4 && !(insn->prefixes & X86_PREFIX_REX);
}

static inline uint64_t x86_gpr_read(const struct x86_emulator *e, const struct x86_insn *insn, unsigned reg,
                                    unsigned size)
{
    if (unlikely(x86_is_high_byte(insn, reg, size)))
        return e->gpr[reg & 3] >> 8 & 0xff;
    return e->gpr[reg] & x86_mask(size);
}

/* Bytes and words leave the rest of the register alone, 4 bytes clear it. */
static inline void x86_gpr_write(struct x86_emulator *e, const struct x86_insn *insn, unsigned reg,
                                 unsigned size, uint64_t value)
{
    if (likely(size >= 4))
        e->gpr[reg] = value & x86_mask(size);
    else if (x86_is_high_byte(insn, reg, size))
        e->gpr[reg & 3] = (e->gpr[reg & 3] & ~0xff00ULL) | (value & 0xff) << 8;
    else
        e->gpr[reg] = (e->gpr[reg] & ~x86_mask(size)) | (value & x86_mask(size));
}

/* A counter, index or stack pointer of so many bytes: 2 merge, 4 and 8 write the whole register. */
static inline void x86_pointer_write(struct x86_emulator *e, unsigned reg, unsigned size, uint64_t value)
{
    if (size == 2)
        e->gpr[reg] = (e->gpr[reg] & ~0xffffULL) | (value & 0xffff);
    else
        e->gpr[reg] = value & x86_mask(size);
}

/* The instruction is over. */
static inline int x86_done(struct x86_emulator *e, const struct x86_insn *insn)
{
    e->rip += insn->length;
    if (unlikely(e->mode != X86_MODE_64))
        e->rip = (uint32_t)e->rip;
    e->rflags &= ~X86_FLAG_RF;
    return X86_EMULATE_DONE;
}

/* Where rm is, once looked up, and what a locked store expects there. */
struct x86_place {
    uint64_t linear;
    uint64_t old;
};

/* address.c: outside of 64-bit mode, with FS or GS, not canonical, or with AC set. */
int x86_linear_slow(struct x86_emulator *e, enum x86_seg number, uint64_t offset, unsigned size,
                    enum x86_access access, uint64_t *linear) must_check;

/*
 * Linear address of segment:offset for size bytes, checked. The addresses that are canonical begin 2^47
 * (2^56) below 0.
 */
static always_inline must_check int x86_linear(struct x86_emulator *e, enum x86_seg number, uint64_t offset,
                                               unsigned size, enum x86_access access, uint64_t *linear)
{
    uint64_t half = e->cr4 & X86_CR4_LA57 ? BIT(56) : BIT(47);

    if (unlikely(e->mode != X86_MODE_64 || number >= X86_SEG_FS || offset + half > 2 * half - size ||
                 (e->rflags & X86_FLAG_AC)))
        return x86_linear_slow(e, number, offset, size, access, linear);
    *linear = offset;
    return 0;
}

/* Offset of the memory operand plus displacement, cut to the address size. */
static always_inline uint64_t x86_operand_offset(const struct x86_emulator *e, const struct x86_insn *insn,
                                                 uint64_t displacement)
{
    const struct x86_memory *mem = &insn->mem;
    uint64_t offset = mem->displacement + displacement;

    if (likely(mem->base < X86_GPRS))
        offset += e->gpr[mem->base];
    else if (mem->base == X86_REG_RIP)
        offset += e->rip + insn->length;
    if (mem->index < X86_GPRS)
        offset += e->gpr[mem->index] << mem->scale;
    return likely(insn->address_size == 8) ? offset : offset & x86_mask(insn->address_size);
}

/* operand.c and here: size at most 8. Memory is read and written as a little-endian number. */
static always_inline must_check int x86_memory_read(struct x86_emulator *e, uint64_t linear, unsigned size,
                                                    enum x86_access access, uint64_t *value)
{
    *value = 0;
    return e->ops->read(e, linear, value, size, access);
}

static always_inline must_check int x86_memory_write(struct x86_emulator *e, uint64_t linear, unsigned size,
                                                     uint64_t value)
{
    return e->ops->write(e, linear, &value, size);
}

static always_inline must_check int x86_rm_read(struct x86_emulator *e, const struct x86_insn *insn,
                                                enum x86_access access, struct x86_place *place,
                                                uint64_t *value)
{
    int error;

    if (unlikely(!insn->memory)) {
        *value = x86_gpr_read(e, insn, insn->rm, insn->rm_size);
        return 0;
    }
    error = x86_linear(e, insn->mem.segment, x86_operand_offset(e, insn, 0), insn->rm_size, access,
                       &place->linear);
    if (unlikely(error))
        return error;
    error = x86_memory_read(e, place->linear, insn->rm_size, access, value);
    place->old = *value;
    return error;
}

/* Without reading before. */
static always_inline must_check int x86_rm_write(struct x86_emulator *e, const struct x86_insn *insn,
                                                 uint64_t value)
{
    uint64_t linear;
    int error;

    if (unlikely(!insn->memory)) {
        x86_gpr_write(e, insn, insn->rm, insn->rm_size, value);
        return 0;
    }
    error = x86_linear(e, insn->mem.segment, x86_operand_offset(e, insn, 0), insn->rm_size, X86_ACCESS_WRITE,
                       &linear);
    return unlikely(error) ? error : x86_memory_write(e, linear, insn->rm_size, value);
}

/* After x86_rm_read() with READ_WRITE: with LOCK only over the value that was read. */
int x86_rm_update(struct x86_emulator *e, const struct x86_insn *insn, const struct x86_place *place,
                  uint64_t value) must_check;
/* The other operand, register or immediate, by insn->form. */
uint64_t x86_source(const struct x86_emulator *e, const struct x86_insn *insn);

/* flags.c: results, and the arithmetic flags in *flags. */
uint64_t x86_arithmetic(enum x86_op op, unsigned size, uint64_t a, uint64_t b, uint64_t *flags);
uint64_t x86_shift(enum x86_op op, unsigned size, uint64_t value, unsigned count, uint64_t *flags);
bool x86_condition(unsigned code, uint64_t flags);

/* One file per family; each returns as x86_emulate(). */
int x86_emulate_string(struct x86_emulator *e, const struct x86_insn *insn) must_check;
int x86_emulate_exchange(struct x86_emulator *e, const struct x86_insn *insn) must_check;
int x86_emulate_bit(struct x86_emulator *e, const struct x86_insn *insn) must_check;
int x86_emulate_stack(struct x86_emulator *e, const struct x86_insn *insn) must_check;
int x86_emulate_xmm(struct x86_emulator *e, const struct x86_insn *insn) must_check;

#endif
