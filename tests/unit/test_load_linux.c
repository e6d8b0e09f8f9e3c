/* SPDX-License-Identifier: BSD-2-Clause */
#include "load_expect.h"
#include <stdio.h>

#define SETUP_SIZE   (5 * 512) /* setup_sects 0: four, and the boot sector */
#define PAYLOAD_SIZE 0x8000
#define INIT_SIZE    0x400000

/* A relocatable 64-bit kernel like Debian's. */
static void kernel_init(void)
{
    bytes_source_init(&kernel, "vmlinuz", SETUP_SIZE + PAYLOAD_SIZE);
    for (uint32_t i = 0; i < PAYLOAD_SIZE; i += 4)
        file_u32(SETUP_SIZE + i, i * 0x9e3779b1);
    file_u32(0x1f4, PAYLOAD_SIZE / 16);
    file_u16(0x1fe, 0xaa55);
    file_u16(0x200, 0x6aeb); /* header to 0x26c */
    memcpy(kernel.bytes + 0x202, "HdrS", 4);
    file_u16(0x206, 0x20f);
    file_u8(0x211, 1);
    file_u32(0x22c, 0x7fffffff);
    file_u32(0x230, 0x200000);
    file_u8(0x234, 1);
    file_u16(0x236, 0x7f);
    file_u32(0x238, 2047);
    file_u64(0x258, 0x1000000);
    file_u32(0x260, INIT_SIZE);
}

static void setup(void)
{
    kernel_init();
    machine_init(MIB(128), 0);
    params.cmdline = "console=ttyS0";
    params.rsdp = 0xe0000;
}

TestSuite(load_linux, .init = setup, .fini = teardown);

static void initrd_init(uint64_t size)
{
    bytes_source_init(&initrd, "initrd.img", size);
    for (uint64_t i = 0; i < size; i++)
        initrd.bytes[i] = (uint8_t)(i * 7 + 1);
    params.initrd = &initrd.source;
}

static bool guest_holds(uint64_t address, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size);
    bool is_equal = gmem_read(&fake_gmem.gmem, gpa(address), copy, size) == 0 && !memcmp(copy, bytes, size);

    free(copy);
    return is_equal;
}

Test(load_linux, kernel_at_its_address)
{
    expect_ok();
    cr_assert(guest_holds(0x1000000, kernel.bytes + SETUP_SIZE, PAYLOAD_SIZE));
    cr_assert_eq(regs.rip, 0x1000200);
}

Test(load_linux, registers_of_the_64bit_protocol)
{
    expect_ok();
    cr_assert_eq(regs.cr0, 0x80000011);
    cr_assert_eq(regs.cr4, 0x20);
    cr_assert_eq(regs.efer, 0x500);
    cr_assert_eq(regs.rflags, 2);
    cr_assert_eq(regs.seg[X86_SEG_CS].selector, 0x10);
    cr_assert_eq(regs.seg[X86_SEG_CS].attributes, 0xa9b);
    cr_assert_eq(regs.seg[X86_SEG_DS].selector, 0x18);
    cr_assert_eq(regs.seg[X86_SEG_SS].attributes, 0xc93);
    cr_assert_eq(regs.seg[X86_SEG_ES].base, 0);
    cr_assert_eq(regs.seg[X86_SEG_TR].attributes, 0x8b);
    cr_assert_eq(regs.gdtr.limit, 31);
    cr_assert_eq(guest_u64(regs.gdtr.base + 0x10), 0x00af9b000000ffff);
    cr_assert_eq(guest_u64(regs.gdtr.base + 0x18), 0x00cf93000000ffff);
    cr_assert_eq(regs.idtr.limit, 0xffff);
}

/* Every address below 4 GiB means itself. */
Test(load_linux, identity_mapping)
{
    expect_ok();
    for (uint64_t address = 0; address < GIB(4); address += MIB(2)) {
        uint64_t pml4e = guest_u64(regs.cr3 + (address >> 39) * 8);
        uint64_t pdpte = guest_u64((pml4e & ~0xfffULL) + (address >> 30 & 511) * 8);
        uint64_t pde = guest_u64((pdpte & ~0xfffULL) + (address >> 21 & 511) * 8);

        cr_assert_eq(pml4e & pdpte & 3, 3);
        cr_assert_eq(pde, address | 0x83);
    }
    cr_assert_eq(guest_u64(regs.cr3 + 8), 0);
}

