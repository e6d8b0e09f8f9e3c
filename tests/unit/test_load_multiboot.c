/* SPDX-License-Identifier: BSD-2-Clause */
#include "elf_file.h"
#include "load_expect.h"

#define HEADER_AT 0x1000
#define MAGIC     0x1badb002

static void header_put(uint64_t at, uint32_t flags)
{
    file_u32(at, MAGIC);
    file_u32(at + 4, flags);
    file_u32(at + 8, -(MAGIC + flags));
}

static struct elf_phdr phdrs[2];

static void phdrs_put(void)
{
    for (unsigned i = 0; i < 2; i++)
        elf_phdr_put(false, i, &phdrs[i]);
    elf_count(false, 2);
}

static void elf_kernel_init(void)
{
    bytes_source_free(&kernel);
    elf_init(false, 0xc0100020);
    phdrs[0] = (struct elf_phdr){1, 0x1000, 0xc0100000, MIB(1), 0x2000, 0x2000};
    phdrs[1] = (struct elf_phdr){1, 0x3000, 0xc0200000, MIB(2), 0x1000, 0x8000};
    phdrs_put();
    header_put(HEADER_AT, 3);
}

/* A flat file with the addresses in its header, which lies at `at`: loaded to `load` from the file's start.
 */
static void flat_kernel_init(uint64_t at, uint32_t load, uint32_t load_end, uint32_t bss_end)
{
    bytes_source_free(&kernel);
    bytes_source_init(&kernel, "kernel.bin", 0x4000);
    for (uint32_t i = 0; i < 0x4000; i += 4)
        file_u32(i, i * 0x9e3779b1);
    header_put(at, 0x10003);
    file_u32(at + 12, load + (uint32_t)at);
    file_u32(at + 16, load);
    file_u32(at + 20, load_end);
    file_u32(at + 24, bss_end);
    file_u32(at + 28, load + 0x40);
}

static void setup(void)
{
    machine_init(MIB(32), 0);
    elf_kernel_init();
    params.cmdline = "one two";
}

TestSuite(load_multiboot, .init = setup, .fini = teardown);

static void copied(uint64_t address, uint32_t offset, uint32_t size)
{
    for (uint32_t i = 0; i < size; i += 4) {
        uint32_t wanted;

        memcpy(&wanted, kernel.bytes + offset + i, 4);
        cr_assert_eq(guest_u32(address + i), wanted);
    }
}

Test(load_multiboot, elf32)
{
    expect_ok();
    copied(MIB(1), 0x1000, 0x2000);
    copied(MIB(2), 0x3000, 0x1000);
    cr_assert_eq(guest_u64(MIB(2) + 0x1000), 0);
    cr_assert_eq(regs.rip, MIB(1) + 0x20, "e_entry is virtual");
    cr_assert_eq(regs.gpr[X86_RAX], 0x2badb002);
    cr_assert_eq(regs.cr0, 0x11);
    cr_assert_eq(regs.seg[X86_SEG_CS].attributes, 0xc9b);
    cr_assert_eq(regs.rflags, 2);
}

Test(load_multiboot, entry)
{
    file_u32(24, MIB(2) + 4);
    expect_ok();
    cr_assert_eq(regs.rip, MIB(2) + 4, "some kernels' e_entry is physical");
    file_u32(24, 0xc0102000);
    expect_refusal("kernel", "the entry point 0xc0102000 is outside what is loaded");
    file_u32(24, 0);
    expect_refusal("kernel", "entry point 0 is outside");
}

