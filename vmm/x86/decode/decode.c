/* SPDX-License-Identifier: BSD-2-Clause */
/* Prefixes, opcode, ModRM, immediate: what every instruction goes through. */
#include "decode.h"

#include <string.h>

#include "opcodes.h"

static no_inline unsigned prefix_segment(uint8_t byte, enum x86_mode mode, unsigned segment)
{
    if (byte == 0x64 || byte == 0x65)
        return byte - 0x64 + X86_SEG_FS;
    /* 26, 2E, 36, 3E: without effect in 64-bit mode, where an FS or GS before stays in force */
    return mode == X86_MODE_64 ? segment : (byte - 0x26U) >> 3;
}

static inline void prefix_apply(struct x86_decoder *d, uint8_t byte)
{
    switch (byte) {
    case 0xf0:
        d->prefixes |= X86_PREFIX_LOCK;
        break;
    case 0xf2:
        d->prefixes = (d->prefixes & ~X86_PREFIX_REP) | X86_PREFIX_REPNE;
        break;
    case 0xf3:
        d->prefixes = (d->prefixes & ~X86_PREFIX_REPNE) | X86_PREFIX_REP;
        break;
    case 0x66:
        d->prefixes |= X86_PREFIX_OPERAND;
        break;
    case 0x67:
        d->prefixes |= X86_PREFIX_ADDRESS;
        break;
    default:
        d->segment = prefix_segment(byte, d->mode, d->segment);
        d->prefixes |= X86_PREFIX_SEGMENT;
        break;
    }
}

/* The first byte that is not a prefix. A REX byte counts only when nothing but the opcode follows. */
static always_inline int prefixes_decode(struct x86_decoder *d)
{
    while (likely(d->at < d->limit)) {
        uint8_t byte = d->bytes[d->at++];
        unsigned flags = x86_map_one[byte].flags;

        if (likely(!(flags & (OPF_PREFIX | OPF_REX))))
            return byte;
        d->rex = 0;
        d->prefixes &= ~X86_PREFIX_REX;
        if (flags & OPF_PREFIX) {
            prefix_apply(d, byte);
        } else if (d->mode == X86_MODE_64) {
            d->rex = byte & 0xf;
            d->prefixes |= X86_PREFIX_REX;
        } else {
            return byte;
        }
    }
    return x86_decode_short(d);
}

/* From the byte 0F to the entry; insn->opcode and map are set. */
static always_inline int map_0f_decode(struct x86_decoder *d, struct x86_insn *insn,
                                       struct x86_opcode *opcode)
{
    const struct x86_opcode *map = x86_map_0f;

    if (d->at >= d->limit)
        return x86_decode_short(d);
    insn->opcode = d->bytes[d->at++];
    insn->map = X86_MAP_0F;
    if (x86_map_0f[insn->opcode].flags & OPF_ESCAPE) {
        insn->map = insn->opcode == 0x38 ? X86_MAP_0F38 : X86_MAP_0F3A;
        map = insn->opcode == 0x38 ? x86_map_0f38 : x86_map_0f3a;
        if (d->at >= d->limit)
            return x86_decode_short(d);
        insn->opcode = d->bytes[d->at++];
    }
    *opcode = map[insn->opcode];
    return 0;
}

static always_inline int escape_decode(struct x86_decoder *d, struct x86_insn *insn,
                                       struct x86_opcode *opcode)
{
    struct x86_decoder copy;
    int found;

    if (likely(insn->opcode == 0x0f))
        return map_0f_decode(d, insn, opcode);
    copy = *d;
    found = x86_extended_decode(&copy, insn->opcode, insn, opcode);
    *d = copy;
    return found < 0 ? found : 0;
}

