/* SPDX-License-Identifier: BSD-2-Clause */
/* What decoding finds besides lengths: operands, prefixes, and the two ways to fail. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "decode.h"

#define DECODE(mode, ...) decode(mode, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define FAILS(mode, ...)  failure(mode, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

#define M16 X86_MODE_16
#define M32 X86_MODE_32
#define M64 X86_MODE_64

/* Decodes exactly these bytes; with fewer, more are asked for. */
static struct x86_insn decode(enum x86_mode mode, const uint8_t *bytes, size_t size)
{
    struct x86_insn insn;

    for (size_t available = 0; available < size; available++)
        cr_assert_eq(x86_decode(bytes, available, mode, &insn), -EAGAIN, "%zu of %zu bytes", available, size);
    cr_assert_eq(x86_decode(bytes, size, mode, &insn), 0);
    cr_assert_eq(insn.length, size);
    return insn;
}

static int failure(enum x86_mode mode, const uint8_t *bytes, size_t size)
{
    uint8_t padded[32];
    struct x86_insn insn;

    memset(padded, 0x90, sizeof(padded));
    memcpy(padded, bytes, size);
    return x86_decode(padded, sizeof(padded), mode, &insn);
}

static void memory_expect(const struct x86_insn *insn, unsigned segment, unsigned base, unsigned index,
                          unsigned scale, uint64_t displacement)
{
    cr_assert(insn->memory);
    cr_expect_eq(insn->mem.segment, segment);
    cr_expect_eq(insn->mem.base, base);
    cr_expect_eq(insn->mem.index, index);
    cr_expect_eq(insn->mem.scale, scale);
    cr_expect_eq(insn->mem.displacement, displacement, "%llx", (unsigned long long)insn->mem.displacement);
}

Test(decode, mov_to_memory)
{
    struct x86_insn insn = DECODE(M64, 0x89, 0x07); /* mov %eax,(%rdi) */

    cr_expect_eq(insn.op, X86_OP_MOV);
    cr_expect_eq(insn.form, X86_FORM_RM_REG);
    cr_expect_eq(insn.operand_size, 4);
    cr_expect_eq(insn.rm_size, 4);
    cr_expect_eq(insn.address_size, 8);
    cr_expect_eq(insn.reg, X86_RAX);
    memory_expect(&insn, X86_SEG_DS, X86_RDI, X86_REG_NONE, 0, 0);

    insn = DECODE(M64, 0x4d, 0x89, 0x7c, 0xd5, 0xf0); /* mov %r15,-16(%r13,%rdx,8) */
    cr_expect_eq(insn.reg, 15);
    cr_expect_eq(insn.operand_size, 8);
    memory_expect(&insn, X86_SEG_DS, 13, X86_RDX, 3, -16ULL);

    insn = DECODE(M64, 0x65, 0x66, 0xc7, 0x04, 0x25, 0, 0, 0, 0x80, 0x34,
                  0x92); /* movw $0x9234,%gs:0xffffffff80000000 */
    cr_expect_eq(insn.form, X86_FORM_RM_IMM);
    cr_expect_eq(insn.immediate, 0xffffffffffff9234);
    memory_expect(&insn, X86_SEG_GS, X86_REG_NONE, X86_REG_NONE, 0, 0xffffffff80000000);
}

