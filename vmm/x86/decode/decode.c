/* SPDX-License-Identifier: BSD-2-Clause */
/* Prefixes, opcode, ModRM, immediate: what every instruction goes through. */
#include "decode.h"

#include <string.h>

#include "opcodes.h"

static void prefix_apply(struct x86_decoder *d, uint8_t byte, struct x86_insn *insn)
{
    switch (byte) {
    case 0xf0:
        insn->prefixes |= X86_PREFIX_LOCK;
        return;
    case 0xf2:
        insn->prefixes = (insn->prefixes & ~X86_PREFIX_REP) | X86_PREFIX_REPNE;
        return;
    case 0xf3:
        insn->prefixes = (insn->prefixes & ~X86_PREFIX_REPNE) | X86_PREFIX_REP;
        return;
    case 0x66:
        insn->prefixes |= X86_PREFIX_OPERAND;
        return;
    case 0x67:
        insn->prefixes |= X86_PREFIX_ADDRESS;
        return;
    case 0x64:
    case 0x65:
        d->segment = byte - 0x64 + X86_SEG_FS;
        break;
    default: /* 26, 2E, 36, 3E; without effect in 64-bit mode, where an FS or GS before stays in force */
        if (d->mode != X86_MODE_64)
            d->segment = (byte - 0x26) >> 3;
        break;
    }
    insn->prefixes |= X86_PREFIX_SEGMENT;
}

/* The first byte that is not a prefix. A REX byte counts only when nothing but the opcode follows. */
static inline int prefixes_decode(struct x86_decoder *d, struct x86_insn *insn)
{
    while (d->at < d->limit) {
        uint8_t byte = d->bytes[d->at++];
        unsigned flags = x86_map_one[byte].flags;

        if (likely(!(flags & (OPF_PREFIX | OPF_REX))))
            return byte;
        insn->rex = 0;
        insn->prefixes &= ~X86_PREFIX_REX;
        if (flags & OPF_PREFIX) {
            prefix_apply(d, byte, insn);
        } else if (d->mode == X86_MODE_64) {
            insn->rex = byte & 0xf;
            insn->prefixes |= X86_PREFIX_REX;
        } else {
            return byte;
        }
    }
    return x86_decode_short(d);
}

/* From the byte 0F to the entry; insn->opcode and map are set. */
static int map_0f_decode(struct x86_decoder *d, struct x86_insn *insn, struct x86_opcode *opcode)
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

static no_inline int escape_decode(struct x86_decoder *d, struct x86_insn *insn, struct x86_opcode *opcode)
{
    int found;

    if (insn->opcode == 0x0f)
        return map_0f_decode(d, insn, opcode);
    found = x86_extended_decode(d, insn->opcode, insn, opcode);
    return found < 0 ? found : 0;
}

static inline void sizes_decode(struct x86_decoder *d, unsigned flags, struct x86_insn *insn)
{
    bool other_operand = insn->prefixes & X86_PREFIX_OPERAND;
    bool other_address = insn->prefixes & X86_PREFIX_ADDRESS;

    if (likely(d->mode == X86_MODE_64)) {
        insn->operand_size = other_operand ? 2 : flags & OPF_STACK ? 8 : 4;
        if (insn->rex & 8)
            insn->operand_size = 8;
        insn->address_size = other_address ? 4 : 8;
    } else {
        insn->operand_size = (d->mode == X86_MODE_32) != other_operand ? 4 : 2;
        insn->address_size = (d->mode == X86_MODE_32) != other_address ? 4 : 2;
    }
    if (flags & OPF_BYTE)
        insn->operand_size = 1;
    if ((flags & OPF_PORT) && insn->operand_size == 8)
        insn->operand_size = 4;
    insn->rm_size = flags & OPF_RM8 ? 1 : flags & OPF_RM16 ? 2 : insn->operand_size;
}

/* The displacement of size bytes; the segment when no prefix chose one. */
static inline int displacement_decode(struct x86_decoder *d, unsigned size, struct x86_insn *insn)
{
    const uint8_t *from = d->bytes + d->at;

    if (unlikely(d->at + size > d->limit))
        return x86_decode_short(d);
    d->at += size;
    if (size == 1) {
        insn->mem.displacement = (uint64_t)(int8_t)from[0];
    } else if (size == 4) {
        int32_t value;

        memcpy(&value, from, sizeof(value));
        insn->mem.displacement = (uint64_t)value;
    } else if (size == 2) {
        insn->mem.displacement = (uint64_t)(int16_t)(from[0] | from[1] << 8);
    }
    if (d->segment != X86_SEGS)
        insn->mem.segment = d->segment;
    return 0;
}

/* 16-bit addressing: APM vol. 3, table A-32. */
static int memory16_decode(struct x86_decoder *d, struct x86_insn *insn)
{
    static const uint8_t bases[8] = {X86_RBX, X86_RBX, X86_RBP, X86_RBP, X86_RSI, X86_RDI, X86_RBP, X86_RBX};
    static const uint8_t indexes[4] = {X86_RSI, X86_RDI, X86_RSI, X86_RDI};
    static const uint8_t sizes[3] = {0, 1, 2};
    unsigned mod = insn->modrm >> 6, rm = insn->modrm & 7, size = sizes[mod];

    insn->mem.base = bases[rm];
    if (rm < 4)
        insn->mem.index = indexes[rm];
    if (mod == 0 && rm == 6) {
        insn->mem.base = X86_REG_NONE;
        size = 2;
    }
    insn->mem.segment = insn->mem.base == X86_RBP ? X86_SEG_SS : X86_SEG_DS;
    return displacement_decode(d, size, insn);
}

