/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host's CPU cannot show: faults, segments, other modes, ports, contention. */
#include <criterion/criterion.h>

#include "test_emulate_machine.h"

static struct machine m;

#define BASE64 0xffff800000000000

/* The instruction faults, and nothing but e.exception has changed. */
static void fault_expect(int result, const struct machine *before, uint8_t vector, uint32_t error_code)
{
    cr_expect_eq(result, -EFAULT);
    cr_expect_eq(m.e.exception.vector, vector, "vector %u", m.e.exception.vector);
    cr_expect_eq(m.e.exception.error_code, error_code);
    cr_expect_eq(m.e.exception.has_error_code, vector != X86_VECTOR_UD);
    cr_expect_eq(m.e.rip, before->e.rip);
    cr_expect_eq(m.e.rflags, before->e.rflags);
    cr_expect_eq(memcmp(m.gpr, before->gpr, sizeof(m.gpr)), 0);
    cr_expect_eq(memcmp(m.memory, before->memory, sizeof(m.memory)), 0);
}

#define FAULTS(vector, code, ...)                    \
    do {                                             \
        static struct machine before;                \
        int result;                                  \
                                                     \
        before = m;                                  \
        result = RUN(&m, __VA_ARGS__);               \
        fault_expect(result, &before, vector, code); \
    } while (0)

static uint64_t memory64(unsigned offset)
{
    uint64_t value;

    memcpy(&value, m.memory + offset, 8);
    return value;
}

Test(emulate, completion)
{
    machine_init(&m, X86_MODE_64);
    m.e.rflags = 0x10002; /* RF */
    m.gpr[X86_RDI] = BASE64 + 8;
    m.gpr[X86_RAX] = 0x1122334455667788;
    cr_assert_eq(RUN(&m, 0x89, 0x07), X86_EMULATE_DONE);
    cr_expect_eq(memory64(8), 0x55667788);
    cr_expect_eq(m.e.rip, 0x1002);
    cr_expect_eq(m.e.rflags, 2);
    m.e.rip = ~0ULL;
    cr_assert_eq(RUN(&m, 0x89, 0x07), X86_EMULATE_DONE);
    cr_expect_eq(m.e.rip, 1);
    machine_init(&m, X86_MODE_32);
    m.e.rip = 0xffffffff;
    cr_assert_eq(RUN(&m, 0x90), X86_EMULATE_DONE);
    cr_expect_eq(m.e.rip, 0);
}

Test(emulate, rip_relative)
{
    machine_init(&m, X86_MODE_64);
    m.e.rip = BASE64;
    cr_assert_eq(RUN(&m, 0xc7, 0x05, 0xf6, 0x00, 0x00, 0x00, 0x78, 0x56, 0x34, 0x12), X86_EMULATE_DONE);
    cr_expect_eq(memory64(0x100), 0x12345678);
}

Test(emulate, canonical)
{
    machine_init(&m, X86_MODE_64);
    m.gpr[X86_RDI] = 0x0000800000000000;
    m.gpr[X86_RBP] = 0x0000800000000000;
    FAULTS(X86_VECTOR_GP, 0, 0x8b, 0x07);
    FAULTS(X86_VECTOR_SS, 0, 0x8b, 0x45, 0x00);
    m.gpr[X86_RDI] = 0x00007ffffffffffe; /* the end is not */
    FAULTS(X86_VECTOR_GP, 0, 0x8b, 0x07);
    FAULTS(X86_VECTOR_PF, 2, 0x66, 0x89, 0x07);
    cr_expect_eq(m.e.exception.address, 0x00007ffffffffffe);
    m.e.cr4 = BIT(12); /* 57 bits */
    FAULTS(X86_VECTOR_PF, 0, 0x8b, 0x07);
    m.gpr[X86_RDI] = 0x0100000000000000;
    FAULTS(X86_VECTOR_GP, 0, 0x8b, 0x07);
}

Test(emulate, segment_bases_in_64_bit_mode)
{
    machine_init(&m, X86_MODE_64);
    for (unsigned i = 0; i < X86_SEGS; i++)
        m.segments[i].base = BASE64 + 256 * i;
    m.gpr[X86_RDI] = 16;
    m.gpr[X86_RAX] = 0xaa;
    cr_assert_eq(RUN(&m, 0x65, 0x88, 0x07), X86_EMULATE_DONE); /* %gs:(%rdi) */
    cr_expect_eq(m.memory[256 * X86_SEG_GS + 16], 0xaa);
    FAULTS(X86_VECTOR_PF, 2, 0x36, 0x88, 0x07); /* SS counts as 0 */
    m.segments[X86_SEG_FS].base = 0x00007fffffffffff;
    FAULTS(X86_VECTOR_GP, 0, 0x64, 0x88, 0x07);
}