Test(decode, default_segments)
{
    struct x86_insn insn = DECODE(M64, 0x8b, 0x45, 0x08); /* 8(%rbp) */

    memory_expect(&insn, X86_SEG_SS, X86_RBP, X86_REG_NONE, 0, 8);
    insn = DECODE(M64, 0x8b, 0x04, 0x24); /* (%rsp) */
    memory_expect(&insn, X86_SEG_SS, X86_RSP, X86_REG_NONE, 0, 0);
    insn = DECODE(M64, 0x41, 0x8b, 0x04, 0x24); /* (%r12) */
    memory_expect(&insn, X86_SEG_DS, 12, X86_REG_NONE, 0, 0);
    insn = DECODE(M32, 0x8b, 0x04, 0x2c); /* (%esp,%ebp) */
    memory_expect(&insn, X86_SEG_SS, X86_RSP, X86_RBP, 0, 0);
    insn = DECODE(M32, 0x8b, 0x04, 0x6d, 1, 0, 0, 0); /* 1(,%ebp,2) */
    memory_expect(&insn, X86_SEG_DS, X86_REG_NONE, X86_RBP, 1, 1);
    insn = DECODE(M16, 0x8b, 0x02); /* (%bp,%si) */
    memory_expect(&insn, X86_SEG_SS, X86_RBP, X86_RSI, 0, 0);
    insn = DECODE(M16, 0x8b, 0x06, 0xfe, 0xff); /* 0xfffe */
    memory_expect(&insn, X86_SEG_DS, X86_REG_NONE, X86_REG_NONE, 0, -2ULL);
    insn = DECODE(M16, 0x26, 0x8b, 0x46, 0x80); /* %es:-128(%bp) */
    memory_expect(&insn, X86_SEG_ES, X86_RBP, X86_REG_NONE, 0, -128ULL);
    insn = DECODE(M64, 0x3e, 0x8b, 0x45, 0x08); /* DS means nothing here */
    memory_expect(&insn, X86_SEG_SS, X86_RBP, X86_REG_NONE, 0, 8);
    cr_expect(insn.prefixes & X86_PREFIX_SEGMENT);
    insn = DECODE(M64, 0x8b, 0x05, 1, 0, 0, 0x80); /* 0x80000001(%rip) */
    memory_expect(&insn, X86_SEG_DS, X86_REG_RIP, X86_REG_NONE, 0, 0xffffffff80000001);
}

Test(decode, segment_overrides)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};

    for (unsigned i = 0; i < 6; i++) {
        struct x86_insn insn = DECODE(M32, prefixes[i], 0xac);

        cr_expect_eq(insn.mem.segment, i);
        insn = DECODE(M64, prefixes[i], 0xa4);
        cr_expect_eq(insn.mem.segment, i < 4 ? X86_SEG_DS : i);
        insn = DECODE(M16, prefixes[i], 0xa0, 0x34, 0x12);
        memory_expect(&insn, i, X86_REG_NONE, X86_REG_NONE, 0, 0x1234);
    }
}

Test(decode, rex_counts_only_before_the_opcode)
{
    struct x86_insn insn = DECODE(M64, 0x48, 0x66, 0x89, 0x07);

    cr_expect_eq(insn.operand_size, 2);
    cr_expect_eq(insn.rex, 0);
    cr_expect_not(insn.prefixes & X86_PREFIX_REX);
    insn = DECODE(M64, 0x66, 0x48, 0x89, 0x07);
    cr_expect_eq(insn.operand_size, 8);
    insn = DECODE(M64, 0x48, 0x41, 0x89, 0x07);
    cr_expect_eq(insn.operand_size, 4);
    cr_expect_eq(insn.mem.base, 15);
}

Test(decode, last_repeat_prefix_wins)
{
    struct x86_insn insn = DECODE(M64, 0xf2, 0xf3, 0xa4);

    cr_expect_eq(insn.prefixes, X86_PREFIX_REP);
    insn = DECODE(M64, 0xf3, 0xf0, 0xf2, 0xa4);
    cr_expect_eq(insn.prefixes, X86_PREFIX_REPNE | X86_PREFIX_LOCK);
}

