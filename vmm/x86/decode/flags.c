/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic and its flags: AMD APM vol. 1, 3.1.4; vol. 3, the instructions' pages. Undefined flags are as in
 * hardware where that is simple.
 */
#include "internal.h"

/* PF: even number of ones in the low byte. */
static uint64_t flags_of_result(uint64_t result, unsigned size)
{
    unsigned folded = (result ^ result >> 4) & 0xf;
    uint64_t flags = 0x9669 >> folded & 1 ? X86_FLAG_PF : 0;

    if (!(result & x86_mask(size)))
        flags |= X86_FLAG_ZF;
    if (result & x86_sign_bit(size))
        flags |= X86_FLAG_SF;
    return flags;
}

/* Carries out of each bit of a + b + carry, whose sum is `sum`: the top one is CF, that of bit 3 AF. */
static uint64_t flags_of_sum(uint64_t a, uint64_t b, uint64_t sum, unsigned size)
{
    uint64_t carries = (a & b) | ((a | b) & ~sum), sign = x86_sign_bit(size);

    return (carries & sign ? X86_FLAG_CF : 0) | (carries & 8 ? X86_FLAG_AF : 0) |
           ((a ^ sum) & (b ^ sum) & sign ? X86_FLAG_OF : 0);
}

static uint64_t flags_of_difference(uint64_t a, uint64_t b, uint64_t difference, unsigned size)
{
    uint64_t borrows = (~a & b) | ((~a | b) & difference), sign = x86_sign_bit(size);

    return (borrows & sign ? X86_FLAG_CF : 0) | (borrows & 8 ? X86_FLAG_AF : 0) |
           ((a ^ b) & (a ^ difference) & sign ? X86_FLAG_OF : 0);
}

uint64_t x86_arithmetic(enum x86_op op, unsigned size, uint64_t a, uint64_t b, uint64_t *flags)
{
    uint64_t carry = op == X86_OP_ADC || op == X86_OP_SBB ? *flags & X86_FLAG_CF : 0;
    uint64_t changed = X86_FLAGS_ARITHMETIC, set = 0, result;

    if (op == X86_OP_INC || op == X86_OP_DEC)
        changed &= ~X86_FLAG_CF;
    switch (op) {
    case X86_OP_ADD:
    case X86_OP_ADC:
    case X86_OP_XADD:
    case X86_OP_INC:
        result = a + b + carry;
        set = flags_of_sum(a, b, result, size);
        break;
    case X86_OP_SUB:
    case X86_OP_SBB:
    case X86_OP_CMP:
    case X86_OP_DEC:
        result = a - b - carry;
        set = flags_of_difference(a, b, result, size);
        break;
    case X86_OP_OR:
        result = a | b;
        break;
    case X86_OP_XOR:
        result = a ^ b;
        break;
    default: /* AND, TEST */
        result = a & b;
        break;
    }
    set |= flags_of_result(result, size);
    *flags = (*flags & ~changed) | (set & changed);
    return result & x86_mask(size);
}

/* Through the carry: bits + 1 positions, one at a time (63 at most). */
static uint64_t rotate_carry(bool left, unsigned size, uint64_t value, unsigned count, uint64_t *carry)
{
    uint64_t sign = x86_sign_bit(size), out;

    for (count %= 8 * size + 1; count > 0; count--) {
        if (left) {
            out = value & sign ? 1 : 0;
            value = value << 1 | *carry;
        } else {
            out = value & 1;
            value = value >> 1 | (*carry ? sign : 0);
        }
        *carry = out;
    }
    return value & x86_mask(size);
}

static uint64_t rotate(bool left, unsigned size, uint64_t value, unsigned count, uint64_t *carry)
{
    unsigned bits = 8 * size;

    count %= bits;
    if (!left)
        count = (bits - count) % bits;
    if (count)
        value = (value << count | value >> (bits - count)) & x86_mask(size);
    *carry = left ? value & 1 : (value & x86_sign_bit(size) ? 1 : 0);
    return value;
}

/* Counts up to 63 for 8 bytes, 31 for fewer, so that a shift by the count is defined in C. Not 0. */
static uint64_t shift_plain(enum x86_op op, unsigned size, uint64_t value, unsigned count, uint64_t *carry)
{
    unsigned bits = 8 * size;

    if (op == X86_OP_SAR) {
        int64_t extended = (int64_t)x86_sign_extend(value, size);

        *carry = extended >> (count - 1) & 1;
        return (uint64_t)(extended >> count) & x86_mask(size);
    }
    if (op == X86_OP_SHR) {
        *carry = value >> (count - 1) & 1;
        return value >> count;
    }
    *carry = count <= bits ? value >> (bits - count) & 1 : 0;
    return value << count & x86_mask(size);
}

uint64_t x86_shift(enum x86_op op, unsigned size, uint64_t value, unsigned count, uint64_t *flags)
{
    uint64_t carry = *flags & X86_FLAG_CF, sign = x86_sign_bit(size), changed = X86_FLAG_CF | X86_FLAG_OF;
    uint64_t before = value, set = 0;
    bool left = op == X86_OP_ROL || op == X86_OP_RCL || op == X86_OP_SHL || op == X86_OP_SAL;

    count &= size == 8 ? 63 : 31;
    if (count == 0)
        return value;
    if (op == X86_OP_ROL || op == X86_OP_ROR) {
        value = rotate(left, size, value, count, &carry);
    } else if (op == X86_OP_RCL || op == X86_OP_RCR) {
        value = rotate_carry(left, size, value, count, &carry);
    } else {
        value = shift_plain(op, size, value, count, &carry);
        changed = X86_FLAGS_ARITHMETIC;
        set = flags_of_result(value, size);
    }
    if (left) /* the sign changed, seen from the carry */
        set |= (carry != 0) != !!(value & sign) ? X86_FLAG_OF : 0;
    else if (op == X86_OP_SHR)
        set |= before & sign ? X86_FLAG_OF : 0;
    else if (op != X86_OP_SAR) /* ROR, RCR: the two top bits differ */
        set |= (value ^ value << 1) & sign ? X86_FLAG_OF : 0;
    set |= carry ? X86_FLAG_CF : 0;
    *flags = (*flags & ~changed) | set;
    return value;
}

/* The low four bits of Jcc, SETcc, CMOVcc: pairs, of which the second negates. */
bool x86_condition(unsigned code, uint64_t flags)
{
    bool sign_differs = !!(flags & X86_FLAG_SF) != !!(flags & X86_FLAG_OF), holds;

    switch (code >> 1 & 7) {
    case 0:
        holds = flags & X86_FLAG_OF;
        break;
    case 1:
        holds = flags & X86_FLAG_CF;
        break;
    case 2:
        holds = flags & X86_FLAG_ZF;
        break;
    case 3:
        holds = flags & (X86_FLAG_CF | X86_FLAG_ZF);
        break;
    case 4:
        holds = flags & X86_FLAG_SF;
        break;
    case 5:
        holds = flags & X86_FLAG_PF;
        break;
    case 6:
        holds = sign_differs;
        break;
    default:
        holds = sign_differs || (flags & X86_FLAG_ZF);
        break;
    }
    return holds != (code & 1);
}
