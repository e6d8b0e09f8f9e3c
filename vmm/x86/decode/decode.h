/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_DECODE_DECODE_H
#define VMM_X86_DECODE_DECODE_H

/*
 * Instruction decoder for exits on which the CPU does not say what the guest did. Pure: no globals, no
 * hardware, no allocation; the bytes come from the guest and may be anything. AMD APM vol. 3, 1.2
 * (instruction format) and appendix A (opcode maps); Intel SDM vol. 2, chapter 2 and appendix A.
 */

#include "../regs.h"
#include <core/compiler.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer instructions raise #GP on every CPU. */
#define X86_INSN_MAX 15

/* What CS.D and CS.L say, not what CR0 says: real mode is X86_MODE_16. */
enum x86_mode { X86_MODE_16, X86_MODE_32, X86_MODE_64 };

/*
 * Bits of x86_insn.prefixes. Of REP and REPNE only the last one given is set. With EXTENDED, OPERAND, REP and
 * REPNE are what the prefix's pp stands for.
 */
#define X86_PREFIX_LOCK     BIT(0)
#define X86_PREFIX_REP      BIT(1) /* F3 */
#define X86_PREFIX_REPNE    BIT(2) /* F2 */
#define X86_PREFIX_OPERAND  BIT(3) /* 66 */
#define X86_PREFIX_ADDRESS  BIT(4) /* 67 */
#define X86_PREFIX_SEGMENT  BIT(5) /* any of six, even where it has no effect */
#define X86_PREFIX_REX      BIT(6) /* one that counts: it stands right before the opcode */
#define X86_PREFIX_EXTENDED BIT(7) /* VEX, EVEX or XOP */

/* Opcode maps. */
enum x86_map { X86_MAP_ONE, X86_MAP_0F, X86_MAP_0F38, X86_MAP_0F3A, X86_MAP_OTHER };

/*
 * What an instruction does: names for those that x86_emulate() executes, then for those that exits are about,
 * so that a caller can tell whether memory still holds the instruction that exited. The order of the first
 * two groups is that of their opcodes.
 */
enum x86_op {
    X86_OP_UNDEFINED, /* never in a decoded instruction */
    X86_OP_OTHER,
    X86_OP_ADD,
    X86_OP_OR,
    X86_OP_ADC,
    X86_OP_SBB,
    X86_OP_AND,
    X86_OP_SUB,
    X86_OP_XOR,
    X86_OP_CMP,
    X86_OP_ROL,
    X86_OP_ROR,
    X86_OP_RCL,
    X86_OP_RCR,
    X86_OP_SHL,
    X86_OP_SHR,
    X86_OP_SAL, /* the other encoding of SHL */
    X86_OP_SAR,
    X86_OP_TEST,
    X86_OP_NOT,
    X86_OP_NEG,
    X86_OP_INC,
    X86_OP_DEC,
    X86_OP_MOV, /* MOVNTI too */
    X86_OP_MOV_FROM_SEG,
    X86_OP_MOVZX,
    X86_OP_MOVSX, /* MOVSXD too */
    X86_OP_MOVBE,
    X86_OP_XCHG,
    X86_OP_XADD,
    X86_OP_CMPXCHG,
    X86_OP_CMPXCHG_PAIR, /* CMPXCHG8B, CMPXCHG16B */
    X86_OP_BT,
    X86_OP_BTS,
    X86_OP_BTR,
    X86_OP_BTC,
    X86_OP_CMOV,
    X86_OP_SET,
    X86_OP_PUSH,
    X86_OP_POP,
    X86_OP_CALL, /* near, indirect */
    X86_OP_JMP,  /* near, indirect */
    X86_OP_MOVS,
    X86_OP_CMPS,
    X86_OP_STOS,
    X86_OP_LODS,
    X86_OP_SCAS,
    X86_OP_INS,
    X86_OP_OUTS,
    X86_OP_IN,
    X86_OP_OUT,
    X86_OP_HINT, /* CLFLUSH, CLFLUSHOPT, CLWB, CLDEMOTE, PREFETCHx, multi-byte NOP */
    X86_OP_XMM_LOAD,
    X86_OP_XMM_STORE,
    X86_OP_EMULATED_LAST = X86_OP_XMM_STORE,