Test(load_linux, boot_parameters)
{
    uint64_t p;

    initrd_init(12345);
    expect_ok();
    p = regs.gpr[X86_RSI];
    cr_assert_eq(guest_u8(p + 0x210), 0xff);
    cr_assert_eq(guest_u64(p + 0x70), 0xe0000);
    cr_assert_eq(guest_u32(p + 0x214), 0x1000000);
    cr_assert(guest_is_string(guest_u32(p + 0x228), "console=ttyS0"));
    cr_assert_eq(guest_u32(p + 0x21c), 12345);
    cr_assert(guest_holds(guest_u32(p + 0x218), initrd.bytes, 12345));
    cr_assert_eq(guest_u8(p + 0x1e8), params.memory_map_count);
    for (unsigned i = 0; i < params.memory_map_count; i++) {
        cr_assert_eq(guest_u64(p + 0x2d0 + i * 20), memory_map[i].base);
        cr_assert_eq(guest_u64(p + 0x2d0 + i * 20 + 8), memory_map[i].size);
        cr_assert_eq(guest_u32(p + 0x2d0 + i * 20 + 16), memory_map[i].type);
    }
    /* The file's own header, and nothing of what is beyond it in the file. */
    cr_assert_eq(guest_u32(p + 0x202), 0x53726448);
    cr_assert_eq(guest_u8(p + 0x1ef), 0, "sentinel");
    cr_assert_eq(guest_u32(p + 0x26c), 0);
}

Test(load_linux, initrd_as_high_as_allowed)
{
    initrd_init(MIB(3) + 1);
    expect_ok();
    cr_assert_eq(guest_u32(regs.gpr[X86_RSI] + 0x218), ALIGN_DOWN(MIB(128) - KIB(64) - MIB(3) - 1, 4096));
    /* Below initrd_addr_max although there is RAM above it. */
    file_u32(0x22c, MIB(64) - 1);
    expect_ok();
    cr_assert_eq(guest_u32(regs.gpr[X86_RSI] + 0x218), ALIGN_DOWN(MIB(64) - MIB(3) - 1, 4096));
    file_u32(0x22c, 0xffffffff);
    machine_init(GIB(3), GIB(4));
    params.initrd = &initrd.source;
    expect_ok();
    cr_assert_eq(guest_u32(regs.gpr[X86_RSI] + 0x218), ALIGN_DOWN(GIB(3) - KIB(64) - MIB(3) - 1, 4096));
}

/* The kernel's room, not only its bytes, is left alone. */
Test(load_linux, initrd_below_the_kernel_when_only_there_is_room)
{
    machine_init(MIB(16) + INIT_SIZE + MIB(1), 0);
    initrd_init(MIB(2));
    expect_ok();
    cr_assert_eq(guest_u32(regs.gpr[X86_RSI] + 0x218), MIB(14));
}

Test(load_linux, relocated_above_pref_address)
{
    params.memory_map_count = 0;
    map_add(0, 0x9fc00, LOAD_RAM);
    map_add(MIB(1), MIB(17), LOAD_RAM);
    map_add(MIB(33), MIB(64), LOAD_RAM);
    expect_ok();
    cr_assert_eq(regs.rip, MIB(34) + 0x200, "the lowest multiple of kernel_alignment");
    file_u8(0x234, 0);
    expect_refusal("memory", "cannot be relocated");
}

Test(load_linux, memory_too_small)
{
    machine_init(MIB(8), 0);
    expect_refusal("memory",
                   "vmlinuz needs 4194304 bytes of RAM at 0x1000000 or above; the largest free piece "
                   "from there to 4 GiB has 0");
    machine_init(MIB(18), 0);
    expect_refusal("memory", "has 2031616");
}

Test(load_linux, initrd_too_large)
{
    initrd_init(MIB(120));
    expect_refusal("initrd",
                   "initrd.img has 125829120 bytes; the largest free piece of RAM beside the kernel and "
                   "below 0x80000000 has 113180672");
    file_u32(0x22c, 0);
    expect_refusal("initrd", "below 0x1 has 0");
}

Test(load_linux, initrd_empty)
{
    initrd_init(0);
    expect_refusal("initrd", "initrd.img is empty");
}

Test(load_linux, cmdline_length)
{
    char *text = malloc(2049);

    memset(text, 'x', 2048);
    text[2048] = 0;
    params.cmdline = text + 1;
    expect_ok();
    cr_assert(guest_is_string(guest_u32(regs.gpr[X86_RSI] + 0x228), text + 1));
    params.cmdline = text;
    expect_refusal("cmdline", "the command line has 2048 characters; vmlinuz takes 2047");
    params.cmdline = NULL;
    expect_ok();
    cr_assert(guest_is_string(guest_u32(regs.gpr[X86_RSI] + 0x228), ""));
    free(text);
}

