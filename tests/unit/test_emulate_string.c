/* SPDX-License-Identifier: BSD-2-Clause */
/* String instructions: ports, faults in the middle, batches, address sizes, both directions. */
#include <criterion/criterion.h>

#include "test_emulate_machine.h"

#define BASE64 0xffff800000000000
#define DF     BIT(10)
#define ZF     BIT(6)
#define RF     BIT(16)

static struct machine m;

static void start(uint64_t source, uint64_t destination, uint64_t count)
{
    machine_init(&m, X86_MODE_64);
    for (unsigned i = 0; i < MEMORY_SIZE; i++)
        m.memory[i] = i * 7;
    m.gpr[X86_RSI] = BASE64 + source;
    m.gpr[X86_RDI] = BASE64 + destination;
    m.gpr[X86_RCX] = count;
    m.gpr[X86_RDX] = 0x1f0;
}

static void registers_expect(uint64_t source, uint64_t destination, uint64_t count)
{
    cr_expect_eq(m.gpr[X86_RSI], BASE64 + source);
    cr_expect_eq(m.gpr[X86_RDI], BASE64 + destination);
    cr_expect_eq(m.gpr[X86_RCX], count);
}

Test(emulate_string, ins)
{
    start(0, 100, 5);
    m.port_input = 0xaa01;
    cr_assert_eq(RUN(&m, 0xf3, 0x66, 0x6d), X86_EMULATE_DONE);
    registers_expect(0, 110, 0);
    cr_expect_eq(m.memory[100], 0x01);
    cr_expect_eq(m.memory[108], 0x05);
    cr_expect_eq(m.memory[109], 0xaa);
    cr_expect_eq(m.port_count, 5);
    cr_expect_eq(m.ports[4].port, 0x1f0);
    cr_expect_eq(m.ports[4].size, 2);
    cr_expect_eq(m.e.rip, 0x1003);
}

Test(emulate_string, outs)
{
    start(100, 0, 3);
    m.e.rflags |= DF;
    cr_assert_eq(RUN(&m, 0xf3, 0x6e), X86_EMULATE_DONE);
    registers_expect(97, 0, 0);
    for (unsigned i = 0; i < 3; i++)
        cr_expect_eq(m.ports[i].value, m.memory[100 - i]);
    cr_assert_eq(RUN(&m, 0x6f), X86_EMULATE_DONE); /* without REP; 4 bytes, backward */
    registers_expect(93, 0, 0);
    cr_expect_eq(m.ports[3].size, 4);
}

/* The port is not read when its value could not be stored. */
Test(emulate_string, ins_asks_first)
{
    start(0, MEMORY_SIZE - 4, 2);
    cr_assert_eq(RUN(&m, 0xf3, 0x6d), -EFAULT);
    cr_expect_eq(m.e.exception.vector, X86_VECTOR_PF);
    cr_expect_eq(m.port_count, 1);
    registers_expect(0, MEMORY_SIZE, 1);
}

Test(emulate_string, ins_without_asking)
{
    struct x86_emulator_ops ops = machine_ops;

    start(0, 0, 1);
    ops.check_write = NULL;
    m.e.ops = &ops;
    cr_assert_eq(RUN(&m, 0xf3, 0x6d), X86_EMULATE_DONE);
    m.port_error = -EIO;
    cr_assert_eq(RUN(&m, 0x6d), -EIO);
    cr_assert_eq(RUN(&m, 0x6f), -EIO);
}

/* What is done counts, what faulted does not; going on finishes the rest. */
Test(emulate_string, fault_in_the_middle)
{
    start(0, 4096 - 16, 8);
    m.read_only_from = BASE64 + 4096;
    cr_assert_eq(RUN(&m, 0xf3, 0xa5), -EFAULT);
    cr_expect_eq(m.e.exception.error_code, 3);
    cr_expect_eq(m.e.exception.address, BASE64 + 4096);
    registers_expect(16, 4096, 4);
    cr_expect_eq(m.e.rip, 0x1000);
    m.read_only_from = ~0ULL;
    cr_assert_eq(RUN(&m, 0xf3, 0xa5), X86_EMULATE_DONE);
    registers_expect(32, 4096 + 16, 0);
    cr_expect_eq(memcmp(m.memory, m.memory + 4096 - 16, 32), 0);
}

