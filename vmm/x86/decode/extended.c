/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VEX (C4, C5), EVEX (62) and XOP (8F) prefixes: lengths, and 128-bit moves with VEX.
 * APM vol. 3, 1.2.7 to 1.2.9 (VEX, XOP); SDM vol. 2, 2.3 (VEX) and 2.7 (EVEX).
 */
#include "opcodes.h"

/* What mmmmm says beyond enum x86_map. */
#define MAP_FP16_LOW  5
#define MAP_FP16_HIGH 6
#define MAP_XOP_IMM   8
#define MAP_XOP       9
#define MAP_XOP_IMM32 10

static bool is_extended(const struct x86_decoder *d, uint8_t first)
{
    uint8_t next = d->bytes[d->at];

    if (first == 0x8f) /* else POP, whose ModRM has 0 there */
        return (next & 0x1f) >= MAP_XOP_IMM;
    /* Other modes: LES, LDS and BOUND take memory only. */
    return d->mode == X86_MODE_64 || next >= 0xc0;
}

static unsigned payload_size(uint8_t first)
{
    return first == 0xc5 ? 1 : first == 0x62 ? 3 : 2;
}

/* Which immediate follows, by map and opcode; all but VZEROUPPER and VZEROALL have ModRM. Negative: no such
 * map. */
static int immediate_of(uint8_t first, unsigned map, uint8_t opcode)
{
    switch (map) {
    case X86_MAP_0F:
        return (opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 || (opcode >= 0xc4 && opcode <= 0xc6)
                   ? X86_IMM_UB
                   : X86_IMM_NONE;
    case X86_MAP_0F38:
        return X86_IMM_NONE;
    case X86_MAP_0F3A:
        return X86_IMM_UB;
    case MAP_FP16_LOW:
    case MAP_FP16_HIGH:
        return first == 0x62 ? X86_IMM_NONE : -EINVAL;
    case MAP_XOP_IMM:
        return first == 0x8f ? X86_IMM_UB : -EINVAL;
    case MAP_XOP:
        return first == 0x8f ? X86_IMM_NONE : -EINVAL;
    case MAP_XOP_IMM32:
        return first == 0x8f ? X86_IMM_Z : -EINVAL;
    default:
        return -EINVAL;
    }
}

/* pp stands for the prefix that the SSE instruction would have. */
static unsigned mandatory_of(unsigned pp)
{
    static const uint8_t prefixes[4] = {0, X86_PREFIX_OPERAND, X86_PREFIX_REP, X86_PREFIX_REPNE};

    return prefixes[pp];
}

/* The entry for a 128-bit move: VEX, L clear, vvvv unused. Others are moved over unread. */
static struct x86_opcode opcode_of(uint8_t first, uint8_t last, int imm, const struct x86_insn *insn)
{
    const struct x86_opcode *map = insn->map == X86_MAP_0F ? x86_map_0f : x86_map_0f38;
    bool vex = first == 0xc4 || first == 0xc5;

    if (vex && insn->map <= X86_MAP_0F38 && (map[insn->opcode].flags & OPF_SSE) && (last & 0x7c) == 0x78)
        return map[insn->opcode];
    if (vex && insn->map == X86_MAP_0F && insn->opcode == 0x77)
        return (struct x86_opcode){X86_OP_OTHER, X86_FORM_NONE, X86_IMM_NONE, 0};
    return (struct x86_opcode){X86_OP_OTHER, X86_FORM_NONE, imm, OPF_MODRM};
}

int x86_extended_decode(struct x86_decoder *d, uint8_t first, struct x86_insn *insn,
                        struct x86_opcode *opcode)
{
    const unsigned forbidden =
        X86_PREFIX_LOCK | X86_PREFIX_REP | X86_PREFIX_REPNE | X86_PREFIX_OPERAND | X86_PREFIX_REX;
    const uint8_t *payload = d->bytes + d->at;
    unsigned size = payload_size(first), map = X86_MAP_0F;
    uint8_t last; /* W vvvv L pp, or R vvvv L pp of C5 */
    int imm;

    if (d->at >= d->limit)
        return x86_decode_short(d);
    if (!is_extended(d, first))
        return 0;
    if (d->prefixes & forbidden)
        return -EINVAL;
    if (d->at + size + 1 > d->limit)
        return x86_decode_short(d);
    last = payload[first == 0x62 ? 1 : size - 1];
    d->rex = ~payload[0] >> 5 & 4;
    if (first != 0xc5) {
        map = payload[0] & (first == 0x62 ? 0x7 : 0x1f);
        d->rex = (~payload[0] >> 5 & 7) | (last >> 4 & 8);
    }
    if (d->mode != X86_MODE_64)
        d->rex = 0; /* eight registers, and W does not count for general ones */
    insn->opcode = payload[size];
    d->at += size + 1;
    imm = immediate_of(first, map, insn->opcode);
    if (imm < 0)
        return imm;
    insn->map = map <= X86_MAP_0F3A ? map : X86_MAP_OTHER;
    d->prefixes |= X86_PREFIX_EXTENDED | mandatory_of(last & 3);
    *opcode = opcode_of(first, last, imm, insn);
    return 1;
}