static always_inline void sizes_decode(const struct x86_decoder *d, unsigned flags, struct x86_insn *insn)
{
    /* By mode and the prefixes 66 and 67, whose bits are neighbours. */
    static const struct {
        uint8_t operand, address;
    } sizes[3][4] = {
        [X86_MODE_16] = {{2, 2}, {4, 2}, {2, 4}, {4, 4}},
        [X86_MODE_32] = {{4, 4}, {2, 4}, {4, 2}, {2, 2}},
        [X86_MODE_64] = {{4, 8}, {2, 8}, {4, 4}, {2, 4}},
    };
    unsigned prefixes = d->prefixes / X86_PREFIX_OPERAND % 4, operand = sizes[d->mode][prefixes].operand, rm;

    if ((flags & OPF_STACK) && d->mode == X86_MODE_64 && operand == 4)
        operand = 8;
    if (d->rex & 8)
        operand = flags & OPF_PORT ? 4 : 8;
    if (flags & OPF_BYTE)
        operand = 1;
    rm = operand;
    if (unlikely(flags & (OPF_RM8 | OPF_RM16)))
        rm = flags & OPF_RM8 ? 1 : 2;
    insn->operand_size = operand;
    insn->rm_size = rm;
    insn->address_size = sizes[d->mode][prefixes].address;
}

/* The displacement of size bytes; the segment when no prefix chose one. */
static always_inline int displacement_decode(struct x86_decoder *d, unsigned size, struct x86_insn *insn)
{
    const uint8_t *from = d->bytes + d->at;

    if (size == 0) {
        insn->mem.displacement = 0;
        return 0;
    }
    if (unlikely(d->at + size > d->limit))
        return x86_decode_short(d);
    d->at += size;
    if (size == 1) {
        insn->mem.displacement = (uint64_t)(int8_t)from[0];
    } else if (size == 4) {
        int32_t value;

        memcpy(&value, from, sizeof(value));
        insn->mem.displacement = (uint64_t)value;
    } else {
        insn->mem.displacement = (uint64_t)(int16_t)(from[0] | from[1] << 8);
    }
    return 0;
}

static always_inline void memory_set(const struct x86_decoder *d, unsigned base, unsigned index,
                                     unsigned scale, unsigned default_segment, struct x86_insn *insn)
{
    insn->mem.base = base;
    insn->mem.index = index;
    insn->mem.scale = scale;
    insn->mem.segment = likely(d->segment == X86_SEGS) ? default_segment : d->segment;
}

/* 16-bit addressing: APM vol. 3, table A-32. */
static no_inline int memory16_decode(struct x86_decoder *d, unsigned modrm, struct x86_insn *insn)
{
    static const uint8_t bases[8] = {X86_RBX, X86_RBX, X86_RBP, X86_RBP, X86_RSI, X86_RDI, X86_RBP, X86_RBX};
    static const uint8_t indexes[4] = {X86_RSI, X86_RDI, X86_RSI, X86_RDI};
    unsigned size = modrm >> 6, rm = modrm & 7, base = bases[rm]; /* mod is the size, but for a lone one */

    if (size == 0 && rm == 6) {
        base = X86_REG_NONE;
        size = 2;
    }
    memory_set(d, base, rm < 4 ? indexes[rm] : X86_REG_NONE, 0, base == X86_RBP ? X86_SEG_SS : X86_SEG_DS,
               insn);
    return displacement_decode(d, size, insn);
}

/* 32- and 64-bit addressing: APM vol. 3, tables. Without and with SIB, REX.B; by mod and rm or
 * base. */
#define FORM(base, size, segment) {(base), (size), X86_SEG_##segment, 0}
#define FORM_SIB                  {X86_RSP, 0, 0, 0} /* look there */
/* rm 0 to 3, 6 and 7 of one mod; 4 and 5 differ. */
#define FORMS(b, size, four, five)                                                                      \
    FORM((b) + 0, size, DS), FORM((b) + 1, size, DS), FORM((b) + 2, size, DS), FORM((b) + 3, size, DS), \
        four, five, FORM((b) + 6, size, DS), FORM((b) + 7, size, DS)