Test(emulate_string, batches)
{
    start(0, 8192, 10);
    m.e.repeat_max = 4;
    cr_assert_eq(RUN(&m, 0xf3, 0xa4), X86_EMULATE_MORE);
    registers_expect(4, 8196, 6);
    cr_expect_eq(m.e.rip, 0x1000);
    cr_expect(m.e.rflags & RF);
    cr_assert_eq(RUN(&m, 0xf3, 0xa4), X86_EMULATE_MORE);
    cr_assert_eq(RUN(&m, 0xf3, 0xa4), X86_EMULATE_DONE);
    registers_expect(10, 8202, 0);
    cr_expect_eq(m.e.rip, 0x1002);
    cr_expect_not(m.e.rflags & RF);
    cr_expect_eq(memcmp(m.memory, m.memory + 8192, 10), 0);
    start(0, 8192, 2);
    m.e.repeat_max = 0; /* is 1 */
    cr_assert_eq(RUN(&m, 0xf3, 0xa4), X86_EMULATE_MORE);
    cr_assert_eq(RUN(&m, 0xf3, 0xa4), X86_EMULATE_DONE);
}

/* A batch that ends with the last element is the end. */
Test(emulate_string, exact_batch)
{
    start(0, 8192, 4);
    m.e.repeat_max = 4;
    cr_assert_eq(RUN(&m, 0xf3, 0xa4), X86_EMULATE_DONE);
}

Test(emulate_string, none)
{
    start(0, 8192, 0);
    cr_assert_eq(RUN(&m, 0xf3, 0xa4), X86_EMULATE_DONE);
    registers_expect(0, 8192, 0);
    cr_expect_eq(m.accesses, 0);
    m.gpr[X86_RCX] = 0x500000000; /* ECX is 0 */
    cr_assert_eq(RUN(&m, 0x67, 0xf3, 0xa4), X86_EMULATE_DONE);
    registers_expect(0, 8192, 0x500000000);
}

Test(emulate_string, compare_until)
{
    start(0, 8192, 100);
    memcpy(m.memory + 8192, m.memory, 100);
    m.memory[8192 + 9] ^= 1;
    cr_assert_eq(RUN(&m, 0xf3, 0xa6), X86_EMULATE_DONE); /* repe cmpsb */
    registers_expect(10, 8202, 90);
    cr_expect_not(m.e.rflags & ZF);
    start(0, 8192, 100);
    memset(m.memory + 8192, 0, 200);
    m.memory[8192 + 20] = 0x55;
    m.gpr[X86_RAX] = 0x55;
    cr_assert_eq(RUN(&m, 0xf2, 0xae), X86_EMULATE_DONE); /* repne scasb */
    registers_expect(0, 8192 + 21, 79);
    cr_expect(m.e.rflags & ZF);
    cr_assert_eq(RUN(&m, 0xf3, 0xae), X86_EMULATE_DONE); /* repe: the first differs */
    registers_expect(0, 8192 + 22, 78);
}

Test(emulate_string, compare_faults_keep_what_was)
{
    start(MEMORY_SIZE - 2, 0, 4);
    memcpy(m.memory, m.memory + MEMORY_SIZE - 2, 2);
    cr_assert_eq(RUN(&m, 0xf3, 0xa6), -EFAULT);
    registers_expect(MEMORY_SIZE, 2, 2);
    cr_expect(m.e.rflags & ZF);
}

/* 16-bit addresses wrap inside the segment, and upper halves of the registers stay. */
Test(emulate_string, sixteen_bits)
{
    machine_init(&m, X86_MODE_16);
    m.segments[X86_SEG_ES].base = 0x10000;
    m.segments[X86_SEG_GS].base = 0x11000;
    m.gpr[X86_RSI] = 0xabcd0010;
    m.gpr[X86_RDI] = 0xabcd0000;
    m.gpr[X86_RCX] = 0xabcd0002;
    m.memory[0x1010] = 0x42;
    m.memory[0x100f] = 0x43;
    m.e.rflags |= DF;
    cr_assert_eq(RUN(&m, 0xf3, 0x65, 0xa4), -EFAULT); /* ES:0 is written, then ES:FFFF is not there */
    cr_expect_eq(m.memory[0], 0x42);
    cr_expect_eq(m.gpr[X86_RSI], 0xabcd000f);
    cr_expect_eq(m.gpr[X86_RDI], 0xabcdffff);
    cr_expect_eq(m.gpr[X86_RCX], 0xabcd0001);
    cr_expect_eq(m.e.exception.address, 0x1ffff);
}

Test(emulate_string, thirty_two_bit_addresses_in_64_bit_mode)
{
    start(0, 0, 0xffffffff00000001);
    m.memory_base = 0x10000;
    m.gpr[X86_RSI] = 0xffffffff00010000;
    m.gpr[X86_RAX] = ~0ULL;
    cr_assert_eq(RUN(&m, 0x67, 0xf3, 0xad), X86_EMULATE_DONE);
    cr_expect_eq(m.gpr[X86_RSI], 0x10004);
    cr_expect_eq(m.gpr[X86_RCX], 0);
    cr_expect_eq(m.gpr[X86_RAX], 0x150e0700);
}
