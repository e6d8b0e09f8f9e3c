/* SPDX-License-Identifier: BSD-2-Clause */
/* From operands to linear addresses: AMD APM vol. 2, 4.5 to 4.12 (segments), 1.1.3 (canonical form). */
#include "internal.h"

#define SIZE_SSE 16 /* has alignment rules of its own */

int x86_emulator_raise(struct x86_emulator *e, uint8_t vector, uint32_t error_code)
{
    e->exception = (struct x86_exception){vector, vector != X86_VECTOR_UD, error_code, 0};
    return -EFAULT;
}

int x86_emulator_raise_pf(struct x86_emulator *e, uint64_t address, uint32_t error_code)
{
    e->exception = (struct x86_exception){X86_VECTOR_PF, true, error_code, address};
    return -EFAULT;
}

static int segment_fault(struct x86_emulator *e, enum x86_seg number)
{
    return x86_emulator_raise(e, number == X86_SEG_SS ? X86_VECTOR_SS : X86_VECTOR_GP, 0);
}

static bool is_protected(const struct x86_emulator *e)
{
    return (e->cr0 & X86_CR0_PE) && !(e->rflags & X86_FLAG_VM);
}

/* Rights as protected mode has them; real and virtual-8086 mode look at limits alone. */
static bool access_allowed(const struct x86_segment *segment, enum x86_access access)
{
    unsigned attributes = segment->attributes;

    if (!(attributes & X86_SEGMENT_PRESENT))
        return false;
    if (attributes & X86_SEGMENT_TYPE_CODE)
        return access == X86_ACCESS_READ && (attributes & X86_SEGMENT_TYPE_WRITE);
    return access == X86_ACCESS_READ || (attributes & X86_SEGMENT_TYPE_WRITE);
}

static bool within_limit(const struct x86_segment *segment, uint64_t offset, unsigned size)
{
    const unsigned data_down = X86_SEGMENT_TYPE_CODE | X86_SEGMENT_TYPE_EXPAND_DOWN;
    uint64_t last = offset + size - 1;

    if ((segment->attributes & data_down) == X86_SEGMENT_TYPE_EXPAND_DOWN)
        return offset > segment->limit &&
               last <= (segment->attributes & X86_SEGMENT_BIG ? UINT32_MAX : 0xffff);
    return last <= segment->limit;
}

/* Not 64-bit mode. */
static int legacy_linear(struct x86_emulator *e, enum x86_seg number, uint64_t offset, unsigned size,
                         enum x86_access access, uint64_t *linear)
{
    struct x86_segment segment;

    e->ops->segment(e, number, &segment);
    if (is_protected(e) && !access_allowed(&segment, access))
        return segment_fault(e, number);
    if (!within_limit(&segment, offset, size))
        return segment_fault(e, number);
    *linear = (uint32_t)(segment.base + offset);
    return 0;
}

static uint64_t segment_base(struct x86_emulator *e, enum x86_seg number)
{
    struct x86_segment segment;

    e->ops->segment(e, number, &segment);
    return segment.base;
}

static bool is_canonical(const struct x86_emulator *e, uint64_t address)
{
    unsigned shift = e->cr4 & X86_CR4_LA57 ? 64 - 57 : 64 - 48;

    return (uint64_t)((int64_t)(address << shift) >> shift) == address;
}

static bool is_misaligned(const struct x86_emulator *e, uint64_t linear, unsigned size)
{
    return e->cpl == 3 && (e->cr0 & X86_CR0_AM) && size < SIZE_SSE && (linear & (size - 1));
}

int x86_linear_slow(struct x86_emulator *e, enum x86_seg number, uint64_t offset, unsigned size,
                    enum x86_access access, uint64_t *linear)
{
    if (e->mode == X86_MODE_64) {
        if (number >= X86_SEG_FS)
            offset += segment_base(e, number);
        if (!is_canonical(e, offset) || !is_canonical(e, offset + size - 1))
            return segment_fault(e, number);
        *linear = offset;
    } else {
        int error = legacy_linear(e, number, offset, size, access, linear);

        if (error)
            return error;
    }
    if ((e->rflags & X86_FLAG_AC) && is_misaligned(e, *linear, size))
        return x86_emulator_raise(e, X86_VECTOR_AC, 0);
    return 0;
}

int x86_operand_linear(struct x86_emulator *e, const struct x86_insn *insn, unsigned size,
                       enum x86_access access, uint64_t *linear)
{
    return x86_linear(e, insn->mem.segment, x86_operand_offset(e, insn, 0), size, access, linear);
}