Test(emulate, address_size)
{
    machine_init(&m, X86_MODE_64);
    m.memory_base = 0x10000;
    m.gpr[X86_RDI] = 0xffffffff00010000;
    cr_assert_eq(RUN(&m, 0x67, 0xc6, 0x07, 0x01), X86_EMULATE_DONE);
    cr_expect_eq(m.memory[0], 1);
    machine_init(&m, X86_MODE_16);
    m.segments[X86_SEG_DS].base = 0x10000;
    m.gpr[X86_RBX] = 0xffff;
    m.gpr[X86_RSI] = 0x12;
    cr_assert_eq(RUN(&m, 0xc6, 0x00, 0x02), X86_EMULATE_DONE); /* (%bx,%si) */
    cr_expect_eq(m.memory[0x11], 2);
    machine_init(&m, X86_MODE_32);
    m.segments[X86_SEG_DS].base = 0xffffff00;
    m.gpr[X86_RDI] = 0x10100;
    cr_assert_eq(RUN(&m, 0xc6, 0x07, 0x03), X86_EMULATE_DONE); /* linear addresses have 32 bits */
    cr_expect_eq(m.memory[0], 3);
}

Test(emulate, limits)
{
    machine_init(&m, X86_MODE_32);
    m.segments[X86_SEG_DS].limit = 0x10003;
    m.segments[X86_SEG_SS].limit = 0x10003;
    m.gpr[X86_RDI] = 0x10000;
    m.gpr[X86_RBP] = 0x10001;
    cr_assert_eq(RUN(&m, 0x8b, 0x07), X86_EMULATE_DONE);
    FAULTS(X86_VECTOR_GP, 0, 0x8b, 0x47, 0x01);
    FAULTS(X86_VECTOR_SS, 0, 0x8b, 0x45, 0x00);
    machine_init(&m, X86_MODE_16);
    m.gpr[X86_RBX] = 0xffff;
    FAULTS(X86_VECTOR_GP, 0, 0x8b, 0x07); /* real mode: a word at the end of the segment */
}

Test(emulate, expand_down)
{
    machine_init(&m, X86_MODE_32);
    m.segments[X86_SEG_DS].attributes |= X86_SEGMENT_TYPE_EXPAND_DOWN;
    m.segments[X86_SEG_DS].limit = 0x10003;
    m.gpr[X86_RDI] = 0x10004;
    cr_assert_eq(RUN(&m, 0x8b, 0x07), X86_EMULATE_DONE);
    FAULTS(X86_VECTOR_GP, 0, 0x8b, 0x47, 0xff);
    m.gpr[X86_RDI] = 0xfffffffe;
    FAULTS(X86_VECTOR_GP, 0, 0x8b, 0x07);
    m.segments[X86_SEG_DS].attributes &= ~X86_SEGMENT_BIG;
    m.gpr[X86_RDI] = 0x10004;
    FAULTS(X86_VECTOR_GP, 0, 0x8b, 0x07); /* beyond 64 KiB */
}

Test(emulate, segment_rights)
{
    machine_init(&m, X86_MODE_32);
    m.gpr[X86_RDI] = 0x10000;
    m.segments[X86_SEG_DS].attributes = 0x91; /* read-only data */
    cr_assert_eq(RUN(&m, 0x8b, 0x07), X86_EMULATE_DONE);
    FAULTS(X86_VECTOR_GP, 0, 0x89, 0x07);
    FAULTS(X86_VECTOR_GP, 0, 0x01, 0x07);
    m.segments[X86_SEG_DS].attributes = 0x9b; /* readable code */
    cr_assert_eq(RUN(&m, 0x8b, 0x07), X86_EMULATE_DONE);
    FAULTS(X86_VECTOR_GP, 0, 0x89, 0x07);
    m.segments[X86_SEG_DS].attributes = 0x99; /* execute-only code */
    FAULTS(X86_VECTOR_GP, 0, 0x8b, 0x07);
    m.segments[X86_SEG_DS].attributes = 0; /* null */
    FAULTS(X86_VECTOR_GP, 0, 0x8b, 0x07);
    m.e.rflags |= BIT(17); /* virtual-8086 mode has no rights */
    cr_assert_eq(RUN(&m, 0x8b, 0x07), X86_EMULATE_DONE);
}