Test(load_multiboot, information)
{
    struct load_module modules[2];
    struct bytes_source file;
    uint64_t info, list, map;

    bytes_source_init(&initrd, "initrd.img", 4097);
    bytes_source_init(&file, "file", 100);
    initrd.bytes[4096] = 7;
    file.bytes[99] = 8;
    modules[0] = (struct load_module){&file.source, "file a=b"};
    modules[1] = (struct load_module){&file.source, NULL};
    params.initrd = &initrd.source;
    params.modules = modules;
    params.module_count = 2;
    expect_ok();
    info = regs.gpr[X86_RBX];
    cr_assert_lt(info, 0xa0000);
    cr_assert_eq(guest_u32(info), 0x24d);
    cr_assert_eq(guest_u32(info + 4), 639);
    cr_assert_eq(guest_u32(info + 8), (MIB(31) - KIB(64)) / 1024);
    cr_assert(guest_is_string(guest_u32(info + 16), "one two"));
    cr_assert(guest_is_string(guest_u32(info + 64), "basalt"));
    cr_assert_eq(guest_u32(info + 20), 3);
    list = guest_u32(info + 24);
    cr_assert_eq(guest_u32(list), MIB(2) + 0x8000, "right behind the kernel");
    cr_assert_eq(guest_u32(list + 4), MIB(2) + 0x9001);
    cr_assert_eq(guest_u8(guest_u32(list) + 4096), 7);
    cr_assert(guest_is_string(guest_u32(list + 8), ""));
    cr_assert_eq(guest_u32(list + 16), MIB(2) + 0xa000);
    cr_assert_eq(guest_u32(list + 20), MIB(2) + 0xa064);
    cr_assert(guest_is_string(guest_u32(list + 24), "file a=b"));
    cr_assert_eq(guest_u8(guest_u32(list + 32) + 99), 8);
    cr_assert_eq(guest_u32(info + 44), params.memory_map_count * 24);
    map = guest_u32(info + 48);
    for (unsigned i = 0; i < params.memory_map_count; i++) {
        cr_assert_eq(guest_u32(map + i * 24), 20);
        cr_assert_eq(guest_u64(map + i * 24 + 4), memory_map[i].base);
        cr_assert_eq(guest_u64(map + i * 24 + 12), memory_map[i].size);
        cr_assert_eq(guest_u32(map + i * 24 + 20), memory_map[i].type);
    }
    bytes_source_free(&file);
}

Test(load_multiboot, memory_sizes)
{
    params.memory_map_count = 0;
    map_add(0x1000, 0xa0000, LOAD_RAM);
    map_add(MIB(1), MIB(4), LOAD_RAM);
    map_add(MIB(4), MIB(6), LOAD_RAM);
    map_add(MIB(7), MIB(8), LOAD_RAM);
    expect_ok();
    cr_assert_eq(guest_u32(regs.gpr[X86_RBX] + 4), 0);
    cr_assert_eq(guest_u32(regs.gpr[X86_RBX] + 8), 5 * 1024);
}

