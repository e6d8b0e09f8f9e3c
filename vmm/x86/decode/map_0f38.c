/* SPDX-License-Identifier: BSD-2-Clause */
/* Opcodes after 0F 38 and 0F 3A: APM vol. 3, tables; SDM vol. 2, tables. */
#include "opcodes.h"

const struct x86_opcode x86_map_0f38[256] = {
    [0x00 ... 0x0b] = MODRM,
    [0x10] = MODRM,
    [0x14 ... 0x15] = MODRM,
    [0x17] = MODRM,
    [0x1c ... 0x1e] = MODRM,
    [0x20 ... 0x25] = MODRM,
    [0x28 ... 0x29] = MODRM,
    [0x2a] = OPCODE(X86_SSE_LOAD_NT, NONE, NONE, OPF_MODRM | OPF_SSE), /* MOVNTDQA */
    [0x2b] = MODRM,
    [0x30 ... 0x35] = MODRM,
    [0x37 ... 0x41] = MODRM,
    [0x80 ... 0x81] = DO(VMX, NONE, NONE, OPF_MODRM | OPF_MEMORY), /* INVEPT, INVVPID */
    [0x82] = DO(INVPCID, REG_RM, NONE, OPF_MODRM | OPF_MEMORY),
    [0xc8 ... 0xcd] = MODRM, /* SHA */
    [0xcf] = MODRM,
    [0xd8] = MODRM, /* Key Locker, wide forms */
    [0xdb ... 0xdf] = MODRM,
    [0xf0] = DO(MOVBE, REG_RM, NONE, OPF_MODRM | OPF_FIX), /* CRC32 */
    [0xf1] = DO(MOVBE, RM_REG, NONE, OPF_MODRM | OPF_FIX),
    [0xf5 ... 0xf6] = MODRM, /* WRUSS, WRSS, ADCX, ADOX */
    [0xf8 ... 0xfb] = MODRM, /* MOVDIR64B, ENQCMD, MOVDIRI, ENCODEKEY */
    [0xfc] = MODRM,          /* RAO-INT */
};

const struct x86_opcode x86_map_0f3a[256] = {
    [0x08 ... 0x0f] = MODRM_IMM, [0x14 ... 0x17] = MODRM_IMM, [0x20 ... 0x22] = MODRM_IMM,
    [0x40 ... 0x42] = MODRM_IMM, [0x44] = MODRM_IMM,          [0x60 ... 0x63] = MODRM_IMM,
    [0xcc] = MODRM_IMM,                                                           /* SHA1RNDS4 */
    [0xce ... 0xcf] = MODRM_IMM, [0xdf] = MODRM_IMM,          [0xf0] = MODRM_IMM, /* HRESET */
};