static const struct form {
    uint8_t base, size, segment, unused; /* size of the displacement */
} memory_forms[2][2][32] = {
    {
        {
            FORMS(0, 0, FORM_SIB, FORM(X86_REG_RIP, 4, DS)),
            FORMS(0, 1, FORM_SIB, FORM(X86_RBP, 1, SS)),
            FORMS(0, 4, FORM_SIB, FORM(X86_RBP, 4, SS)),
        },
        {
            FORMS(8, 0, FORM_SIB, FORM(X86_REG_RIP, 4, DS)),
            FORMS(8, 1, FORM_SIB, FORM(13, 1, DS)),
            FORMS(8, 4, FORM_SIB, FORM(13, 4, DS)),
        },
    },
    {
        {
            FORMS(0, 0, FORM(X86_RSP, 0, SS), FORM(X86_REG_NONE, 4, DS)),
            FORMS(0, 1, FORM(X86_RSP, 1, SS), FORM(X86_RBP, 1, SS)),
            FORMS(0, 4, FORM(X86_RSP, 4, SS), FORM(X86_RBP, 4, SS)),
        },
        {
            FORMS(8, 0, FORM(12, 0, DS), FORM(X86_REG_NONE, 4, DS)),
            FORMS(8, 1, FORM(12, 1, DS), FORM(13, 1, DS)),
            FORMS(8, 4, FORM(12, 4, DS), FORM(13, 4, DS)),
        },
    },
};

static always_inline int memory_decode(struct x86_decoder *d, unsigned modrm, struct x86_insn *insn)
{
    unsigned mod = modrm >> 3 & 0x18, index = X86_REG_NONE, scale = 0;
    const struct form *form = &memory_forms[0][d->rex & 1][mod | (modrm & 7)];
    unsigned base = form->base;

    if (base == X86_RSP) {
        uint8_t sib;

        if (d->at >= d->limit)
            return x86_decode_short(d);
        sib = d->bytes[d->at++];
        form = &memory_forms[1][d->rex & 1][mod | (sib & 7)];
        base = form->base;
        index = (sib >> 3 & 7) | (d->rex & 2) << 2;
        if (index == X86_RSP)
            index = X86_REG_NONE;
        scale = sib >> 6;
    }
    if (base == X86_REG_RIP && d->mode != X86_MODE_64)
        base = X86_REG_NONE;
    memory_set(d, base, index, scale, form->segment, insn);
    return displacement_decode(d, form->size, insn);
}

static always_inline int modrm_decode(struct x86_decoder *d, unsigned flags, struct x86_insn *insn)
{
    struct x86_decoder copy;
    unsigned modrm;
    int error;

    if (unlikely(d->at >= d->limit))
        return x86_decode_short(d);
    modrm = d->bytes[d->at++];
    insn->modrm = modrm;
    insn->reg = (modrm >> 3 & 7) | (d->rex & 4) << 1;
    insn->memory = modrm < 0xc0 && !(flags & OPF_REGONLY);
    if (!insn->memory) {
        insn->rm = (modrm & 7) | (d->rex & 1) << 3;
        memory_set(d, X86_REG_NONE, X86_REG_NONE, 0, X86_SEG_DS, insn);
        insn->mem.displacement = 0;
        return flags & OPF_MEMORY ? -EINVAL : 0;
    }
    insn->rm = 0;
    if (likely(insn->address_size != 2))
        return memory_decode(d, modrm, insn);
    copy = *d;
    error = memory16_decode(&copy, modrm, insn);
    *d = copy;
    return error;
}

/* How many bytes the immediate has. Of group 3, TEST alone has one. */
static unsigned immediate_size(unsigned imm, struct x86_insn *insn)
{
    unsigned z = insn->operand_size == 2 ? 2 : 4;
    bool test = (insn->modrm & 0x30) == 0;

    switch (imm) {
    case X86_IMM_TEST_B:
    case X86_IMM_TEST_Z:
        if (!test)
            return 0;
        insn->form = X86_FORM_RM_IMM;
        return imm == X86_IMM_TEST_B ? 1 : z;
    case X86_IMM_W:
        return 2;
    case X86_IMM_Z:
        return z;
    case X86_IMM_V:
        return insn->operand_size;
    case X86_IMM_ENTER:
        return 3;
    case X86_IMM_FAR:
        return z + 2;
    case X86_IMM_OFFSET:
        return insn->address_size;
    case X86_IMM_SSE4A:
        return insn->prefixes & (X86_PREFIX_OPERAND | X86_PREFIX_REPNE) ? 2 : 0;
    default:
        return 1;
    }
}