Test(emulate, alignment_check)
{
    machine_init(&m, X86_MODE_64);
    m.gpr[X86_RDI] = BASE64 + 1;
    m.e.rflags |= BIT(18);
    m.e.cr0 |= BIT(18);
    cr_assert_eq(RUN(&m, 0x8b, 0x07), X86_EMULATE_DONE);
    m.e.cpl = 3;
    m.e.rflags |= BIT(18);
    FAULTS(X86_VECTOR_AC, 0, 0x8b, 0x07);
    cr_assert_eq(RUN(&m, 0x8a, 0x07), X86_EMULATE_DONE);
}

/* Every way to write faults on a read-only page and leaves everything as it was. */
Test(emulate, writes_fault)
{
    machine_init(&m, X86_MODE_64);
    for (unsigned i = 0; i < 16; i++)
        m.gpr[i] = BASE64 + 0x100;
    m.read_only_from = BASE64;
    FAULTS(X86_VECTOR_PF, 3, 0x89, 0x07);             /* mov */
    FAULTS(X86_VECTOR_PF, 3, 0x01, 0x07);             /* add */
    FAULTS(X86_VECTOR_PF, 3, 0xf0, 0x01, 0x07);       /* lock add */
    FAULTS(X86_VECTOR_PF, 3, 0xd1, 0x27);             /* shl */
    FAULTS(X86_VECTOR_PF, 3, 0xf7, 0x17);             /* not */
    FAULTS(X86_VECTOR_PF, 3, 0x87, 0x07);             /* xchg */
    FAULTS(X86_VECTOR_PF, 3, 0x0f, 0xc1, 0x07);       /* xadd */
    FAULTS(X86_VECTOR_PF, 3, 0x0f, 0xb1, 0x07);       /* cmpxchg */
    FAULTS(X86_VECTOR_PF, 3, 0x0f, 0xc7, 0x0f);       /* cmpxchg8b */
    FAULTS(X86_VECTOR_PF, 3, 0x0f, 0xba, 0x2f, 0x01); /* bts */
    FAULTS(X86_VECTOR_PF, 3, 0x0f, 0x94, 0x07);       /* sete */
    FAULTS(X86_VECTOR_PF, 3, 0x0f, 0x38, 0xf1, 0x07); /* movbe */
    FAULTS(X86_VECTOR_PF, 3, 0x8c, 0x1f);             /* mov from ds */
    FAULTS(X86_VECTOR_PF, 3, 0x0f, 0x11, 0x07);       /* movups */
    FAULTS(X86_VECTOR_PF, 3, 0x50);                   /* push */
    FAULTS(X86_VECTOR_PF, 3, 0xff, 0x37);             /* push (mem) */
    FAULTS(X86_VECTOR_PF, 3, 0x8f, 0x07);             /* pop (mem) */
    FAULTS(X86_VECTOR_PF, 3, 0xff, 0xd0);             /* call */
    FAULTS(X86_VECTOR_PF, 3, 0xa4);                   /* movs */
    FAULTS(X86_VECTOR_PF, 3, 0xaa);                   /* stos */
    FAULTS(X86_VECTOR_PF, 3, 0x6c);                   /* ins */
}

/* The same for reading, and for addresses that are none. */
Test(emulate, reads_fault)
{
    machine_init(&m, X86_MODE_64);
    for (unsigned pass = 0; pass < 2; pass++) {
        unsigned vector = pass ? X86_VECTOR_GP : X86_VECTOR_PF;

        for (unsigned i = 0; i < 16; i++)
            m.gpr[i] = pass ? 0x8000000000000000 : 0x1000;
        FAULTS(vector, 0, 0x8b, 0x07);
        FAULTS(vector, 0, 0x3b, 0x07);                         /* cmp */
        FAULTS(vector, 0, 0x03, 0x07);                         /* add to a register */
        FAULTS(vector, 0, 0x0f, 0xb6, 0x07);                   /* movzx */
        FAULTS(vector, 0, 0x0f, 0x44, 0x07);                   /* cmove, not taken */
        FAULTS(vector, 0, 0x0f, 0x38, 0xf0, 0x07);             /* movbe */
        FAULTS(vector, 0, 0x0f, 0xba, 0x27, 0x01);             /* bt */
        FAULTS(vector, 0, 0x0f, 0x10, 0x07);                   /* movups */
        FAULTS(vector, 0, 0xff, 0x37);                         /* push (mem) */
        FAULTS(vector, 0, 0xff, 0x27);                         /* jmp (mem) */
        FAULTS(vector, 0, 0xac);                               /* lods */
        FAULTS(vector, 0, 0xae);                               /* scas */
        FAULTS(vector, 0, 0xa6);                               /* cmps */
        FAULTS(vector, 0, 0x6e);                               /* outs */
        FAULTS(pass ? X86_VECTOR_SS : X86_VECTOR_PF, 0, 0x58); /* pop */
        FAULTS(vector, pass ? 0 : 2, 0x0f, 0xc7, 0x0f);
        FAULTS(vector, pass ? 0 : 2, 0x89, 0x07);
        FAULTS(vector, pass ? 0 : 2, 0xaa); /* stos */
        FAULTS(vector, pass ? 0 : 2, 0x6c); /* ins */
        FAULTS(pass ? X86_VECTOR_SS : X86_VECTOR_PF, pass ? 0 : 2, 0x50);
    }
    m.gpr[X86_RSI] = BASE64;
    FAULTS(X86_VECTOR_GP, 0, 0xa6); /* cmps: the second operand */
}