Test(decode, immediates)
{
    struct x86_insn insn = DECODE(M64, 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 0x88);

    cr_expect_eq(insn.immediate, 0x8807060504030201);
    insn = DECODE(M64, 0xb8, 1, 2, 3, 0x84);
    cr_expect_eq(insn.immediate, 0xffffffff84030201);
    insn = DECODE(M64, 0xa1, 1, 2, 3, 4, 5, 6, 7, 0x88);
    memory_expect(&insn, X86_SEG_DS, X86_REG_NONE, X86_REG_NONE, 0, 0x8807060504030201);
    insn = DECODE(M64, 0x67, 0xa2, 1, 2, 3, 0x84);
    memory_expect(&insn, X86_SEG_DS, X86_REG_NONE, X86_REG_NONE, 0, 0x84030201);
    insn = DECODE(M32, 0x9a, 1, 2, 3, 4, 5, 6);
    cr_expect_eq(insn.immediate, 0x060504030201);
    insn = DECODE(M32, 0x66, 0xea, 1, 2, 3, 4);
    cr_expect_eq(insn.immediate, 0x040300000201);
    insn = DECODE(M32, 0xc8, 1, 2, 3);
    cr_expect_eq(insn.immediate, 0x030201);
    insn = DECODE(M32, 0xe6, 0x80); /* a port is not negative */
    cr_expect_eq(insn.immediate, 0x80);
    insn = DECODE(M32, 0x6a, 0x80);
    cr_expect_eq(insn.immediate, -128ULL);
    insn = DECODE(M32, 0xf7, 0x00, 1, 0, 0, 0);
    cr_expect_eq(insn.op, X86_OP_TEST);
    cr_expect_eq(insn.form, X86_FORM_RM_IMM);
    insn = DECODE(M32, 0xf7, 0x10);
    cr_expect_eq(insn.op, X86_OP_NOT);
    cr_expect_eq(insn.form, X86_FORM_RM);
}