Test(load_linux, entry_32bit)
{
    file_u16(0x236, 0);
    expect_ok();
    cr_assert_eq(regs.rip, 0x1000000);
    cr_assert_eq(regs.cr0, 0x11);
    cr_assert_eq(regs.efer, 0);
    cr_assert_eq(regs.seg[X86_SEG_CS].attributes, 0xc9b);
    cr_assert_eq(guest_u64(regs.gdtr.base + 0x10), 0x00cf9b000000ffff);
    cr_assert_eq(guest_u32(regs.gpr[X86_RSI] + 0x202), 0x53726448);
    /* Before 2.12 the field was something else. */
    file_u16(0x206, 0x20b);
    file_u16(0x236, 1);
    expect_ok();
    cr_assert_eq(regs.rip, 0x1000000);
}

Test(load_linux, signature_behind_the_kernel_is_not_loaded)
{
    bytes_source_cut(&kernel, kernel.source.size + 100);
    memset(kernel.bytes + SETUP_SIZE + PAYLOAD_SIZE, 0xee, 100);
    expect_ok();
    cr_assert_eq(guest_u8(0x1000000 + PAYLOAD_SIZE), 0);
}

Test(load_linux, syssize_rounded_up)
{
    bytes_source_cut(&kernel, kernel.source.size - 15);
    expect_ok();
    cr_assert_eq(guest_u8(0x1000000 + PAYLOAD_SIZE - 15), 0);
}

Test(load_linux, truncated)
{
    bytes_source_cut(&kernel, kernel.source.size - 16);
    expect_refusal("kernel",
                   "vmlinuz is truncated: it has 35312 bytes, but its header speaks of 2560 of setup "
                   "code and 32768 of kernel");
    bytes_source_cut(&kernel, 0x250);
    expect_refusal("kernel", "vmlinuz is truncated: it has 592 bytes");
    bytes_source_cut(&kernel, 0x207);
    expect_refusal("kernel", "truncated");
}

Test(load_linux, no_payload)
{
    file_u32(0x1f4, 0x20);
    expect_refusal("kernel", "a kernel of 512 bytes has no entry point at 0x200");
    file_u32(0x1f4, 0);
    expect_refusal("kernel", "a kernel of 0 bytes");
    file_u8(0x1f1, 255);
    expect_refusal("kernel", "truncated");
}

Test(load_linux, header_fields)
{
    file_u32(0x230, 0x300000);
    expect_refusal("kernel", "vmlinuz: kernel_alignment 0x300000 is not a power of two");
    file_u32(0x230, 0);
    expect_refusal("kernel", "kernel_alignment 0 is not");
    file_u32(0x230, 0x200000);
    file_u64(0x258, GIB(4));
    expect_refusal("kernel", "pref_address 0x100000000 is not below 4 GiB");
    file_u64(0x258, ~0ULL);
    expect_refusal("kernel", "pref_address");
    file_u64(0x258, 0x1000000);
    file_u8(0x211, 0);
    expect_refusal("kernel", "vmlinuz is a zImage");
    file_u8(0x211, 1);
    file_u8(0x201, 0x40);
    expect_refusal("kernel", "the setup header ends at 0x242, before its fields do (0x264)");
}

Test(load_linux, old_protocol)
{
    file_u16(0x206, 0x207);
    expect_refusal("kernel", "vmlinuz speaks Linux boot protocol 2.07");
    file_u16(0x206, 0x209);
    expect_refusal("kernel", "2.09");
}

/* As memtest86+ has it. */
Test(load_linux, fixed_address)
{
    file_u8(0x234, 0);
    file_u64(0x258, MIB(1));
    file_u32(0x260, 0x70000);
    expect_ok();
    cr_assert_eq(regs.rip, MIB(1) + 0x200);
    file_u32(0x260, 0xffffffff);
    expect_refusal("memory", "needs 4294967295 bytes of RAM at 0x100000, as it cannot be relocated");
    file_u64(0x258, 0);
    file_u32(0x260, 0x70000);
    expect_refusal("memory", "RAM at 0x100000, as");
}

/* A header longer than struct boot_params has room for. */
Test(load_linux, later_header)
{
    file_u8(0x201, 0xff);
    memset(kernel.bytes + 0x280, 0xcc, 0x100);
    expect_ok();
    cr_assert_eq(guest_u8(regs.gpr[X86_RSI] + 0x28f), 0xcc);
    cr_assert_eq(guest_u8(regs.gpr[X86_RSI] + 0x290), 0);
}

Test(load_linux, modules_are_not_for_linux)
{
    struct load_module module = {&kernel.source, "x"};

    params.modules = &module;
    params.module_count = 1;
    expect_refusal("modules", "takes an initrd but no modules");
}