/* Sign-extended, except where only the low bits or an unsigned value make sense. */
static uint64_t immediate_extend(unsigned imm, unsigned size, uint64_t value)
{
    if (imm == X86_IMM_FAR)
        return size == 4 ? (value & 0xffff) | (value >> 16) << 32 : value;
    if (imm == X86_IMM_B || imm == X86_IMM_TEST_B)
        return (uint64_t)(int8_t)value;
    if (imm == X86_IMM_Z || imm == X86_IMM_V || imm == X86_IMM_TEST_Z)
        return size == 2 ? (uint64_t)(int16_t)value : size == 4 ? (uint64_t)(int32_t)value : value;
    return value;
}

static no_inline int any_immediate_decode(const struct x86_decoder *d, unsigned imm, struct x86_insn *insn)
{
    unsigned size = immediate_size(imm, insn);
    uint64_t value = 0;

    if (d->at + size > d->limit)
        return x86_decode_short(d);
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)d->bytes[d->at + i] << (8 * i);
    if (imm == X86_IMM_OFFSET) {
        insn->memory = true;
        insn->mem.displacement = value;
    } else {
        insn->immediate = immediate_extend(imm, size, value);
    }
    return (int)size;
}

/* What a moving SSE opcode does with its mandatory prefix; register to register is nobody's exit. */
static void sse_move_fix(unsigned row, struct x86_insn *insn)
{
    const struct x86_sse_move *move = &x86_sse_moves[row][x86_mandatory(insn->prefixes)];

    if (!move->op || !insn->memory) {
        insn->op = X86_OP_OTHER;
        return;
    }
    insn->op = move->op;
    insn->form = move->op == X86_OP_XMM_LOAD ? X86_FORM_REG_RM : X86_FORM_RM_REG;
    insn->aligned = move->aligned;
    insn->rm_size = move->size != X86_SSE_SIZE_REX ? move->size : insn->rex & 8 ? 8 : 4;
}

/* Opcodes that have no ModRM but name a register, SSE, and those with rules of their own. */
static no_inline int special_decode(enum x86_mode mode, struct x86_opcode opcode, struct x86_insn *insn)
{
    if (opcode.flags & OPF_SSE)
        sse_move_fix(opcode.op, insn);
    if (opcode.flags & OPF_OPREG)
        insn->rm = (insn->opcode & 7) | (insn->rex & 1) << 3;
    return opcode.flags & OPF_FIX ? x86_insn_fix(mode, insn) : 0;
}

/* What instructions without ModRM leave open. */
static always_inline void modrm_clear(const struct x86_decoder *d, struct x86_insn *insn)
{
    insn->modrm = 0;
    insn->reg = 0;
    insn->rm = 0;
    insn->memory = false;
    memory_set(d, X86_REG_NONE, X86_REG_NONE, 0, X86_SEG_DS, insn);
    insn->mem.displacement = 0;
}

/* The immediate's size, or -EAGAIN, -EINVAL. */
static always_inline int immediate_decode(const struct x86_decoder *d, unsigned imm, struct x86_insn *insn)
{
    struct x86_decoder copy;
    int32_t word;

    insn->immediate = 0;
    if (likely(imm == X86_IMM_NONE))
        return 0;
    if (imm == X86_IMM_Z && insn->operand_size != 2 && likely(d->at + sizeof(word) <= d->limit)) {
        memcpy(&word, d->bytes + d->at, sizeof(word));
        insn->immediate = (uint64_t)word;
        return sizeof(word);
    }
    if (imm == X86_IMM_B && likely(d->at < d->limit)) {
        insn->immediate = (uint64_t)(int8_t)d->bytes[d->at];
        return 1;
    }
    copy = *d;
    return any_immediate_decode(&copy, imm, insn);
}

