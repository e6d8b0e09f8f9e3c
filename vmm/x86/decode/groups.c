/* SPDX-License-Identifier: BSD-2-Clause */
/* Opcodes that ModRM or a mandatory prefix completes: APM vol. 3, tables; SDM vol. 2, table A-6.
 */
#include "opcodes.h"

#define OP(name) X86_OP_##name
#define NONE     X86_OP_UNDEFINED
/* The same for memory and registers. */
#define BOTH(...)       \
    {                   \
        {__VA_ARGS__},  \
        {               \
            __VA_ARGS__ \
        }               \
    }

#define CR_GROUP(op) BOTH(op, NONE, op, op, op, NONE, NONE, NONE)

const uint8_t x86_groups[X86_GROUPS][2][8] = {
    [X86_GROUP_1] = BOTH(OP(ADD), OP(OR), OP(ADC), OP(SBB), OP(AND), OP(SUB), OP(XOR), OP(CMP)),
    [X86_GROUP_1A] = BOTH(OP(POP)),
    [X86_GROUP_2] = BOTH(OP(ROL), OP(ROR), OP(RCL), OP(RCR), OP(SHL), OP(SHR), OP(SAL), OP(SAR)),
    [X86_GROUP_3] = BOTH(OP(TEST), OP(TEST), OP(NOT), OP(NEG), OP(OTHER), OP(OTHER), OP(OTHER), OP(OTHER)),
    [X86_GROUP_4] = BOTH(OP(INC), OP(DEC)),
    /* 3 and 5: far, through memory only */
    [X86_GROUP_5] = {{OP(INC), OP(DEC), OP(CALL), OP(OTHER), OP(JMP), OP(OTHER), OP(PUSH), NONE},
                     {OP(INC), OP(DEC), OP(CALL), NONE, OP(JMP), NONE, OP(PUSH), NONE}},
    [X86_GROUP_6] = BOTH(OP(SLDT), OP(STR), OP(LLDT), OP(LTR), OP(OTHER), OP(OTHER), NONE, NONE),
    /* Registers: x86_group_7_registers. Memory 5: RSTORSSP. */
    [X86_GROUP_7] = {{OP(SGDT), OP(SIDT), OP(LGDT), OP(LIDT), OP(SMSW), OP(OTHER), OP(LMSW), OP(INVLPG)},
                     {OP(OTHER), OP(OTHER), OP(OTHER), OP(OTHER), OP(SMSW), OP(OTHER), OP(LMSW), OP(OTHER)}},
    [X86_GROUP_8] = BOTH(NONE, NONE, NONE, NONE, OP(BT), OP(BTS), OP(BTR), OP(BTC)),
    /* Memory: CMPXCHG8B, XRSTORS, XSAVEC, XSAVES, VMPTRLD and kin, VMPTRST. Registers: RDRAND, RDSEED, RDPID.
     */
    [X86_GROUP_9] = {{NONE, OP(CMPXCHG_PAIR), NONE, OP(OTHER), OP(OTHER), OP(OTHER), OP(VMX), OP(VMX)},
                     {NONE, NONE, NONE, NONE, NONE, NONE, OP(OTHER), OP(OTHER)}},
    /* Registers 7: XABORT, XBEGIN. */
    [X86_GROUP_11] = {{OP(MOV)}, {OP(MOV), NONE, NONE, NONE, NONE, NONE, NONE, OP(OTHER)}},
    /* FXSAVE, FXRSTOR, LDMXCSR, STMXCSR, XSAVE, XRSTOR, XSAVEOPT and CLWB, CLFLUSH; fences, FSGSBASE,
       waiting. */
    [X86_GROUP_15] =
        BOTH(OP(OTHER), OP(OTHER), OP(OTHER), OP(OTHER), OP(OTHER), OP(OTHER), OP(OTHER), OP(OTHER)),
    [X86_GROUP_MOV_FROM_SEG] = BOTH(OP(MOV_FROM_SEG), OP(MOV_FROM_SEG), OP(MOV_FROM_SEG), OP(MOV_FROM_SEG),
                                    OP(MOV_FROM_SEG), OP(MOV_FROM_SEG)),
    [X86_GROUP_MOV_TO_SEG] = BOTH(OP(OTHER), NONE, OP(OTHER), OP(OTHER), OP(OTHER), OP(OTHER)),
    [X86_GROUP_MOV_FROM_CR] = CR_GROUP(OP(MOV_FROM_CR)),
    [X86_GROUP_MOV_TO_CR] = CR_GROUP(OP(MOV_TO_CR)),
};