Test(load_linux, memory_map_of_128_ranges)
{
    for (uint64_t i = 0; params.memory_map_count < 128; i++)
        map_add(GIB(8) + i * MIB(1), GIB(8) + i * MIB(1) + 4096, LOAD_RESERVED);
    expect_ok();
    cr_assert_eq(guest_u64(regs.gpr[X86_RSI] + 0x2d0 + 127 * 20), memory_map[127].base);
    map_add(GIB(9), GIB(10), LOAD_RESERVED);
    expect_refusal("memory", "the memory map has 129 ranges, a Linux kernel takes 128");
}

/* Whatever read fails, its error comes through with the place. */
Test(load_linux, reads_that_fail)
{
    unsigned needed;

    initrd_init(MIB(5));
    for (needed = 0;; needed++) {
        int status;

        kernel.reads_left = needed;
        status = fixture_load();
        if (status == 0)
            break;
        cr_assert_eq(status, -EIO);
        cr_assert_str_eq(load_error.field, "kernel");
        cr_assert(strstr(load_error.detail, "vmlinuz cannot be read at offset"), "%s", load_error.detail);
    }
    cr_assert_geq(needed, 4);
    kernel.reads_left = ~0U;
    initrd.reads_left = 1;
    cr_assert_eq(fixture_load(), -EIO);
    cr_assert_str_eq(load_error.field, "initrd");
}

/* The machine's own mistake is an error, too, wherever it shows. */
Test(load_linux, map_without_ram)
{
    static const uint64_t ends[] = {0, 0x11000, 0x12008, 0x13008, 0x14008, 0x19000, 0x9f000};

    for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
        fake_gmem_empty();
        if (ends[i])
            fake_gmem_slot(0, ends[i]);
        fake_gmem_slot(MIB(1), MIB(128));
        if (i == ARRAY_SIZE(ends) - 1)
            expect_ok();
        else
            expect_refusal("memory", "the memory map says RAM at 0x1");
    }
    fake_gmem_empty();
    fake_gmem_slot(0, 0x9f000);
    fake_gmem_slot(MIB(1), MIB(16));
    expect_refusal("memory", "the memory map says RAM at 0x1000000, but there is none");
}

Test(load_linux, no_room_for_parameters)
{
    params.memory_map_count = 0;
    map_add(MIB(16), MIB(16) + INIT_SIZE + 0x9000, LOAD_RAM);
    expect_refusal("memory",
                   "no room for 36878 bytes of boot parameters below 4 GiB; the largest free piece has "
                   "36864");
    memory_map[0].size += 0x1000;
    expect_ok();
    cr_assert_eq(regs.gpr[X86_RSI], MIB(16) + INIT_SIZE);
}

Test(load_linux, unknown_formats)
{
    bytes_source_cut(&kernel, 0);
    expect_refusal("kernel", "vmlinuz is empty");
    bytes_source_cut(&kernel, 1);
    kernel.bytes[0] = 'M';
    expect_refusal("kernel",
                   "vmlinuz is neither a Linux bzImage nor a PVH ELF file nor a multiboot kernel (1 bytes, "
                   "beginning with 4d 00 00 00)");
    bytes_source_cut(&kernel, 4096);
    memset(kernel.bytes, 0, 4096);
    expect_refusal("kernel", "neither");
    file_u16(0, 0x8b1f);
    expect_refusal("kernel", "compressed with gzip");
    kernel.reads_left = 0;
    cr_assert_eq(fixture_load(), -EIO);
}

Test(load_linux, reset_state)
{
    x86_regs_reset(&regs);
    cr_assert_eq(regs.rip, 0xfff0);
    cr_assert_eq(regs.seg[X86_SEG_CS].base, 0xffff0000);
    cr_assert_eq(regs.seg[X86_SEG_CS].selector, 0xf000);
    cr_assert_eq(regs.seg[X86_SEG_CS].attributes, 0x9b);
    cr_assert_eq(regs.seg[X86_SEG_SS].attributes, 0x93);
    cr_assert_eq(regs.seg[X86_SEG_LDTR].attributes, 0x82);
    cr_assert_eq(regs.seg[X86_SEG_GS].limit, 0xffff);
    cr_assert_eq(regs.cr0, 0x60000010);
    cr_assert_eq(regs.rflags, 2);
    cr_assert_eq(regs.dr6, 0xffff0ff0);
    cr_assert_eq(regs.dr7, 0x400);
    cr_assert_eq(regs.gpr[X86_RAX] | regs.cr3 | regs.cr4 | regs.efer, 0);
}