static uint32_t ones_sum(uint64_t at, uint64_t size)
{
    uint32_t sum = 0;

    for (uint64_t i = 0; i < size; i += 2)
        sum += (uint32_t)guest_word(at + i, 2);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

/* GRUB as a coreboot payload has its memory from there. */
Test(load_multiboot, coreboot_table)
{
    expect_ok();
    cr_assert_eq(guest_u32(0x500), 0x4f49424c);
    cr_assert_eq(guest_u32(0x50c), 8 + params.memory_map_count * 20);
    cr_assert_eq(guest_u32(0x518), 1);
    cr_assert_eq(guest_u64(0x520 + 20), memory_map[1].base);
    cr_assert_eq(guest_u64(0x520 + 28), memory_map[1].size);
    cr_assert_eq(guest_u32(0x520 + 36), memory_map[1].type);
    cr_assert_eq(ones_sum(0x518, guest_u32(0x50c)), guest_u32(0x510) ^ 0xffff);
    cr_assert_eq(ones_sum(0x500, 24), 0xffff);
    /* Not where the kernel is, and not without room. */
    phdrs[0].address = 0x400;
    phdrs_put();
    expect_ok();
    copied(0x400, 0x1000, 0x2000);
    fake_gmem_free();
    elf_kernel_init();
    machine_init(MIB(32), 0);
    for (uint64_t i = 0; i < 140; i++)
        map_add(GIB(8) + i * MIB(1), GIB(8) + i * MIB(1) + 4096, LOAD_RESERVED);
    expect_ok();
    cr_assert_eq(guest_u32(0x500), 0);
}

Test(load_multiboot, elf64)
{
    bytes_source_free(&kernel);
    elf_init(true, MIB(1));
    phdrs[0] = (struct elf_phdr){1, 0x1000, MIB(1), MIB(1), 0x2000, 0x2000};
    elf_phdr_put(true, 0, &phdrs[0]);
    elf_count(true, 1);
    header_put(HEADER_AT, 0);
    expect_refusal("kernel",
                   "kernel.elf is a 64-bit ELF file, which multiboot 1 takes only with address fields");
    header_put(HEADER_AT, 0x10000);
    file_u32(HEADER_AT + 12, MIB(1));
    file_u32(HEADER_AT + 16, MIB(1));
    file_u32(HEADER_AT + 20, 0);
    file_u32(HEADER_AT + 24, 0);
    file_u32(HEADER_AT + 28, MIB(1) + 0x30);
    expect_ok();
    cr_assert_eq(regs.rip, MIB(1) + 0x30);
    copied(MIB(1), 0x1000, ELF_FILE_SIZE - 0x1000);
}

Test(load_multiboot, addresses)
{
    uint64_t garbage = ~0ULL;

    flat_kernel_init(0, MIB(1), MIB(1) + 0x3000, MIB(1) + 0x5000);
    cr_assert_eq(gmem_write(&fake_gmem.gmem, gpa(MIB(1) + 0x3000), &garbage, 8), 0);
    expect_ok();
    copied(MIB(1), 0, 0x3000);
    cr_assert_eq(guest_u64(MIB(1) + 0x3000), 0);
    cr_assert_eq(regs.rip, MIB(1) + 0x40);
    /* The whole file, nothing behind it. */
    flat_kernel_init(0x1ff0 - 16, MIB(1), 0, 0);
    expect_ok();
    copied(MIB(1), 0, 0x4000);
    /* What is loaded begins at the header. */
    flat_kernel_init(0x100, MIB(1), 0, 0);
    file_u32(0x100 + 12, MIB(1));
    expect_ok();
    copied(MIB(1), 0x100, 0x3f00);
}

Test(load_multiboot, addresses_that_contradict)
{
    flat_kernel_init(0x100, MIB(1), 0, 0);
    file_u32(0x100 + 12, MIB(1) - 4);
    expect_refusal("kernel",
                   "the multiboot header at 256 says it belongs to 0xffffc, of an image that begins at "
                   "0x100000");
    file_u32(0x100 + 12, MIB(1) + 0x104);
    expect_refusal("kernel", "header at 256");
    flat_kernel_init(0x100, MIB(1), MIB(1), 0);
    expect_refusal("kernel",
                   "multiboot addresses run backwards: load 0x100000, end 0x100000, BSS end 0x100000");
    flat_kernel_init(0x100, MIB(1), MIB(1) + 0x1000, MIB(1) + 0xfff);
    expect_refusal("kernel", "backwards");
    flat_kernel_init(0x100, MIB(1), MIB(1) + 0x4001, 0);
    expect_refusal("kernel",
                   "kernel.bin is truncated: it has 16384 bytes, its multiboot header needs 16385 at 0");
    flat_kernel_init(0x100, MIB(1), 0, MIB(1) + 0x3fff);
    expect_refusal("kernel", "backwards");
    flat_kernel_init(0x100, MIB(1), 0, 0);
    file_u32(0x100 + 28, MIB(1) + 0x4000);
    expect_refusal("kernel", "the entry point 0x104000 is outside");
    flat_kernel_init(0x100, 0xfffff000, 0, 0);
    expect_refusal("memory", "which is not all free RAM of the VM");
    flat_kernel_init(0x100, MIB(1), 0, 0xffffffff);
    expect_refusal("memory", "not all free RAM");
    flat_kernel_init(0x100, 0x9f000, 0, 0);
    expect_refusal("memory", "kernel.bin wants 0x4000 bytes at 0x9f000");
}

Test(load_multiboot, features)
{
    header_put(HEADER_AT, 7);
    expect_ok();
    header_put(HEADER_AT, 0x8);
    expect_refusal("kernel", "kernel.elf insists on multiboot features 0x8, of which only 0x7 are known");
    header_put(HEADER_AT, 0xfffe0000);
    expect_ok();
}

/* Aligned to four bytes, within the first 8 KiB, checksum right. */
Test(load_multiboot, search)
{
    static const uint64_t good[] = {0x400, 0x5f4, 0x1fc, 8192 - 12}, bad[] = {0x402, 8192 - 8, 8192};

    for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
        elf_kernel_init();
        memset(kernel.bytes + HEADER_AT, 0, 12);
        header_put(good[i], 0);
        expect_ok();
    }
    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        elf_kernel_init();
        memset(kernel.bytes + HEADER_AT, 0, 12);
        header_put(bad[i], 0);
        expect_refusal("kernel", "neither a PVH entry note nor a multiboot header");
    }
    elf_kernel_init();
    file_u32(HEADER_AT + 8, 0);
    expect_refusal("kernel", "neither");
    /* One that is none before one that is. */
    header_put(0x800, 0);
    file_u32(0x808, 1);
    header_put(HEADER_AT, 0);
    expect_ok();
}