/* What exits without next-RIP are about. */
Test(decode, intercepted)
{
    static const struct {
        uint8_t size, bytes[4], op;
    } cases[] = {
        {2, {0x0f, 0xa2}, X86_OP_CPUID},
        {1, {0xf4}, X86_OP_HLT},
        {2, {0x0f, 0x30}, X86_OP_WRMSR},
        {2, {0x0f, 0x32}, X86_OP_RDMSR},
        {2, {0x0f, 0x31}, X86_OP_RDTSC},
        {3, {0x0f, 0x01, 0xf9}, X86_OP_RDTSCP},
        {2, {0x0f, 0x33}, X86_OP_RDPMC},
        {3, {0x0f, 0x01, 0xd9}, X86_OP_VMMCALL},
        {3, {0x0f, 0x01, 0xc1}, X86_OP_VMCALL},
        {3, {0x0f, 0x01, 0xd1}, X86_OP_XSETBV},
        {3, {0x0f, 0x01, 0xd0}, X86_OP_XGETBV},
        {3, {0x0f, 0x01, 0xc8}, X86_OP_MONITOR},
        {3, {0x0f, 0x01, 0xc9}, X86_OP_MWAIT},
        {3, {0x0f, 0x01, 0xd8}, X86_OP_VMRUN},
        {3, {0x0f, 0x01, 0xda}, X86_OP_VMLOAD},
        {3, {0x0f, 0x01, 0xdb}, X86_OP_VMSAVE},
        {3, {0x0f, 0x01, 0xdc}, X86_OP_STGI},
        {3, {0x0f, 0x01, 0xdd}, X86_OP_CLGI},
        {3, {0x0f, 0x01, 0xde}, X86_OP_SKINIT},
        {3, {0x0f, 0x01, 0xdf}, X86_OP_INVLPGA},
        {3, {0x0f, 0x01, 0x38}, X86_OP_INVLPG},
        {3, {0x0f, 0x01, 0xe0}, X86_OP_SMSW},
        {3, {0x0f, 0x01, 0xf0}, X86_OP_LMSW},
        {2, {0x0f, 0x06}, X86_OP_CLTS},
        {2, {0x0f, 0x08}, X86_OP_INVD},
        {2, {0x0f, 0x09}, X86_OP_WBINVD},
        {2, {0xf3, 0x90}, X86_OP_PAUSE},
        {1, {0x90}, X86_OP_HINT},
        {2, {0x0f, 0xaa}, X86_OP_RSM},
        {1, {0xcc}, X86_OP_INT3},
        {1, {0xf1}, X86_OP_INT1},
        {1, {0xcf}, X86_OP_IRET},
        {1, {0x9c}, X86_OP_PUSHF},
        {3, {0x0f, 0xc7, 0x38}, X86_OP_VMX},
        {3, {0x0f, 0x78, 0xc0}, X86_OP_VMX},
        {3, {0x0f, 0x79, 0xc0}, X86_OP_VMX},
        {4, {0x66, 0x0f, 0x79, 0xc0}, X86_OP_OTHER},
        {3, {0x0f, 0x00, 0xd8}, X86_OP_LTR},
        {4, {0xf3, 0x0f, 0xb8, 0xc0}, X86_OP_OTHER},
        {3, {0x0f, 0xae, 0x38}, X86_OP_HINT},
        {3, {0x0f, 0xae, 0xf8}, X86_OP_OTHER},
        {4, {0x66, 0x0f, 0xae, 0x30}, X86_OP_HINT},
        {3, {0x0f, 0xae, 0x30}, X86_OP_OTHER},
        {4, {0xf3, 0x0f, 0xae, 0x38}, X86_OP_OTHER},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_eq(decode(M64, cases[i].bytes, cases[i].size).op, cases[i].op, "%zu", i);
}

Test(decode, control_registers)
{
    struct x86_insn insn = DECODE(M64, 0x44, 0x0f, 0x22, 0xc1); /* mov %rcx,%cr8 */

    cr_expect_eq(insn.op, X86_OP_MOV_TO_CR);
    cr_expect_eq(insn.reg, 8);
    cr_expect_eq(insn.rm, X86_RCX);
    cr_expect_eq(insn.operand_size, 8);
    insn = DECODE(M32, 0xf0, 0x0f, 0x20, 0x05); /* lock: CR8; mod is not looked at */
    cr_expect_eq(insn.op, X86_OP_MOV_FROM_CR);
    cr_expect_eq(insn.reg, 8);
    cr_expect_eq(insn.rm, 5);
    cr_expect_not(insn.memory);
    cr_expect_eq(insn.operand_size, 4);
    insn = DECODE(M64, 0x0f, 0x21, 0xf8);
    cr_expect_eq(insn.op, X86_OP_MOV_FROM_DR);
    cr_expect_eq(insn.reg, 7);
}

Test(decode, sizes_of_their_own)
{
    struct x86_insn insn = DECODE(M64, 0x48, 0x0f, 0xb6, 0x03); /* movzbq */

    cr_expect_eq(insn.operand_size, 8);
    cr_expect_eq(insn.rm_size, 1);
    insn = DECODE(M64, 0x48, 0x63, 0x03); /* movslq */
    cr_expect_eq(insn.op, X86_OP_MOVSX);
    cr_expect_eq(insn.rm_size, 4);
    insn = DECODE(M64, 0x66, 0x63, 0x03);
    cr_expect_eq(insn.rm_size, 2);
    insn = DECODE(M32, 0x63, 0x03); /* arpl */
    cr_expect_eq(insn.op, X86_OP_OTHER);
    insn = DECODE(M64, 0x0f, 0xc7, 0x0b);
    cr_expect_eq(insn.rm_size, 8);
    insn = DECODE(M64, 0x48, 0x0f, 0xc7, 0x0b);
    cr_expect_eq(insn.rm_size, 16);
    insn = DECODE(M64, 0xff, 0x23); /* jmp *(%rbx) */
    cr_expect_eq(insn.rm_size, 8);
    insn = DECODE(M64, 0x48, 0xef); /* no port has 8 bytes */
    cr_expect_eq(insn.operand_size, 4);
}

Test(decode, xmm_moves)
{
    struct x86_insn insn = DECODE(M64, 0x0f, 0x10, 0x03);

    cr_expect_eq(insn.op, X86_OP_XMM_LOAD);
    cr_expect_eq(insn.rm_size, 16);
    cr_expect_not(insn.aligned);
    insn = DECODE(M64, 0x66, 0x44, 0x0f, 0x7f, 0x03); /* movdqa %xmm8,(%rbx) */
    cr_expect_eq(insn.op, X86_OP_XMM_STORE);
    cr_expect_eq(insn.reg, 8);
    cr_expect(insn.aligned);
    insn = DECODE(M64, 0x66, 0x48, 0x0f, 0x6e, 0x03); /* movq */
    cr_expect_eq(insn.rm_size, 8);
    insn = DECODE(M64, 0x66, 0x0f, 0x6e, 0x03);
    cr_expect_eq(insn.rm_size, 4);
    insn = DECODE(M64, 0x0f, 0x6f, 0x03); /* MMX */
    cr_expect_eq(insn.op, X86_OP_OTHER);
    insn = DECODE(M64, 0x0f, 0x10, 0xc0);
    cr_expect_eq(insn.op, X86_OP_OTHER);
    insn = DECODE(M64, 0x66, 0x0f, 0x38, 0x2a, 0x03);
    cr_expect_eq(insn.op, X86_OP_XMM_LOAD);
}

Test(decode, vex)
{
    struct x86_insn insn = DECODE(M64, 0xc5, 0x7a, 0x6f, 0x03); /* vmovdqu (%rbx),%xmm8 */

    cr_expect_eq(insn.op, X86_OP_XMM_LOAD);
    cr_expect_eq(insn.reg, 8);
    cr_expect(insn.prefixes & X86_PREFIX_EXTENDED);
    insn = DECODE(M64, 0xc4, 0xc1, 0x79, 0x7f, 0x07); /* vmovdqa %xmm0,(%r15) */
    cr_expect_eq(insn.op, X86_OP_XMM_STORE);
    cr_expect_eq(insn.mem.base, 15);
    insn = DECODE(M64, 0xc4, 0xe1, 0xf9, 0x6e, 0x07); /* vmovq (%rdi),%xmm0 */
    cr_expect_eq(insn.rm_size, 8);
    insn = DECODE(M32, 0xc4, 0xe1, 0xf9, 0x6e, 0x07); /* W counts in 64-bit mode alone */
    cr_expect_eq(insn.rm_size, 4);
    insn = DECODE(M64, 0xc5, 0xfe, 0x6f, 0x03); /* 256 bits */
    cr_expect_eq(insn.op, X86_OP_OTHER);
    insn = DECODE(M64, 0xc5, 0xe2, 0x10, 0xc3); /* vvvv in use */
    cr_expect_eq(insn.op, X86_OP_OTHER);
    insn = DECODE(M64, 0x62, 0xf1, 0x7c, 0x48, 0x10, 0x43, 0x01); /* EVEX, disp8 */
    cr_expect_eq(insn.op, X86_OP_OTHER);
    insn = DECODE(M32, 0xc5, 0x03); /* lds (%ebx),%eax */
    cr_expect_not(insn.prefixes & X86_PREFIX_EXTENDED);
    insn = DECODE(M32, 0x62, 0x03); /* bound */
    cr_expect_eq(insn.op, X86_OP_OTHER);
    insn = DECODE(M64, 0x8f, 0xea, 0x78, 0x10, 0xc0, 1, 2, 3, 4); /* XOP bextr */
    cr_expect_eq(insn.op, X86_OP_OTHER);
    insn = DECODE(M64, 0x8f, 0x03);
    cr_expect_eq(insn.op, X86_OP_POP);

    cr_expect_eq(FAILS(M64, 0x66, 0xc5, 0xfa, 0x6f, 0x03), -EINVAL);
    cr_expect_eq(FAILS(M64, 0x48, 0xc5, 0xfa, 0x6f, 0x03), -EINVAL);
    cr_expect_eq(FAILS(M64, 0xc4, 0xe0, 0x78, 0x6f, 0x03), -EINVAL); /* map 0 */
    cr_expect_eq(FAILS(M64, 0xc4, 0xe5, 0x78, 0x6f, 0x03), -EINVAL); /* map 5 is EVEX's */
    cr_expect_eq(FAILS(M64, 0xc4, 0xe8, 0x78, 0x6f, 0x03), -EINVAL); /* map 8 is XOP's */
    cr_expect_eq(FAILS(M64, 0xc4, 0xe9, 0x78, 0x6f, 0x03), -EINVAL);
    cr_expect_eq(FAILS(M64, 0xc4, 0xea, 0x78, 0x6f, 0x03), -EINVAL);
    cr_expect_eq(FAILS(M64, 0x8f, 0xeb, 0x78, 0x6f, 0x03), -EINVAL);
}

Test(decode, undefined)
{
    cr_expect_eq(FAILS(M64, 0x06), -EINVAL);
    cr_expect_eq(FAILS(M64, 0x82, 0x00), -EINVAL);
    cr_expect_eq(FAILS(M64, 0x0f, 0x04), -EINVAL);
    cr_expect_eq(FAILS(M64, 0x0f, 0x38, 0xff), -EINVAL);
    cr_expect_eq(FAILS(M64, 0x0f, 0x3a, 0x00), -EINVAL);
    cr_expect_eq(FAILS(M64, 0xff, 0xf8), -EINVAL);
    cr_expect_eq(FAILS(M64, 0xff, 0xd8), -EINVAL); /* far call through a register */
    cr_expect_eq(FAILS(M64, 0x8d, 0xc0), -EINVAL);
    cr_expect_eq(FAILS(M64, 0x0f, 0xb8, 0xc0), -EINVAL);
    cr_expect_eq(FAILS(M64, 0x0f, 0x38, 0xf0, 0xc0), -EINVAL);
    cr_expect_eq(FAILS(M64, 0xf2, 0x0f, 0x38, 0xf0, 0xc0), 0); /* crc32 */
    cr_expect_eq(FAILS(M64, 0x0f, 0x01, 0xc7), -EINVAL);
    cr_expect_eq(FAILS(M64, 0x0f, 0xc7, 0xc8), -EINVAL);
    cr_expect_eq(FAILS(M32, 0xc4, 0xc0), -EINVAL); /* VEX, map 0 */
}

/* 15 bytes are an instruction, 16 are not, however many there are. */
Test(decode, too_long)
{
    uint8_t bytes[32];
    struct x86_insn insn;

    memset(bytes, 0x66, sizeof(bytes));
    for (size_t available = 0; available < X86_INSN_MAX; available++)
        cr_expect_eq(x86_decode(bytes, available, M64, &insn), -EAGAIN);
    cr_expect_eq(x86_decode(bytes, X86_INSN_MAX, M64, &insn), -EINVAL);
    cr_expect_eq(x86_decode(bytes, sizeof(bytes), M64, &insn), -EINVAL);
    bytes[14] = 0x90;
    cr_expect_eq(x86_decode(bytes, 15, M64, &insn), 0);
    cr_expect_eq(insn.length, 15);
    bytes[13] = 0x8b;
    bytes[14] = 0x00;
    cr_expect_eq(x86_decode(bytes, 15, M64, &insn), 0);
    for (unsigned modrm = 4; modrm < 6; modrm++) { /* SIB, displacement */
        bytes[14] = modrm;
        cr_expect_eq(x86_decode(bytes, 15, M64, &insn), -EINVAL);
    }
    bytes[13] = 0x66;
    for (unsigned opcode = 0x80; opcode < 0x90; opcode++) { /* ModRM */
        bytes[14] = opcode;
        cr_expect_eq(x86_decode(bytes, 32, M64, &insn), -EINVAL);
    }
    bytes[14] = 0x0f;
    cr_expect_eq(x86_decode(bytes, 15, M64, &insn), -EINVAL);
    bytes[13] = 0x0f;
    bytes[14] = 0x38;
    cr_expect_eq(x86_decode(bytes, 15, M64, &insn), -EINVAL);
    bytes[13] = 0x66;
    bytes[14] = 0xb0; /* immediate */
    cr_expect_eq(x86_decode(bytes, 15, M64, &insn), -EINVAL);
}