Test(emulate, lock)
{
    machine_init(&m, X86_MODE_64);
    m.gpr[X86_RDI] = BASE64;
    cr_assert_eq(RUN(&m, 0xf0, 0x83, 0x07, 0x05), X86_EMULATE_DONE);
    cr_assert_eq(RUN(&m, 0xf0, 0x0f, 0xc7, 0x0f), X86_EMULATE_DONE); /* differs */
    cr_expect_eq(m.gpr[X86_RAX], 5);
    cr_assert_eq(RUN(&m, 0xf0, 0x0f, 0xc7, 0x0f), X86_EMULATE_DONE);
    cr_expect_eq(m.memory[0], 0);
    FAULTS(X86_VECTOR_UD, 0, 0xf0, 0x89, 0x07);             /* mov */
    FAULTS(X86_VECTOR_UD, 0, 0xf0, 0x01, 0xc0);             /* a register */
    FAULTS(X86_VECTOR_UD, 0, 0xf0, 0x03, 0x07);             /* memory as source */
    FAULTS(X86_VECTOR_UD, 0, 0xf0, 0x39, 0x07);             /* cmp */
    FAULTS(X86_VECTOR_UD, 0, 0xf0, 0x0f, 0xba, 0x27, 0x01); /* bt */
    FAULTS(X86_VECTOR_UD, 0, 0xf0, 0xa4);
    cr_expect_eq(RUN(&m, 0xf0, 0x0f, 0x20, 0xc0), -ENOTSUP); /* CR8 on some CPUs */
}

/* Another CPU keeps winning: the guest has to try again itself. */
Test(emulate, contention)
{
    static struct machine before;

    machine_init(&m, X86_MODE_64);
    m.gpr[X86_RDI] = BASE64;
    m.gpr[X86_RCX] = 7;
    m.contended = true;
    before = m;
    cr_expect_eq(RUN(&m, 0xf0, 0x01, 0x0f), -EAGAIN);
    cr_expect_eq(RUN(&m, 0x87, 0x0f), -EAGAIN);
    cr_expect_eq(RUN(&m, 0xf0, 0x0f, 0xc1, 0x0f), -EAGAIN);
    cr_expect_eq(RUN(&m, 0xf0, 0x0f, 0xb1, 0x0f), -EAGAIN);
    cr_expect_eq(RUN(&m, 0xf0, 0x0f, 0xc7, 0x0f), -EAGAIN);
    cr_expect_eq(RUN(&m, 0xf0, 0x0f, 0xab, 0x0f), -EAGAIN);
    cr_expect_eq(memcmp(m.gpr, before.gpr, sizeof(m.gpr)), 0);
    cr_expect_eq(m.e.rip, before.e.rip);
    cr_expect_eq(m.e.rflags, before.e.rflags);
    cr_expect_eq(RUN(&m, 0x01, 0x0f), X86_EMULATE_DONE); /* without LOCK nobody looks */
}

Test(emulate, cmpxchg16b_wants_alignment)
{
    machine_init(&m, X86_MODE_64);
    m.gpr[X86_RDI] = BASE64 + 8;
    FAULTS(X86_VECTOR_GP, 0, 0x48, 0x0f, 0xc7, 0x0f);
    m.gpr[X86_RDI] = BASE64;
    cr_expect_eq(RUN(&m, 0x48, 0x0f, 0xc7, 0x0f), X86_EMULATE_DONE);
}

