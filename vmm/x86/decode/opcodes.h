/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_DECODE_OPCODES_H
#define VMM_X86_DECODE_OPCODES_H

/* The tables behind x86_decode(): 4 bytes per opcode; an entry that is not named is undefined. */

#include <errno.h>

#include "decode.h"

/* What follows ModRM and displacement. "z": 2 or 4 bytes by operand size, "v": up to 8. */
enum x86_imm {
    X86_IMM_NONE,
    X86_IMM_B,  /* sign-extended byte */
    X86_IMM_UB, /* byte */
    X86_IMM_W,  /* 2 bytes */
    X86_IMM_Z,
    X86_IMM_V,
    X86_IMM_ENTER,  /* 2 bytes and a byte */
    X86_IMM_FAR,    /* z and 2 bytes */
    X86_IMM_OFFSET, /* moffs: as many bytes as an address has */
    X86_IMM_TEST_B, /* group 3: B for TEST, none for the others */
    X86_IMM_TEST_Z,
    X86_IMM_SSE4A, /* EXTRQ, INSERTQ: 2 bytes with 66 or F2 */
};

/* Bits of x86_opcode.flags. */
#define OPF_MODRM   BIT(0)
#define OPF_BYTE    BIT(1) /* operands are bytes */
#define OPF_NOT64   BIT(2) /* undefined in 64-bit mode */
#define OPF_STACK   BIT(3) /* 64-bit mode: the operand size is 8 unless 66 makes it 2 */
#define OPF_GROUP   BIT(4) /* op indexes x86_groups */
#define OPF_SSE     BIT(5) /* op indexes x86_sse_moves */
#define OPF_PREFIX  BIT(6)
#define OPF_REX     BIT(7)  /* a prefix in 64-bit mode, an opcode elsewhere */
#define OPF_ESCAPE  BIT(8)  /* selects another map, always or sometimes */
#define OPF_PORT    BIT(9)  /* operands have at most 4 bytes */
#define OPF_REGONLY BIT(10) /* ModRM names registers whatever its mod says */
#define OPF_OPREG   BIT(11) /* the opcode's low bits name rm (with REX.B) */
#define OPF_RM8     BIT(12) /* rm is a byte, whatever the operand size */
#define OPF_RM16    BIT(13) /* rm has 2 bytes */
#define OPF_MEMORY  BIT(14) /* undefined with a register rm */
#define OPF_FIX     BIT(15) /* has a rule of its own in fix.c */

struct x86_opcode {
    uint8_t op; /* enum x86_op, or an index by OPF_GROUP, OPF_SSE */
    uint8_t form : 4;
    uint8_t imm : 4;
    uint16_t flags;
};

#define OPCODE(op_, form_, imm_, flags_) {(op_), X86_FORM_##form_, X86_IMM_##imm_, (flags_)}
#define DO(name, form_, imm_, flags_)    OPCODE(X86_OP_##name, form_, imm_, flags_)
#define GROUP(name, form_, imm_, flags_) \
    OPCODE(X86_GROUP_##name, form_, imm_, OPF_MODRM | OPF_GROUP | (flags_))
#define PLAIN(imm_, flags_) DO(OTHER, NONE, imm_, flags_)
#define MODRM               PLAIN(NONE, OPF_MODRM)
#define MODRM_FIX           PLAIN(NONE, OPF_MODRM | OPF_FIX)
#define MODRM_IMM           PLAIN(UB, OPF_MODRM)

extern const struct x86_opcode x86_map_one[256];
extern const struct x86_opcode x86_map_0f[256];
extern const struct x86_opcode x86_map_0f38[256];
extern const struct x86_opcode x86_map_0f3a[256];

/* Opcodes that ModRM.reg extends; numbers as in the manuals. */
enum x86_group {
    X86_GROUP_1 = 1, /* an entry's op is never 0 */
    X86_GROUP_1A,
    X86_GROUP_2,
    X86_GROUP_3,
    X86_GROUP_4,
    X86_GROUP_5,
    X86_GROUP_6,
    X86_GROUP_7,
    X86_GROUP_8,
    X86_GROUP_9,
    X86_GROUP_11,
    X86_GROUP_15,
    X86_GROUP_MOV_FROM_SEG,
    X86_GROUP_MOV_TO_SEG,
    X86_GROUP_MOV_FROM_CR,
    X86_GROUP_MOV_TO_CR,
    X86_GROUPS,
};

/* enum x86_op by group, rm is a register, ModRM.reg. */
extern const uint8_t x86_groups[X86_GROUPS][2][8];
/* enum x86_op of 0F 01 with a register rm, by the low six bits of ModRM. */
extern const uint8_t x86_group_7_registers[64];

/* SSE moves by mandatory prefix: none, 66, F3, F2. */
struct x86_sse_move {
    uint8_t op; /* 0: nothing that is emulated */
    uint8_t size : 7;
    uint8_t aligned : 1;
};

enum x86_sse_row {
    X86_SSE_LOAD = 1,     /* 0F 10 */
    X86_SSE_STORE,        /* 0F 11 */
    X86_SSE_LOAD_ALIGNED, /* 0F 28 */
    X86_SSE_STORE_ALIGNED,
    X86_SSE_LOAD_INT, /* 0F 6F */
    X86_SSE_STORE_INT,
    X86_SSE_LOAD_GPR,  /* 0F 6E */
    X86_SSE_STORE_GPR, /* 0F 7E */
    X86_SSE_STORE_LOW, /* 0F D6 */
    X86_SSE_STORE_NT,  /* 0F E7 */
    X86_SSE_LDDQU,     /* 0F F0 */
    X86_SSE_LOAD_NT,   /* 0F 38 2A */
    X86_SSE_ROWS,
};

#define X86_SSE_SIZE_REX 0x7f /* 4 bytes, 8 with REX.W */

extern const struct x86_sse_move x86_sse_moves[X86_SSE_ROWS][4];

/* What one decoding has so far. Lives in registers: who takes its address takes that of a copy. */
struct x86_decoder {
    const uint8_t *bytes;
    unsigned at;    /* bytes consumed */
    unsigned limit; /* bytes that may be looked at */
    unsigned mode;
    unsigned prefixes;
    unsigned rex;
    unsigned segment; /* of an override that has effect, else X86_SEGS */
};

/* Bytes ran out: there may be more, or there cannot be. */
static inline int x86_decode_short(const struct x86_decoder *d)
{
    return d->limit < X86_INSN_MAX ? -EAGAIN : -EINVAL;
}

/* Index of x86_sse_move by prefix. F3 and F2 win over 66. */
static inline unsigned x86_mandatory(unsigned prefixes)
{
    return prefixes & X86_PREFIX_REP       ? 2
           : prefixes & X86_PREFIX_REPNE   ? 3
           : prefixes & X86_PREFIX_OPERAND ? 1
                                           : 0;
}

/*
 * The prefix whose first byte, C4, C5, 62 or 8F, was just consumed. 1: it is one; *opcode is what it leads
 * to, whose byte is consumed and in insn->opcode; rex, map and prefixes are set. 0: it is no prefix here.
 * Negative as x86_decode().
 */
int x86_extended_decode(struct x86_decoder *d, uint8_t first, struct x86_insn *insn,
                        struct x86_opcode *opcode);

/* For OPF_FIX, when all but the immediate is known. 0 or -EINVAL. */
int x86_insn_fix(enum x86_mode mode, struct x86_insn *insn);

#endif
