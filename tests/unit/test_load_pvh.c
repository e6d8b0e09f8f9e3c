/* SPDX-License-Identifier: BSD-2-Clause */
#include "elf_file.h"
#include "load_expect.h"

#define NOTE_AT 0x800

/* A note with a name of four bytes; returns where the next one goes. */
static uint64_t note_put(uint64_t at, const char *name, uint32_t type, uint32_t size, uint64_t value)
{
    file_u32(at, 4);
    file_u32(at + 4, size);
    file_u32(at + 8, type);
    memcpy(kernel.bytes + at + 12, name, 4);
    file_u64(at + 16, value);
    return at + 16 + ALIGN_UP(size, 4);
}

static struct elf_phdr phdrs[3];

static void phdrs_put(bool is_64bit)
{
    for (unsigned i = 0; i < 3; i++)
        elf_phdr_put(is_64bit, i, &phdrs[i]);
    elf_count(is_64bit, 3);
}

/* Like vmlinux: linked high, loaded low, a BSS in the second segment. */
static void kernel_init(bool is_64bit)
{
    uint64_t link = is_64bit ? 0xffffffff80000000 : 0xc0000000;
    uint64_t end;

    bytes_source_free(&kernel);
    elf_init(is_64bit, link + MIB(1));
    phdrs[0] = (struct elf_phdr){1, 0x1000, link + MIB(1), MIB(1), 0x2000, 0x2000};
    phdrs[1] = (struct elf_phdr){1, 0x3000, link + MIB(2), MIB(2), 0x1000, MIB(3)};
    phdrs[2] = (struct elf_phdr){4, NOTE_AT, 0, 0, 0, 0};
    end = note_put(NOTE_AT, "GNU", 3, 20, 0x1234);
    end = note_put(end, "Xen", 6, 7, 0);
    end = note_put(end, "Xen", 18, is_64bit ? 8 : 4, MIB(1) + 0x10);
    phdrs[2].file_size = end - NOTE_AT;
    phdrs_put(is_64bit);
}

static void setup(void)
{
    machine_init(MIB(64), MIB(32));
    kernel_init(true);
    params.cmdline = "console=ttyS0";
    params.rsdp = 0xe0000;
}

TestSuite(load_pvh, .init = setup, .fini = teardown);

static void segments_check(void)
{
    for (uint64_t i = 0; i < 0x2000; i += 4)
        cr_assert_eq(guest_u32(MIB(1) + i), (uint32_t)(0x1000 + i) * 0x9e3779b1);
    for (uint64_t i = 0; i < 0x1000; i += 4)
        cr_assert_eq(guest_u32(MIB(2) + i), (uint32_t)(0x3000 + i) * 0x9e3779b1);
    for (uint64_t i = 0x1000; i < MIB(3); i += 8)
        cr_assert_eq(guest_u64(MIB(2) + i), 0);
}

Test(load_pvh, segments)
{
    uint64_t garbage = ~0ULL;

    /* BSS is cleared whatever was there. */
    cr_assert_eq(gmem_write(&fake_gmem.gmem, gpa(MIB(3)), &garbage, sizeof(garbage)), 0);
    cr_assert_eq(gmem_write(&fake_gmem.gmem, gpa(MIB(5) - 8), &garbage, sizeof(garbage)), 0);
    expect_ok();
    segments_check();
}

Test(load_pvh, elf32)
{
    kernel_init(false);
    expect_ok();
    segments_check();
    cr_assert_eq(regs.rip, MIB(1) + 0x10);
}

Test(load_pvh, registers)
{
    expect_ok();
    cr_assert_eq(regs.rip, MIB(1) + 0x10);
    cr_assert_eq(regs.cr0, 0x11);
    cr_assert_eq(regs.cr4, 0);
    cr_assert_eq(regs.efer, 0);
    cr_assert_eq(regs.rflags, 2);
    cr_assert_eq(regs.seg[X86_SEG_CS].attributes, 0xc9b);
    cr_assert_eq(regs.seg[X86_SEG_DS].attributes, 0xc93);
    cr_assert_eq(regs.seg[X86_SEG_SS].limit, 0xffffffff);
    cr_assert_eq(regs.seg[X86_SEG_TR].limit, 0x67);
}