/* 32- and 64-bit addressing: APM vol. 3, tables. */
static inline int memory_decode(struct x86_decoder *d, struct x86_insn *insn)
{
    static const uint8_t sizes[3] = {0, 1, 4};
    unsigned mod = insn->modrm >> 6, base = insn->modrm & 7, size = sizes[mod];
    bool sib = base == 4;

    if (sib) {
        uint8_t byte, index;

        if (d->at >= d->limit)
            return x86_decode_short(d);
        byte = d->bytes[d->at++];
        index = (byte >> 3 & 7) | (insn->rex & 2) << 2;
        if (index != X86_RSP)
            insn->mem.index = index;
        insn->mem.scale = byte >> 6;
        base = byte & 7;
    }
    if (base == 5 && mod == 0) {
        insn->mem.base = !sib && d->mode == X86_MODE_64 ? X86_REG_RIP : X86_REG_NONE;
        size = 4;
    } else {
        insn->mem.base = base | (insn->rex & 1) << 3;
    }
    insn->mem.segment = (insn->mem.base & ~1U) == X86_RSP ? X86_SEG_SS : X86_SEG_DS;
    return displacement_decode(d, size, insn);
}

static inline int modrm_decode(struct x86_decoder *d, unsigned flags, struct x86_insn *insn)
{
    if (d->at >= d->limit)
        return x86_decode_short(d);
    insn->modrm = d->bytes[d->at++];
    insn->reg = (insn->modrm >> 3 & 7) | (insn->rex & 4) << 1;
    if (insn->modrm >= 0xc0 || (flags & OPF_REGONLY)) {
        insn->rm = (insn->modrm & 7) | (insn->rex & 1) << 3;
        return flags & OPF_MEMORY ? -EINVAL : 0;
    }
    insn->memory = true;
    return unlikely(insn->address_size == 2) ? memory16_decode(d, insn) : memory_decode(d, insn);
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

static int immediate_decode(struct x86_decoder *d, unsigned imm, struct x86_insn *insn)
{
    unsigned size = immediate_size(imm, insn);
    uint64_t value = 0;

    if (d->at + size > d->limit)
        return x86_decode_short(d);
    if (size == 4) { /* the usual one */
        uint32_t word;

        memcpy(&word, d->bytes + d->at, sizeof(word));
        value = word;
    } else {
        for (unsigned i = 0; i < size; i++)
            value |= (uint64_t)d->bytes[d->at + i] << (8 * i);
    }
    d->at += size;
    if (imm == X86_IMM_OFFSET) {
        insn->memory = true;
        insn->mem.displacement = value;
        insn->mem.segment = d->segment != X86_SEGS ? d->segment : X86_SEG_DS;
    } else {
        insn->immediate = immediate_extend(imm, size, value);
    }
    return 0;
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

/* Opcodes that take their operation from elsewhere, or have no ModRM but name a register or a segment. */
static no_inline int special_decode(struct x86_decoder *d, struct x86_opcode opcode, struct x86_insn *insn)
{
    if (opcode.flags & OPF_GROUP) {
        insn->op = x86_groups[opcode.op][!insn->memory][insn->modrm >> 3 & 7];
        if (insn->op == X86_OP_UNDEFINED)
            return -EINVAL;
    }
    if (opcode.flags & OPF_SSE)
        sse_move_fix(opcode.op, insn);
    if (opcode.flags & OPF_OPREG)
        insn->rm = (insn->opcode & 7) | (insn->rex & 1) << 3;
    return opcode.flags & OPF_FIX ? x86_insn_fix(d, insn) : 0;
}

static inline void insn_clear(struct x86_insn *insn)
{
    memset(insn, 0, sizeof(*insn));
    insn->mem.base = X86_REG_NONE;
    insn->mem.index = X86_REG_NONE;
    insn->mem.segment = X86_SEG_DS;
}

int x86_decode(const uint8_t *bytes, size_t available, enum x86_mode mode, struct x86_insn *insn)
{
    struct x86_decoder d = {bytes, 0, MIN(available, X86_INSN_MAX), mode, X86_SEGS};
    struct x86_opcode opcode;
    int byte, error;

    insn_clear(insn);
    byte = prefixes_decode(&d, insn);
    if (unlikely(byte < 0))
        return byte;
    insn->opcode = byte;
    opcode = x86_map_one[byte];
    if (opcode.flags & OPF_ESCAPE) {
        error = escape_decode(&d, insn, &opcode);
        if (error)
            return error;
    }
    if (opcode.op == X86_OP_UNDEFINED && !(opcode.flags & (OPF_GROUP | OPF_SSE)))
        return -EINVAL;
    if (mode == X86_MODE_64 && (opcode.flags & OPF_NOT64))
        return -EINVAL;
    insn->op = opcode.op;
    insn->form = opcode.form;
    sizes_decode(&d, opcode.flags, insn);
    if (likely(opcode.flags & OPF_MODRM)) {
        error = modrm_decode(&d, opcode.flags, insn);
        if (error)
            return error;
    }
    if (opcode.flags & (OPF_GROUP | OPF_SSE | OPF_OPREG | OPF_FIX)) {
        error = special_decode(&d, opcode, insn);
        if (error)
            return error;
    }
    if (opcode.imm != X86_IMM_NONE) {
        error = immediate_decode(&d, opcode.imm, insn);
        if (error)
            return error;
    }
    if (insn->form == X86_FORM_STRING && d.segment != X86_SEGS)
        insn->mem.segment = d.segment;
    insn->length = d.at;
    return 0;
}