/* From the opcode, whose byte is consumed, to the end. */
static always_inline int opcode_decode(struct x86_decoder *d, struct x86_opcode opcode, struct x86_insn *insn)
{
    int result;

    insn->op = opcode.op;
    insn->form = opcode.form;
    insn->prefixes = d->prefixes;
    insn->rex = d->rex;
    insn->aligned = false;
    sizes_decode(d, opcode.flags, insn);
    if (likely(opcode.flags & OPF_MODRM)) {
        result = modrm_decode(d, opcode.flags, insn);
        if (unlikely(result < 0))
            return result;
    } else {
        modrm_clear(d, insn);
    }
    if (opcode.flags & OPF_GROUP) {
        insn->op = x86_groups[opcode.op][!insn->memory][insn->modrm >> 3 & 7];
        if (unlikely(insn->op == X86_OP_UNDEFINED))
            return -EINVAL;
    }
    if (opcode.flags & (OPF_SSE | OPF_OPREG | OPF_FIX)) {
        result = special_decode(d->mode, opcode, insn);
        if (unlikely(result < 0))
            return result;
    }
    result = immediate_decode(d, opcode.imm, insn);
    if (unlikely(result < 0))
        return result;
    insn->length = d->at + result;
    return 0;
}

static no_inline int any_decode(const uint8_t *bytes, size_t available, enum x86_mode mode,
                                struct x86_insn *insn)
{
    struct x86_decoder d = {bytes, 0, MIN(available, X86_INSN_MAX), mode, 0, 0, X86_SEGS};
    struct x86_opcode opcode;
    int found;

    found = prefixes_decode(&d);
    if (found < 0)
        return found;
    insn->opcode = found;
    insn->map = X86_MAP_ONE;
    opcode = x86_map_one[found];
    if (opcode.flags & OPF_ESCAPE) {
        found = escape_decode(&d, insn, &opcode);
        if (found < 0)
            return found;
    }
    if (opcode.op == X86_OP_UNDEFINED || (mode == X86_MODE_64 && (opcode.flags & OPF_NOT64)))
        return -EINVAL;
    return opcode_decode(&d, opcode, insn);
}

/*
 * Most MMIO is done by 64-bit code with a one-byte opcode and ModRM behind nothing or REX: for it the same
 * code is compiled once more, with much known beforehand.
 */
static always_inline int common_decode(const uint8_t *bytes, unsigned at, unsigned rex, struct x86_insn *insn)
{
    const unsigned common = OPF_MODRM | OPF_BYTE | OPF_GROUP;
    struct x86_decoder d = {bytes, at + 1, X86_INSN_MAX, X86_MODE_64, at ? X86_PREFIX_REX : 0, rex, X86_SEGS};
    struct x86_opcode opcode = x86_map_one[bytes[at]];

    if (unlikely((opcode.flags & (OPF_MODRM | ~common)) != OPF_MODRM || opcode.imm > X86_IMM_Z))
        return any_decode(bytes, X86_INSN_MAX, X86_MODE_64, insn);
    opcode.flags = (opcode.flags & common) | OPF_MODRM;
    insn->opcode = bytes[at];
    insn->map = X86_MAP_ONE;
    return opcode_decode(&d, opcode, insn);
}

int x86_decode(const uint8_t *bytes, size_t available, enum x86_mode mode, struct x86_insn *insn)
{
    if (unlikely(mode != X86_MODE_64 || available < X86_INSN_MAX))
        return any_decode(bytes, available, mode, insn);
    if ((bytes[0] & 0xf0) == 0x40)
        return common_decode(bytes, 1, bytes[0] & 0xf, insn);
    return common_decode(bytes, 0, 0, insn);
}