Test(load_pvh, start_info)
{
    uint64_t info, map, list;
    struct load_module modules[2];
    struct bytes_source second, third;

    bytes_source_init(&initrd, "initrd.img", 5000);
    bytes_source_init(&second, "second", 4096);
    bytes_source_init(&third, "third", 0);
    initrd.bytes[4999] = 1;
    second.bytes[0] = 2;
    modules[0] = (struct load_module){&second.source, "two words"};
    modules[1] = (struct load_module){&third.source, NULL};
    params.initrd = &initrd.source;
    params.modules = modules;
    params.module_count = 2;
    expect_ok();
    info = regs.gpr[X86_RBX];
    cr_assert_eq(guest_u32(info), 0x336ec578);
    cr_assert_eq(guest_u32(info + 4), 1);
    cr_assert_eq(guest_u32(info + 12), 3);
    cr_assert(guest_is_string(guest_u64(info + 24), "console=ttyS0"));
    cr_assert_eq(guest_u64(info + 32), 0xe0000);
    map = guest_u64(info + 40);
    cr_assert_eq(guest_u32(info + 48), params.memory_map_count);
    for (unsigned i = 0; i < params.memory_map_count; i++) {
        cr_assert_eq(guest_u64(map + i * 24), memory_map[i].base);
        cr_assert_eq(guest_u64(map + i * 24 + 8), memory_map[i].size);
        cr_assert_eq(guest_u32(map + i * 24 + 16), memory_map[i].type);
    }
    list = guest_u64(info + 16);
    cr_assert_eq(guest_u64(list), MIB(64) - KIB(64) - 3 * 4096);
    cr_assert_eq(guest_u64(list + 8), 5000);
    cr_assert_eq(guest_u64(list + 16), 0);
    cr_assert_eq(guest_u8(guest_u64(list) + 4999), 1);
    cr_assert_eq(guest_u64(list + 32), MIB(64) - KIB(64) - 4096);
    cr_assert_eq(guest_u64(list + 40), 4096);
    cr_assert(guest_is_string(guest_u64(list + 48), "two words"));
    cr_assert_eq(guest_u8(guest_u64(list + 32)), 2);
    cr_assert_eq(guest_u64(list + 72), 0);
    bytes_source_free(&second);
    bytes_source_free(&third);
}

Test(load_pvh, no_modules)
{
    params.cmdline = NULL;
    expect_ok();
    cr_assert_eq(guest_u32(regs.gpr[X86_RBX] + 12), 0);
    cr_assert_eq(guest_u64(regs.gpr[X86_RBX] + 16), 0);
    cr_assert(guest_is_string(guest_u64(regs.gpr[X86_RBX] + 24), ""));
}

Test(load_pvh, segment_above_4g)
{
    phdrs[1].address = GIB(4);
    phdrs_put(true);
    expect_ok();
    cr_assert_eq(guest_u32(GIB(4)), 0x3000U * 0x9e3779b1);
}

/* Neither the hole nor reserved memory nor what does not exist is RAM. */
Test(load_pvh, segments_outside_ram)
{
    static const uint64_t bad[] = {0x9f000, 0xa0000, 0xe0000, MIB(62), GIB(2), GIB(4) + MIB(30), 1ULL << 40};

    for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
        phdrs[1].address = bad[i];
        phdrs[1].memory_size = bad[i] < MIB(1) ? 0x2000 : MIB(3);
        phdrs_put(true);
        expect_refusal("memory", "which is not all free RAM of the VM");
    }
    phdrs[1].address = 0x9f000;
    phdrs[1].memory_size = 0x2000;
    phdrs_put(true);
    expect_refusal("memory", "kernel.elf wants 0x2000 bytes at 0x9f000");
}