Test(load_multiboot, header_at_the_end_of_the_file)
{
    flat_kernel_init(0x100, MIB(1), 0, 0);
    bytes_source_cut(&kernel, 0x11f);
    expect_refusal("kernel", "truncated");
    bytes_source_cut(&kernel, 0x10b);
    expect_refusal("kernel", "neither");
    bytes_source_cut(&kernel, 0x103);
    expect_refusal("kernel", "neither");
}

Test(load_multiboot, without_addresses_and_no_elf)
{
    flat_kernel_init(0x100, MIB(1), 0, 0);
    header_put(0x100, 0);
    expect_refusal("kernel", "kernel.bin has a multiboot header without addresses, and is no ELF file");
}

Test(load_multiboot, broken_elf)
{
    phdrs[0].file_size = 0x3000;
    phdrs_put();
    expect_refusal("kernel", "0x3000 bytes in the file but 0x2000 in memory");
}

Test(load_multiboot, modules_too_large)
{
    struct load_module module;

    bytes_source_init(&initrd, "file", MIB(30));
    module = (struct load_module){&initrd.source, NULL};
    params.modules = &module;
    params.module_count = 1;
    expect_refusal("modules",
                   "1 files of 31457280 bytes with whole pages; the largest free piece of RAM beside the "
                   "kernel and below 4 GiB has 31358976");
    params.module_count = 0;
    params.initrd = &initrd.source;
    expect_refusal("initrd", "1 files of 31457280 bytes");
    bytes_source_cut(&initrd, MIB(29));
    initrd.reads_left = 2;
    cr_assert_eq(fixture_load(), -EIO);
    cr_assert_str_eq(load_error.field, "initrd");
}

Test(load_multiboot, no_room_for_information)
{
    params.memory_map_count = 0;
    map_add(MIB(1), MIB(2) + 0x8000, LOAD_RAM);
    expect_refusal("memory", "no room for");
}

Test(load_multiboot, map_without_ram)
{
    /* Strings, map and list of the information, coreboot's table: written by different functions. */
    for (uint64_t end = 0x500; end < 0x600; end += 8) {
        fake_gmem_empty();
        fake_gmem_slot(0, end);
        fake_gmem_slot(0x10000, MIB(32));
        if (end < 0x520 + 20 * params.memory_map_count)
            expect_refusal("memory", "the memory map says RAM at 0x5");
        else
            expect_ok();
    }
    for (uint64_t end = 0x10000; end < 0x10200; end += 8) {
        fake_gmem_empty();
        fake_gmem_slot(MIB(1), MIB(32));
        fake_gmem_slot(0, 0x1000);
        if (end > 0x10000)
            fake_gmem_slot(0x10000, end);
        if (fixture_load() == 0)
            return;
        cr_assert_str_eq(load_error.field, "memory");
    }
    cr_assert_fail("never enough");
}

Test(load_multiboot, reads_that_fail)
{
    for (unsigned needed = 0;; needed++) {
        int status;

        kernel.reads_left = needed;
        status = fixture_load();
        if (status == 0)
            break;
        cr_assert_eq(status, -EIO);
        cr_assert_lt(needed, 100);
    }
}
