/* SPDX-License-Identifier: BSD-2-Clause */
/* One-byte opcodes: APM vol. 3, tables. */
#include "opcodes.h"

/* The six forms that each of the eight arithmetic operations begins its row with. */
#define ARITHMETIC(first, name)                                              \
    [(first) + 0] = DO(name, RM_REG, NONE, OPF_MODRM | OPF_BYTE),            \
               [(first) + 1] = DO(name, RM_REG, NONE, OPF_MODRM),            \
               [(first) + 2] = DO(name, REG_RM, NONE, OPF_MODRM | OPF_BYTE), \
               [(first) + 3] = DO(name, REG_RM, NONE, OPF_MODRM),            \
               [(first) + 4] = DO(name, RM_IMM, B, OPF_BYTE), [(first) + 5] = DO(name, RM_IMM, Z, 0)

#define PREFIX PLAIN(NONE, OPF_PREFIX)

const struct x86_opcode x86_map_one[256] = {
    ARITHMETIC(0x00, ADD),
    [0x06 ... 0x07] = PLAIN(NONE, OPF_NOT64), /* PUSH, POP ES */
    ARITHMETIC(0x08, OR),
    [0x0e] = PLAIN(NONE, OPF_NOT64), /* PUSH CS */
    [0x0f] = PLAIN(NONE, OPF_ESCAPE),
    ARITHMETIC(0x10, ADC),
    [0x16 ... 0x17] = PLAIN(NONE, OPF_NOT64), /* PUSH, POP SS */
    ARITHMETIC(0x18, SBB),
    [0x1e ... 0x1f] = PLAIN(NONE, OPF_NOT64), /* PUSH, POP DS */
    ARITHMETIC(0x20, AND),
    [0x26] = PREFIX,
    [0x27] = PLAIN(NONE, OPF_NOT64), /* DAA */
    ARITHMETIC(0x28, SUB),
    [0x2e] = PREFIX,
    [0x2f] = PLAIN(NONE, OPF_NOT64), /* DAS */
    ARITHMETIC(0x30, XOR),
    [0x36] = PREFIX,
    [0x37] = PLAIN(NONE, OPF_NOT64), /* AAA */
    ARITHMETIC(0x38, CMP),
    [0x3e] = PREFIX,
    [0x3f] = PLAIN(NONE, OPF_NOT64), /* AAS */

    [0x40 ... 0x47] = DO(INC, RM, NONE, OPF_REX | OPF_OPREG),
    [0x48 ... 0x4f] = DO(DEC, RM, NONE, OPF_REX | OPF_OPREG),
    [0x50 ... 0x57] = DO(PUSH, RM, NONE, OPF_STACK | OPF_OPREG),
    [0x58 ... 0x5f] = DO(POP, RM, NONE, OPF_STACK | OPF_OPREG),
    [0x60 ... 0x61] = PLAIN(NONE, OPF_NOT64),                              /* PUSHA, POPA */
    [0x62] = PLAIN(NONE, OPF_MODRM | OPF_ESCAPE | OPF_NOT64 | OPF_MEMORY), /* BOUND, EVEX */
    [0x63] = MODRM_FIX,                                                    /* ARPL, MOVSXD */
    [0x64 ... 0x67] = PREFIX,
    [0x68] = DO(PUSH, IMM, Z, OPF_STACK),
    [0x69] = PLAIN(Z, OPF_MODRM), /* IMUL */
    [0x6a] = DO(PUSH, IMM, B, OPF_STACK),
    [0x6b] = PLAIN(B, OPF_MODRM), /* IMUL */
    [0x6c] = DO(INS, STRING, NONE, OPF_BYTE),
    [0x6d] = DO(INS, STRING, NONE, OPF_PORT),
    [0x6e] = DO(OUTS, STRING, NONE, OPF_BYTE),
    [0x6f] = DO(OUTS, STRING, NONE, OPF_PORT),
    [0x70 ... 0x7f] = PLAIN(B, 0), /* Jcc */

    [0x80] = GROUP(1, RM_IMM, B, OPF_BYTE),
    [0x81] = GROUP(1, RM_IMM, Z, 0),
    [0x82] = GROUP(1, RM_IMM, B, OPF_BYTE | OPF_NOT64),
    [0x83] = GROUP(1, RM_IMM, B, 0),
    [0x84] = DO(TEST, RM_REG, NONE, OPF_MODRM | OPF_BYTE),
    [0x85] = DO(TEST, RM_REG, NONE, OPF_MODRM),
    [0x86] = DO(XCHG, RM_REG, NONE, OPF_MODRM | OPF_BYTE),
    [0x87] = DO(XCHG, RM_REG, NONE, OPF_MODRM),
    [0x88] = DO(MOV, RM_REG, NONE, OPF_MODRM | OPF_BYTE),
    [0x89] = DO(MOV, RM_REG, NONE, OPF_MODRM),
    [0x8a] = DO(MOV, REG_RM, NONE, OPF_MODRM | OPF_BYTE),
    [0x8b] = DO(MOV, REG_RM, NONE, OPF_MODRM),
    [0x8c] = GROUP(MOV_FROM_SEG, RM_REG, NONE, 0),
    [0x8d] = PLAIN(NONE, OPF_MODRM | OPF_MEMORY), /* LEA */
    [0x8e] = GROUP(MOV_TO_SEG, REG_RM, NONE, 0),
    [0x8f] = GROUP(1A, RM, NONE, OPF_STACK | OPF_ESCAPE), /* POP, XOP */
    [0x90] = DO(XCHG, RM_REG, NONE, OPF_OPREG | OPF_FIX), /* NOP, PAUSE */
    [0x91 ... 0x97] = DO(XCHG, RM_REG, NONE, OPF_OPREG),
    [0x98 ... 0x99] = PLAIN(NONE, 0), /* CBW, CWD */
    [0x9a] = PLAIN(FAR, OPF_NOT64),
    [0x9b] = PLAIN(NONE, 0), /* WAIT */
    [0x9c] = DO(PUSHF, NONE, NONE, OPF_STACK),
    [0x9d] = DO(POPF, NONE, NONE, OPF_STACK),
    [0x9e ... 0x9f] = PLAIN(NONE, 0), /* SAHF, LAHF */
    [0xa0] = DO(MOV, REG_RM, OFFSET, OPF_BYTE),
    [0xa1] = DO(MOV, REG_RM, OFFSET, 0),
    [0xa2] = DO(MOV, RM_REG, OFFSET, OPF_BYTE),
    [0xa3] = DO(MOV, RM_REG, OFFSET, 0),
    [0xa4] = DO(MOVS, STRING, NONE, OPF_BYTE),
    [0xa5] = DO(MOVS, STRING, NONE, 0),
    [0xa6] = DO(CMPS, STRING, NONE, OPF_BYTE),
    [0xa7] = DO(CMPS, STRING, NONE, 0),
    [0xa8] = DO(TEST, RM_IMM, B, OPF_BYTE),
    [0xa9] = DO(TEST, RM_IMM, Z, 0),
    [0xaa] = DO(STOS, STRING, NONE, OPF_BYTE),
    [0xab] = DO(STOS, STRING, NONE, 0),
    [0xac] = DO(LODS, STRING, NONE, OPF_BYTE),
    [0xad] = DO(LODS, STRING, NONE, 0),
    [0xae] = DO(SCAS, STRING, NONE, OPF_BYTE),
    [0xaf] = DO(SCAS, STRING, NONE, 0),
    [0xb0 ... 0xb7] = DO(MOV, RM_IMM, B, OPF_OPREG | OPF_BYTE),
    [0xb8 ... 0xbf] = DO(MOV, RM_IMM, V, OPF_OPREG),

    [0xc0] = GROUP(2, RM_IMM, UB, OPF_BYTE),
    [0xc1] = GROUP(2, RM_IMM, UB, 0),
    [0xc2] = PLAIN(W, 0), /* RET */
    [0xc3] = PLAIN(NONE, 0),
    [0xc4 ... 0xc5] = PLAIN(NONE, OPF_MODRM | OPF_ESCAPE | OPF_NOT64 | OPF_MEMORY), /* LES, LDS, VEX */
    [0xc6] = GROUP(11, RM_IMM, B, OPF_BYTE),
    [0xc7] = GROUP(11, RM_IMM, Z, 0),
    [0xc8] = PLAIN(ENTER, OPF_STACK),
    [0xc9] = PLAIN(NONE, OPF_STACK), /* LEAVE */
    [0xca] = PLAIN(W, 0),            /* RETF */
    [0xcb] = PLAIN(NONE, 0),
    [0xcc] = DO(INT3, NONE, NONE, 0),
    [0xcd] = DO(INT, IMM, UB, 0),
    [0xce] = DO(INTO, NONE, NONE, OPF_NOT64),
    [0xcf] = DO(IRET, NONE, NONE, 0),
    [0xd0] = GROUP(2, RM, NONE, OPF_BYTE), /* by one */
    [0xd1] = GROUP(2, RM, NONE, 0),
    [0xd2] = GROUP(2, RM_CL, NONE, OPF_BYTE),
    [0xd3] = GROUP(2, RM_CL, NONE, 0),
    [0xd4 ... 0xd5] = PLAIN(UB, OPF_NOT64), /* AAM, AAD */
    [0xd6] = PLAIN(NONE, OPF_NOT64),        /* SALC */
    [0xd7] = PLAIN(NONE, 0),                /* XLAT */
    [0xd8 ... 0xdf] = MODRM,                /* x87 */
    [0xe0 ... 0xe3] = PLAIN(B, 0),          /* LOOP, JCXZ */
    [0xe4] = DO(IN, IMM, UB, OPF_BYTE),
    [0xe5] = DO(IN, IMM, UB, OPF_PORT),
    [0xe6] = DO(OUT, IMM, UB, OPF_BYTE),
    [0xe7] = DO(OUT, IMM, UB, OPF_PORT),
    [0xe8 ... 0xe9] = PLAIN(Z, OPF_STACK), /* CALL, JMP */
    [0xea] = PLAIN(FAR, OPF_NOT64),
    [0xeb] = PLAIN(B, OPF_STACK),
    [0xec] = DO(IN, NONE, NONE, OPF_BYTE),
    [0xed] = DO(IN, NONE, NONE, OPF_PORT),
    [0xee] = DO(OUT, NONE, NONE, OPF_BYTE),
    [0xef] = DO(OUT, NONE, NONE, OPF_PORT),
    [0xf0] = PREFIX,
    [0xf1] = DO(INT1, NONE, NONE, 0),
    [0xf2 ... 0xf3] = PREFIX,
    [0xf4] = DO(HLT, NONE, NONE, 0),
    [0xf5] = PLAIN(NONE, 0), /* CMC */
    [0xf6] = GROUP(3, RM, TEST_B, OPF_BYTE),
    [0xf7] = GROUP(3, RM, TEST_Z, 0),
    [0xf8 ... 0xfd] = PLAIN(NONE, 0), /* CLC, STC, CLI, STI, CLD, STD */
    [0xfe] = GROUP(4, RM, NONE, OPF_BYTE),
    [0xff] = GROUP(5, RM, NONE, OPF_FIX),
};