Test(load_pvh, segments_that_contradict)
{
    phdrs[1].address = MIB(1) + 0x1fff;
    phdrs_put(true);
    expect_refusal("kernel", "kernel.elf: the segments at 0x100000 and 0x101fff overlap in memory");
    phdrs[1].address = MIB(2);
    phdrs[1].memory_size = 0xfff;
    phdrs_put(true);
    expect_refusal("kernel", "the segment at 0x200000 has 0x1000 bytes in the file but 0xfff in memory");
    phdrs[1].memory_size = ~0ULL - MIB(2) + 1;
    phdrs_put(true);
    expect_refusal("kernel", "the segment at 0x200000 of 0xffffffffffe00000 bytes ends beyond 64 bits");
    phdrs[1].memory_size = ~0ULL - MIB(2);
    phdrs_put(true);
    expect_refusal("memory", "wants");
    phdrs[1] = (struct elf_phdr){1, ELF_FILE_SIZE - 0xfff, 0, MIB(2), 0x1000, 0x1000};
    phdrs_put(true);
    expect_refusal("kernel",
                   "kernel.elf is truncated: it has 32768 bytes, the segment at 0x200000 needs 4096 at "
                   "28673");
    phdrs[1].offset = ~0ULL;
    phdrs_put(true);
    expect_refusal("kernel", "truncated");
}

Test(load_pvh, headers)
{
    file_u8(4, 3);
    expect_refusal("kernel", "an ELF file of class 3 and byte order 1, not for x86");
    file_u8(4, 2);
    file_u8(5, 2);
    expect_refusal("kernel", "byte order 2");
    file_u8(5, 1);
    file_u16(18, 183);
    expect_refusal("kernel", "an ELF file for machine 183, not for x86");
    file_u16(18, 62);
    file_u16(16, 1);
    expect_refusal("kernel", "an ELF file of type 1, not an executable");
    file_u16(16, 3);
    expect_ok();
    file_u16(54, 57);
    expect_refusal("kernel", "3 program headers of 57 bytes, where an executable has some of 56");
    file_u16(54, 56);
    elf_count(true, 0);
    expect_refusal("kernel", "0 program headers");
    elf_count(true, 0xffff);
    expect_refusal("kernel", "truncated: it has 32768 bytes, but its headers speak of 56 at");
    elf_count(true, 3);
    file_u64(32, ~0ULL - 8);
    expect_refusal("kernel", "truncated");
    bytes_source_cut(&kernel, 63);
    expect_refusal("kernel", "truncated");
    bytes_source_cut(&kernel, 51);
    expect_refusal("kernel", "truncated");
}

Test(load_pvh, number_of_segments)
{
    uint64_t note = phdrs[2].file_size;

    file_u64(NOTE_AT + note - 8, MIB(1) + 0x1010);
    for (unsigned i = 0; i < 34; i++) {
        struct elf_phdr p = {1, 0x1000, 0, MIB(1) + i * 0x1000, 0x10, 0x1000};

        if (i == 33)
            p = (struct elf_phdr){4, NOTE_AT, 0, 0, note, 0};
        elf_phdr_put(true, (0x4000 - 64) / 56 + 1 + i, &p);
    }
    file_u64(32, elf_phdr_at(true, (0x4000 - 64) / 56 + 2));
    elf_count(true, 33);
    expect_ok();
    file_u64(32, elf_phdr_at(true, (0x4000 - 64) / 56 + 1));
    elf_count(true, 34);
    expect_refusal("kernel", "kernel.elf has more than 32 segments");
}

Test(load_pvh, entry)
{
    uint64_t at = NOTE_AT + phdrs[2].file_size - 8;

    file_u64(at, MIB(2) - 1);
    expect_refusal("kernel", "the PVH entry point 0x1fffff is in no segment below 4 GiB");
    file_u64(at, GIB(4));
    phdrs[1].address = GIB(4);
    phdrs_put(true);
    expect_refusal("kernel", "the PVH entry point 0x100000000 is in no segment");
    file_u64(at, ~0ULL);
    expect_refusal("kernel", "in no segment");
}