Test(emulate, ports)
{
    machine_init(&m, X86_MODE_64);
    m.port_input = 0x11223344;
    m.gpr[X86_RAX] = ~0ULL;
    m.gpr[X86_RDX] = 0xffff0cf8;
    cr_assert_eq(RUN(&m, 0xec), X86_EMULATE_DONE);
    cr_expect_eq(m.gpr[X86_RAX], 0xffffffffffffff44);
    cr_assert_eq(RUN(&m, 0x66, 0xed), X86_EMULATE_DONE);
    cr_expect_eq(m.gpr[X86_RAX], 0xffffffffffff3345);
    cr_assert_eq(RUN(&m, 0x48, 0xed), X86_EMULATE_DONE);
    cr_expect_eq(m.gpr[X86_RAX], 0x11223346);
    cr_assert_eq(RUN(&m, 0xe7, 0x80), X86_EMULATE_DONE);
    cr_assert_eq(RUN(&m, 0xe4, 0xf4), X86_EMULATE_DONE);
    cr_expect_eq(m.ports[0].port, 0xcf8);
    cr_expect_eq(m.ports[2].size, 4);
    cr_expect_eq(m.ports[3].port, 0x80);
    cr_expect(m.ports[3].write);
    cr_expect_eq(m.ports[3].value, 0x11223346);
    cr_expect_eq(m.ports[4].port, 0xf4);
    m.port_error = -EIO;
    cr_expect_eq(RUN(&m, 0xec), -EIO);
    cr_expect_eq(RUN(&m, 0xee), -EIO);
}

Test(emulate, mov_from_seg)
{
    machine_init(&m, X86_MODE_64);
    m.gpr[X86_RDI] = BASE64;
    memset(m.memory, 0xff, 8);
    cr_assert_eq(RUN(&m, 0x48, 0x8c, 0x2f), X86_EMULATE_DONE); /* %gs, 2 bytes */
    cr_expect_eq(memory64(0), 0xffffffffffff0030);
    m.gpr[X86_RAX] = ~0ULL;
    cr_assert_eq(RUN(&m, 0x66, 0x8c, 0xd8), X86_EMULATE_DONE);
    cr_expect_eq(m.gpr[X86_RAX], 0xffffffffffff0020);
    cr_assert_eq(RUN(&m, 0x8c, 0xd8), X86_EMULATE_DONE);
    cr_expect_eq(m.gpr[X86_RAX], 0x20);
}

Test(emulate, stack_of_16_bits)
{
    machine_init(&m, X86_MODE_16);
    m.segments[X86_SEG_SS].base = 0x10000;
    m.gpr[X86_RSP] = 0xffff0100;
    m.gpr[X86_RAX] = 0x1234;
    cr_assert_eq(RUN(&m, 0x50), X86_EMULATE_DONE);
    cr_expect_eq(m.gpr[X86_RSP], 0xffff00fe);
    cr_expect_eq(memory64(0xfe), 0x1234);
    cr_assert_eq(RUN(&m, 0x66, 0x5b), X86_EMULATE_DONE); /* pop %ebx */
    cr_expect_eq(m.gpr[X86_RBX], 0x1234);
    cr_expect_eq(m.gpr[X86_RSP], 0xffff0102);
    m.gpr[X86_RSP] = 1;
    FAULTS(X86_VECTOR_SS, 0, 0x50);
    machine_init(&m, X86_MODE_32);
    m.gpr[X86_RSP] = 0x10010;
    cr_assert_eq(RUN(&m, 0x6a, 0xff), X86_EMULATE_DONE);
    cr_expect_eq(memory64(0xc), 0xffffffff);
    cr_expect_eq(m.gpr[X86_RSP], 0x1000c);
}

/* POP's destination is computed with the stack pointer moved, and a fault moves it back. */
Test(emulate, pop_to_memory)
{
    machine_init(&m, X86_MODE_64);
    m.gpr[X86_RSP] = BASE64;
    m.memory[0] = 9;
    cr_assert_eq(RUN(&m, 0x8f, 0x44, 0x24, 0x08), X86_EMULATE_DONE); /* pop 8(%rsp) */
    cr_expect_eq(m.memory[16], 9);
    m.gpr[X86_RSP] = BASE64 + MEMORY_SIZE - 8;
    FAULTS(X86_VECTOR_PF, 2, 0x8f, 0x04, 0x24);
}