    X86_OP_MOV_FROM_CR, /* reg is the control register, rm the general one */
    X86_OP_MOV_TO_CR,
    X86_OP_MOV_FROM_DR,
    X86_OP_MOV_TO_DR,
    X86_OP_CLTS,
    X86_OP_LMSW,
    X86_OP_SMSW,
    X86_OP_CPUID,
    X86_OP_RDMSR,
    X86_OP_WRMSR,
    X86_OP_RDTSC,
    X86_OP_RDTSCP,
    X86_OP_RDPMC,
    X86_OP_RDPRU,
    X86_OP_XGETBV,
    X86_OP_XSETBV,
    X86_OP_HLT,
    X86_OP_PAUSE,
    X86_OP_MONITOR,
    X86_OP_MWAIT,
    X86_OP_MONITORX,
    X86_OP_MWAITX,
    X86_OP_INVD,
    X86_OP_WBINVD, /* WBNOINVD too */
    X86_OP_INVLPG,
    X86_OP_INVLPGA,
    X86_OP_INVLPGB,
    X86_OP_TLBSYNC,
    X86_OP_INVPCID,
    X86_OP_SGDT,
    X86_OP_SIDT,
    X86_OP_LGDT,
    X86_OP_LIDT,
    X86_OP_SLDT,
    X86_OP_STR,
    X86_OP_LLDT,
    X86_OP_LTR,
    X86_OP_PUSHF,
    X86_OP_POPF,
    X86_OP_INT,
    X86_OP_INT3,
    X86_OP_INTO,
    X86_OP_INT1, /* ICEBP */
    X86_OP_IRET,
    X86_OP_RSM,
    X86_OP_VMCALL,
    X86_OP_VMMCALL,
    X86_OP_VMRUN,
    X86_OP_VMLOAD,
    X86_OP_VMSAVE,
    X86_OP_STGI,
    X86_OP_CLGI,
    X86_OP_SKINIT,
    X86_OP_VMX, /* any other instruction of VMX */
};

/* Where the operands are. The destination comes first; rm is memory or a register, see x86_insn.memory. */
enum x86_form {
    X86_FORM_NONE,
    X86_FORM_RM,
    X86_FORM_RM_REG,
    X86_FORM_REG_RM,
    X86_FORM_RM_IMM,
    X86_FORM_RM_CL,
    X86_FORM_IMM,    /* IN, OUT: the port; PUSH: the value */
    X86_FORM_STRING, /* [DS:rSI] and [ES:rDI]; mem.segment replaces DS */
};

/* A memory operand: segment:[base + index * 2^scale + displacement], cut to the address size. */
struct x86_memory {
    uint64_t displacement; /* sign-extended; all 64 bits of a moffs */
    uint8_t base;          /* enum x86_reg */
    uint8_t index;
    uint8_t scale;
    uint8_t segment; /* enum x86_seg; 64-bit mode: FS, GS or the default one, whose base counts as zero */
};

struct x86_insn {
    uint8_t length;       /* bytes, 1 to X86_INSN_MAX */
    uint8_t op;           /* enum x86_op */
    uint8_t form;         /* enum x86_form */
    uint8_t operand_size; /* bytes: 1, 2, 4, 8; of a register operand */
    uint8_t rm_size;      /* bytes: 1, 2, 4, 8, 16; of rm; differs for MOVZX, MOVSX, CMPXCHGxB, XMM moves */
    uint8_t address_size; /* bytes: 2, 4, 8 */
    uint8_t prefixes;     /* X86_PREFIX_x */
    uint8_t rex;          /* W R X B as bits 3 to 0, of VEX and its kin too */
    uint8_t map;          /* enum x86_map */
    uint8_t opcode;       /* last opcode byte */
    uint8_t modrm;        /* 0 when there is none */
    uint8_t reg; /* ModRM.reg with REX.R; implied accumulators and opcode registers stand here or in rm */
    uint8_t rm;  /* register with REX.B when !memory */
    bool memory;
    bool aligned;          /* XMM moves that want their operand aligned */
    struct x86_memory mem; /* when memory; of string instructions the segment alone */
    uint64_t immediate; /* sign-extended; ENTER: size | level << 16; far pointers: offset | selector << 32 */
};

/*
 * Decodes the instruction that starts at bytes, of which `available` can be read (0 is allowed, more than 15
 * are not looked at).
 *
 * Lengths are right for every instruction that some CPU defines, legacy, VEX, EVEX and XOP; whether this
 * guest's CPU has it is not judged, nor whether each mandatory prefix of an SSE opcode is. Instructions with
 * VEX, EVEX or XOP are X86_OP_OTHER, 128-bit moves excepted. Near branches with prefix 66 in 64-bit mode are
 * as long as AMD's CPUs make them (Intel's ignore the prefix).
 *
 * Returns 0; -EAGAIN when more bytes are needed to tell (fetch across the page boundary, then call again);
 * -EINVAL for an opcode that nobody defines in this mode and for more than 15 bytes: the CPU raises #UD
 * (#GP). *insn is whole after 0 only. Context: any.
 */
int x86_decode(const uint8_t *bytes, size_t available, enum x86_mode mode, struct x86_insn *insn) must_check;

#endif