const uint8_t x86_group_7_registers[64] = {
    [0x00] = OP(OTHER),                                     /* ENCLV */
    [0x01] = OP(VMCALL),         [0x02 ... 0x04] = OP(VMX), /* VMLAUNCH, VMRESUME, VMXOFF */
    [0x05] = OP(OTHER),                                     /* PCONFIG */
    [0x06] = OP(OTHER),                                     /* WRMSRNS, RDMSRLIST, WRMSRLIST */
    [0x08] = OP(MONITOR),        [0x09] = OP(MWAIT),        [0x0a ... 0x0b] = OP(OTHER), /* CLAC, STAC */
    [0x0c ... 0x0f] = OP(OTHER),                                              /* TDX, SEAM, ENCLS */
    [0x10] = OP(XGETBV),         [0x11] = OP(XSETBV),       [0x14] = OP(VMX), /* VMFUNC */
    [0x15 ... 0x17] = OP(OTHER),                                              /* XEND, XTEST, ENCLU */
    [0x18] = OP(VMRUN),          [0x19] = OP(VMMCALL),      [0x1a] = OP(VMLOAD),
    [0x1b] = OP(VMSAVE),         [0x1c] = OP(STGI),         [0x1d] = OP(CLGI),
    [0x1e] = OP(SKINIT),         [0x1f] = OP(INVLPGA),      [0x20 ... 0x27] = OP(SMSW),
    [0x28 ... 0x2f] = OP(OTHER), /* SETSSBSY, SAVEPREVSSP, UIRET, TESTUI, CLUI, STUI, RDPKRU, WRPKRU */
    [0x30 ... 0x37] = OP(LMSW),  [0x38] = OP(OTHER), /* SWAPGS */
    [0x39] = OP(RDTSCP),         [0x3a] = OP(MONITORX),     [0x3b] = OP(MWAITX),
    [0x3c] = OP(OTHER),                                /* CLZERO */
    [0x3d] = OP(RDPRU),          [0x3e] = OP(INVLPGB), /* RMPADJUST, RMPUPDATE */
    [0x3f] = OP(TLBSYNC),                              /* PSMASH, PVALIDATE */
};

#define LOAD(size)    {OP(XMM_LOAD), (size), 0}
#define STORE(size)   {OP(XMM_STORE), (size), 0}
#define LOAD_ALIGNED  {OP(XMM_LOAD), 16, 1}
#define STORE_ALIGNED {OP(XMM_STORE), 16, 1}

const struct x86_sse_move x86_sse_moves[X86_SSE_ROWS][4] = {
    /* none, 66, F3, F2 */
    [X86_SSE_LOAD] = {LOAD(16), LOAD(16), LOAD(4), LOAD(8)},
    [X86_SSE_STORE] = {STORE(16), STORE(16), STORE(4), STORE(8)},
    [X86_SSE_LOAD_ALIGNED] = {LOAD_ALIGNED, LOAD_ALIGNED},
    [X86_SSE_STORE_ALIGNED] = {STORE_ALIGNED, STORE_ALIGNED},
    [X86_SSE_LOAD_INT] = {{0}, LOAD_ALIGNED, LOAD(16)},
    [X86_SSE_STORE_INT] = {{0}, STORE_ALIGNED, STORE(16)},
    [X86_SSE_LOAD_GPR] = {{0}, LOAD(X86_SSE_SIZE_REX)},
    [X86_SSE_STORE_GPR] = {{0}, STORE(X86_SSE_SIZE_REX), LOAD(8)},
    [X86_SSE_STORE_LOW] = {{0}, STORE(8)},
    [X86_SSE_STORE_NT] = {{0}, STORE_ALIGNED},
    [X86_SSE_LDDQU] = {{0}, {0}, {0}, LOAD(16)},
    [X86_SSE_LOAD_NT] = {{0}, LOAD_ALIGNED},
};