Test(emulate, branches)
{
    machine_init(&m, X86_MODE_64);
    m.gpr[X86_RSP] = BASE64 + 64;
    m.gpr[X86_RDI] = BASE64 + 128;
    m.gpr[X86_RAX] = 0x0000800000000000;
    m.memory[128] = 0x77;
    cr_assert_eq(RUN(&m, 0xff, 0x17), X86_EMULATE_DONE); /* call *(%rdi) */
    cr_expect_eq(m.e.rip, 0x77);
    cr_expect_eq(memory64(56), 0x1002);
    FAULTS(X86_VECTOR_GP, 0, 0xff, 0xe0); /* jmp *%rax */
    m.e.cr4 = BIT(12);
    cr_assert_eq(RUN(&m, 0xff, 0xe0), X86_EMULATE_DONE);
    cr_expect_eq(m.e.rip, 0x0000800000000000);
    machine_init(&m, X86_MODE_32);
    m.segments[X86_SEG_CS].limit = 0xfff;
    m.gpr[X86_RAX] = 0x1000;
    FAULTS(X86_VECTOR_GP, 0, 0xff, 0xe0);
    m.gpr[X86_RAX] = 0xfff;
    cr_assert_eq(RUN(&m, 0xff, 0xe0), X86_EMULATE_DONE);
    cr_expect_eq(m.e.rip, 0xfff);
}

Test(emulate, xmm)
{
    static struct x86_emulator_ops without;

    machine_init(&m, X86_MODE_64);
    m.gpr[X86_RDI] = BASE64 + 8;
    m.xmm[9][0] = 0x1111;
    m.xmm[9][1] = 0x2222;
    cr_assert_eq(RUN(&m, 0x44, 0x0f, 0x11, 0x0f), X86_EMULATE_DONE); /* movups %xmm9,(%rdi) */
    cr_expect_eq(memory64(16), 0x2222);
    FAULTS(X86_VECTOR_GP, 0, 0x44, 0x0f, 0x29, 0x0f); /* movaps */
    m.xmm[1][1] = 5;
    cr_assert_eq(RUN(&m, 0xf3, 0x0f, 0x7e, 0x0f), X86_EMULATE_DONE); /* movq (%rdi),%xmm1 */
    cr_expect_eq(m.xmm[1][0], 0x1111);
    cr_expect_eq(m.xmm[1][1], 0);
    cr_expect_not(m.xmm_cleared);
    cr_assert_eq(RUN(&m, 0xc5, 0xfa, 0x6f, 0x17), X86_EMULATE_DONE); /* vmovdqu (%rdi),%xmm2 */
    cr_expect_eq(m.xmm[2][1], 0x2222);
    cr_expect(m.xmm_cleared);
    cr_expect_eq(RUN(&m, 0xc5, 0xfe, 0x6f, 0x17), -ENOTSUP); /* 256 bits */
    without = machine_ops;
    without.xmm_write = NULL;
    m.e.ops = &without;
    cr_expect_eq(RUN(&m, 0x0f, 0x10, 0x07), -ENOTSUP);
    without.xmm_read = NULL;
    cr_expect_eq(RUN(&m, 0x0f, 0x11, 0x07), -ENOTSUP);
}

Test(emulate, crosses_a_page)
{
    machine_init(&m, X86_MODE_64);
    m.gpr[X86_RDI] = BASE64 + 4093;
    m.gpr[X86_RAX] = 0x1122334455667788;
    cr_assert_eq(RUN(&m, 0x48, 0x89, 0x07), X86_EMULATE_DONE);
    cr_expect_eq(memory64(4093), 0x1122334455667788);
    cr_expect_eq(m.accesses, 1);
    m.read_only_from = BASE64 + 4096;
    FAULTS(X86_VECTOR_PF, 3, 0x48, 0x89, 0x07);
}

Test(emulate, others_are_refused)
{
    machine_init(&m, X86_MODE_64);
    cr_expect_eq(RUN(&m, 0x0f, 0xa2), -ENOTSUP);
    cr_expect_eq(RUN(&m, 0xf4), -ENOTSUP);
    cr_expect_eq(RUN(&m, 0x0f, 0x58, 0x07), -ENOTSUP);
    cr_expect_eq(RUN(&m, 0xff, 0x1f), -ENOTSUP); /* far */
    cr_expect_eq(m.e.rip, 0x1000);
    cr_expect_eq(RUN(&m, 0x0f, 0xae, 0x3f), X86_EMULATE_DONE); /* clflush touches nothing */
    cr_expect_eq(m.accesses, 0);
}