Test(load_pvh, notes)
{
    uint64_t xen = NOTE_AT + phdrs[2].file_size - 24;

    file_u32(xen + 4, 6);
    expect_refusal("kernel", "the PVH entry note has 6 bytes");
    file_u32(xen + 4, 8);
    /* Names and types that are nearly right. */
    kernel.bytes[xen + 14] = 'm';
    expect_refusal("kernel",
                   "kernel.elf is an ELF file with neither a PVH entry note nor a multiboot header");
    kernel.bytes[xen + 14] = 'n';
    file_u32(xen + 8, 17);
    expect_refusal("kernel", "neither");
    file_u32(xen + 8, 18);
    /* Sizes that lead out of the segment, or around. */
    file_u32(NOTE_AT, 0xffffffff);
    expect_refusal("kernel", "neither");
    file_u32(NOTE_AT, 0x5000);
    expect_refusal("kernel", "neither");
    file_u32(NOTE_AT, 4);
    file_u32(NOTE_AT + 4, 0xfffffff9);
    expect_refusal("kernel", "neither");
    file_u32(NOTE_AT + 4, 20);
    phdrs[2].file_size = 11;
    phdrs_put(true);
    expect_refusal("kernel", "neither");
    phdrs[2].file_size = 0x1000;
    phdrs[2].offset = ELF_FILE_SIZE - 8;
    phdrs_put(true);
    expect_refusal("kernel", "truncated");
    /* The descriptor is behind the end of the file. */
    note_put(ELF_FILE_SIZE - 24, "Xen", 18, 8, MIB(1));
    bytes_source_cut(&kernel, ELF_FILE_SIZE - 2);
    phdrs[2].offset = ELF_FILE_SIZE - 24;
    phdrs_put(true);
    expect_refusal("kernel", "truncated");
}

Test(load_pvh, nothing_to_load)
{
    phdrs[0].memory_size = phdrs[0].file_size = 0;
    phdrs[1].type = 0x6474e551;
    phdrs_put(true);
    expect_refusal("kernel", "kernel.elf is an ELF file with nothing to load");
}

Test(load_pvh, modules_too_large)
{
    struct load_module module;
    struct bytes_source huge = {.source = {bytes_read, ~0ULL, "huge"}};

    bytes_source_init(&initrd, "initrd.img", MIB(60));
    params.initrd = &initrd.source;
    expect_refusal("initrd",
                   "1 files of 62914560 bytes with whole pages; the largest free piece of RAM beside the "
                   "kernel and below 4 GiB has 61800448");
    module = (struct load_module){&huge.source, NULL};
    params.initrd = NULL;
    params.modules = &module;
    params.module_count = 1;
    expect_refusal("modules", "1 files of 18446744073709551615 bytes");
    huge.source.size = ~0ULL - 8191;
    params.initrd = &initrd.source;
    expect_refusal("initrd", "2 files");
}

/* The structures go where neither segments nor modules are. */
Test(load_pvh, structures_beside_a_low_kernel)
{
    phdrs[0].address = 0x10000;
    file_u64(NOTE_AT + phdrs[2].file_size - 8, 0x10000);
    phdrs_put(true);
    expect_ok();
    cr_assert_eq(regs.rip, 0x10000);
    cr_assert_eq(regs.gpr[X86_RBX], MIB(5));
    params.memory_map_count = 0;
    map_add(0x10000, 0x9f000, LOAD_RAM);
    map_add(MIB(2), MIB(5), LOAD_RAM);
    expect_refusal("memory", "no room for");
}

Test(load_pvh, reads_that_fail)
{
    for (unsigned needed = 0;; needed++) {
        int status;

        kernel.reads_left = needed;
        status = fixture_load();
        if (status == 0)
            break;
        cr_assert_eq(status, -EIO);
        cr_assert(strstr(load_error.detail, "kernel.elf cannot be read"), "%s", load_error.detail);
        cr_assert_lt(needed, 100);
    }
}
