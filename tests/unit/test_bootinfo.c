/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../platform/firmware/efi_handover.h"
#include "fake_phys.h"

#include <core/cmdline.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>

const char builtin_cmdline[] = "loglevel=debug";

static int option_any(const char *value)
{
    (void)value;
    return 0;
}
BOOT_OPTION("loglevel", option_any, "error|warning|info|debug");

static int option_no(const char *value)
{
    (void)value;
    return -EINVAL;
}
BOOT_OPTION("ip", option_no, "dhcp|ADDRESS/PREFIX");

static struct fake_phys phys;
static struct host_info info;
static struct arena arena;
static uint8_t buffer[1 << 17];
static struct boot_handover handover;

static void setup(void)
{
    fake_phys_init(&phys);
    arena_init(&arena, buffer, sizeof(buffer));
    handover = (struct boot_handover){.image = hpa(0x200000), .image_size = 0x100000};
}

static void teardown(void)
{
    fake_phys_free(&phys);
}

TestSuite(bootinfo, .init = setup, .fini = teardown);

static void build(uint64_t kind, uint64_t address)
{
    handover.kind = kind;
    handover.info = hpa(address);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), 0);
}

static const struct host_memory_range *range_at(uint64_t address)
{
    for (size_t i = 0; i < info.memory_count; i++) {
        if (info.memory[i].base.v <= address && address - info.memory[i].base.v < info.memory[i].size)
            return &info.memory[i];
    }
    return NULL;
}

static void string_add(uint64_t at, const char *text)
{
    fake_phys_add(&phys, at, text, strlen(text) + 1);
}

/* --- multiboot --- */

static void mmap_put(uint8_t *e, uint64_t base, uint64_t size, uint32_t type)
{
    put_u32(e, 20);
    put_u64(e + 4, base);
    put_u64(e + 12, size);
    put_u32(e + 20, type);
}

/* As iPXE does it: type-1 entries only, URI in front. */
static uint8_t *multiboot_ipxe(void)
{
    uint8_t *mbi = fake_phys_add(&phys, 0x9000, NULL, 116);
    uint8_t *map = fake_phys_add(&phys, 0x9100, NULL, 48);

    put_u32(mbi, 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
    put_u32(mbi + 16, 0x9200);
    string_add(0x9200, "http://10.0.2.2/basalt.elf ip=dhcp token=a");
    put_u32(mbi + 44, 48);
    put_u32(mbi + 48, 0x9100);
    mmap_put(map, 0, 0x9fc00, 1);
    mmap_put(map + 24, 0x100000, 0x7ee0000, 1);
    put_u32(mbi + 64, 0x9300);
    string_add(0x9300, "iPXE 1.21.1");
    return mbi;
}

static void module_put(uint8_t *m, uint32_t start, uint32_t end, uint32_t string)
{
    put_u32(m, start);
    put_u32(m + 4, end);
    put_u32(m + 8, string);
}

Test(bootinfo, multiboot_from_ipxe)
{
    uint8_t *mbi = multiboot_ipxe();
    uint8_t *mods = fake_phys_add(&phys, 0x9400, NULL, 48);

    put_u32(mbi + 24, 0x9400);
    module_put(mods, 0x7f00010, 0x7f00020, 0x9500);
    put_u32(mbi + 20, 3);
    module_put(mods + 32, 0x7ffe100, 0x7ffe100, 0x9650);
    string_add(0x9650, "http://10.0.2.2/");              /* no base name */
    module_put(mods + 16, 0x7ffe000, 0x7ffe004, 0x9600); /* outside the map: iPXE hides its own memory */
    string_add(0x9500, "http://10.0.2.2/a/tokens?x=/y  arg1 arg2");
    string_add(0x9600, "tftp://10.0.2.2/x name=disk rest");
    fake_phys_add(&phys, 0x7f00010, "0123456789abcdef", 16);
    fake_phys_add(&phys, 0x7ffe000, "abcd", 4);
    build(BOOT_KIND_MULTIBOOT1, 0x9000);

    cr_assert_eq(info.firmware, HOST_FW_BIOS);
    cr_assert_str_eq(info.loader, "iPXE 1.21.1");
    cr_assert_str_eq(info.cmdline, "loglevel=debug ip=dhcp token=a");
    cr_assert_eq(info.module_count, 3);
    cr_assert_str_eq(info.modules[0].name, "tokens");
    cr_assert_str_eq(info.modules[0].cmdline, "arg1 arg2");
    cr_assert(info.modules[0].base.v == 0x7f00010 && info.modules[0].size == 16);
    cr_assert_str_eq(info.modules[1].name, "disk");
    cr_assert_str_eq(info.modules[1].cmdline, "rest");
    cr_assert_str_eq(info.modules[2].name, "module2");
    cr_assert_eq(range_at(0)->type, HOST_MEM_RESERVED);
    cr_assert_eq(range_at(0x1000)->type, HOST_MEM_LOW);
    cr_assert_eq(range_at(0x9f000), NULL);
    cr_assert_eq(range_at(0x100000)->type, HOST_MEM_USABLE);
    cr_assert_eq(range_at(0x200000)->type, HOST_MEM_IMAGE);
    cr_assert_eq(range_at(0x2fffff)->type, HOST_MEM_IMAGE);
    cr_assert_eq(range_at(0x7f00000)->type, HOST_MEM_MODULE);
    cr_assert_eq(range_at(0x7f01000)->type, HOST_MEM_USABLE);
    cr_assert_eq(range_at(0x7ffe000)->type, HOST_MEM_MODULE);
    cr_assert_eq(info.ap_trampoline.v, 0x9b000);
    cr_assert(info.node_count == 1 && info.cpu_count == 0);
    cr_assert(has_warning(&info, "no ACPI"));
}

Test(bootinfo, overlapping_modules_are_refused)
{
    uint8_t *mbi = multiboot_ipxe();
    uint8_t *mods = fake_phys_add(&phys, 0x9400, NULL, 16 * 6);

    put_u32(mbi + 20, 6);
    put_u32(mbi + 24, 0x9400);
    fake_phys_add(&phys, 0x1000000, NULL, 0x10000);
    module_put(mods, 0x1000000, 0x1002000, 0);      /* overlaps the next */
    module_put(mods + 16, 0x1001000, 0x1003000, 0); /* overlaps both neighbours */
    module_put(mods + 32, 0x1002800, 0x1004000, 0); /* overlaps the one before */
    module_put(mods + 48, 0x1008000, 0x1009000, 0); /* good */
    module_put(mods + 64, 0x2ff000, 0x301000, 0);   /* overlaps the image */
    module_put(mods + 80, 0x1009000, 0x1008000, 0); /* backwards */
    build(BOOT_KIND_MULTIBOOT1, 0x9000);
    cr_assert_eq(info.module_count, 1);
    cr_assert_str_eq(info.modules[0].name, "module3");
    cr_assert(has_warning(&info, "\"module0\""));
    cr_assert(has_warning(&info, "\"module1\""));
    cr_assert(has_warning(&info, "\"module2\""));
    cr_assert(has_warning(&info, "\"module4\" at 0x2ff000, 8192 bytes: overlaps the hypervisor image"));
    cr_assert(has_warning(&info, "ends at 0x1008000 before"));
    cr_assert_eq(range_at(0x1001000)->type, HOST_MEM_USABLE);
}

Test(bootinfo, module_inside_another_far_behind)
{
    uint8_t *mbi = multiboot_ipxe();
    uint8_t *mods = fake_phys_add(&phys, 0x9400, NULL, 16 * 3);

    put_u32(mbi + 20, 3);
    put_u32(mbi + 24, 0x9400);
    module_put(mods, 0x1000000, 0x1100000, 0);
    module_put(mods + 16, 0x1001000, 0x1002000, 0);
    module_put(mods + 32, 0x1005000, 0x1005000, 0); /* empty: harmless */
    build(BOOT_KIND_MULTIBOOT1, 0x9000);
    cr_assert_eq(info.module_count, 1);
    cr_assert_eq(info.modules[0].size, 0);
}

Test(bootinfo, module_that_cannot_be_read)
{
    uint8_t *mbi = multiboot_ipxe();
    uint8_t *mods = fake_phys_add(&phys, 0x9400, NULL, 16);

    put_u32(mbi + 20, 1);
    put_u32(mbi + 24, 0x9400);
    module_put(mods, 0x1000000, 0x1100000, 0);
    build(BOOT_KIND_MULTIBOOT1, 0x9000);
    cr_assert_eq(info.module_count, 0);
    cr_assert(has_warning(&info, "cannot be read"));
    put_u32(mbi + 20, 0xffffffff);
    build(BOOT_KIND_MULTIBOOT1, 0x9000);
    cr_assert(has_warning(&info, "4294967295 modules"));
}

Test(bootinfo, multiboot_from_grub_and_qemu)
{
    uint8_t *mbi = multiboot_ipxe();

    put_u32(mbi + 64, 0x9700);
    string_add(0x9700, "GRUB 2.06");
    put_u32(mbi + 16, 0x9800);
    string_add(0x9800, "ip=dhcp");
    build(BOOT_KIND_MULTIBOOT1, 0x9000);
    cr_assert_str_eq(info.cmdline, "loglevel=debug ip=dhcp");
    put_u32(mbi + 64, 0x9900);
    string_add(0x9900, "qemu");
    put_u32(mbi + 16, 0x9a00);
    string_add(0x9a00, "basalt.elf ip=dhcp ");
    build(BOOT_KIND_MULTIBOOT1, 0x9000);
    cr_assert_str_eq(info.cmdline, "loglevel=debug ip=dhcp ");
}

Test(bootinfo, multiboot_map_with_a_broken_entry)
{
    uint8_t *mbi = multiboot_ipxe();

    (void)mbi;
    put_u32(phys.pieces[1].bytes + 24, 4000);
    handover.kind = BOOT_KIND_MULTIBOOT1;
    handover.info = hpa(0x9000);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL,
                 "no usable memory is left");
    cr_assert(has_warning(&info, "the rest is ignored"));
}

Test(bootinfo, multiboot_sizes_only)
{
    uint8_t *mbi = fake_phys_add(&phys, 0x9000, NULL, 116);

    put_u32(mbi, 1);
    put_u32(mbi + 4, 639);
    put_u32(mbi + 8, 64 * 1024);
    build(BOOT_KIND_MULTIBOOT1, 0x9000);
    cr_assert_eq(range_at(0x3ffffff)->type, HOST_MEM_USABLE);
    cr_assert_eq(range_at(0x4100000), NULL);
    cr_assert(has_warning(&info, "no memory map"));
    put_u32(mbi, 0);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL);
}

/* --- PVH --- */

Test(bootinfo, pvh)
{
    uint8_t *si = fake_phys_add(&phys, 0x6000, NULL, 56);
    uint8_t *map = fake_phys_add(&phys, 0x6100, NULL, 24 * 4);
    uint8_t *mods = fake_phys_add(&phys, 0x6200, NULL, 64);

    put_u32(si, 0x336ec578);
    put_u32(si + 4, 1);
    put_u32(si + 12, 2);
    put_u64(si + 16, 0x6200);
    put_u64(si + 24, 0x6300);
    string_add(0x6300, "loglevel=x");
    put_u64(si + 40, 0x6100);
    put_u32(si + 48, 4);
    put_u64(map, 0), put_u64(map + 8, 0xa0000), put_u32(map + 16, 1);
    put_u64(map + 24, 0x100000), put_u64(map + 32, 0x7f00000), put_u32(map + 40, 1);
    put_u64(map + 48, 0x100000000), put_u64(map + 56, 0x80000000), put_u32(map + 64, 1);
    put_u64(map + 72, 0xfffc0000), put_u64(map + 80, 0x40000), put_u32(map + 88, 99);
    put_u64(mods, 0x1000000);
    put_u64(mods + 8, 0x83);
    put_u64(mods + 32, 0x2000000);
    put_u64(mods + 40, 5);
    put_u64(mods + 48, 0x6400);
    string_add(0x6400, "linux console=ttyS0");
    fake_phys_add(&phys, 0x2000000, "abcde", 5);
    {
        uint8_t *a = fake_phys_add(&phys, 0x1000000, NULL, 0x83);

        snprintf((char *)a, 0x83, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, 0100600, 0,
                 0, 1, 0, 3, 0, 0, 0, 0, 7, 0);
        memcpy(a + 110, "tokens\0\0\0\0abc", 13);
    }
    build(BOOT_KIND_PVH, 0x6000);
    cr_assert_eq(info.firmware, HOST_FW_PVH);
    cr_assert_eq(info.module_count, 2);
    cr_assert_str_eq(info.modules[0].name, "tokens");
    cr_assert(info.modules[0].size == 3 && info.modules[0].base.v == 0x1000000 + 120);
    cr_assert_str_eq(info.modules[1].name, "linux");
    cr_assert_eq(range_at(0x100000000)->type, HOST_MEM_USABLE);
    cr_assert_eq(range_at(0xfffff000)->type, HOST_MEM_RESERVED);
}

Test(bootinfo, pvh_refused)
{
    uint8_t *si = fake_phys_add(&phys, 0x6000, NULL, 56);

    handover.kind = BOOT_KIND_PVH;
    handover.info = hpa(0x6000);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL);
    put_u32(si, 0x336ec578);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL, "version 0");
    put_u32(si + 4, 1);
    put_u32(si + 48, 1000);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL, "no map there");
}

/* --- Linux --- */

static uint8_t *params_add(void)
{
    uint8_t *p = fake_phys_add(&phys, 0x90000, NULL, 4096);

    memcpy(p + 0x202, "HdrS", 4);
    p[0x210] = 0x72;
    p[0x1e8] = 2;
    put_u64(p + 0x2d0, 0), put_u64(p + 0x2d8, 0x9f000), put_u32(p + 0x2e0, 1);
    put_u64(p + 0x2e4, 0x100000), put_u64(p + 0x2ec, 0x3f00000), put_u32(p + 0x2f4, 1);
    return p;
}

Test(bootinfo, linux_e820_initrd_and_cmdline)
{
    uint8_t *p = params_add();

    put_u32(p + 0x228, 0x91000);
    string_add(0x91000, "BOOT_IMAGE=/boot/basalt ip=dhcp");
    put_u32(p + 0x218, 0x3000000);
    put_u32(p + 0x21c, 6);
    fake_phys_add(&phys, 0x3000000, "secret", 6);
    put_u64(p + 0x070, 0x1234);
    build(BOOT_KIND_LINUX, 0x90000);
    cr_assert_str_eq(info.cmdline, "loglevel=debug BOOT_IMAGE=/boot/basalt ip=dhcp");
    cr_assert_str_eq(info.loader, "Linux boot protocol, loader type 0x72");
    cr_assert_eq(info.firmware, HOST_FW_BIOS);
    cr_assert_eq(info.module_count, 1);
    cr_assert_str_eq(info.modules[0].name, "initrd");
    cr_assert_eq(info.rsdp.v, 0x1234);
    cr_assert(has_warning(&info, "RSDP at 0x1234 is broken"));
}

Test(bootinfo, linux_more_e820_in_setup_data)
{
    uint8_t *p = params_add();
    uint8_t *s = fake_phys_add(&phys, 0x50000, NULL, 16 + 20);

    put_u64(p + 0x250, 0x50000);
    put_u64(s, 0x50000); /* a loop */
    put_u32(s + 8, 1);
    put_u32(s + 12, 20);
    put_u64(s + 16, 0x100000000), put_u64(s + 24, 0x1000000), put_u32(s + 32, 1);
    build(BOOT_KIND_LINUX, 0x90000);
    cr_assert_eq(range_at(0x100000000)->type, HOST_MEM_USABLE);
    cr_assert(has_warning(&info, "setup_data"));
}

Test(bootinfo, linux_bad_page)
{
    params_add()[0x202] = 0;
    handover.kind = BOOT_KIND_LINUX;
    handover.info = hpa(0x90000);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL);
    handover.info = hpa(0x90001);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL);
    handover.kind = 77;
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL);
}

/* --- EFI --- */

static void descriptor_put(uint8_t *d, uint32_t type, uint64_t base, uint64_t pages, uint64_t attributes)
{
    put_u32(d, type);
    put_u64(d + 8, base);
    put_u64(d + 24, pages);
    put_u64(d + 32, attributes);
}

static uint8_t *efi_map_add(uint64_t at)
{
    uint8_t *m = fake_phys_add(&phys, at, NULL, 48 * 9);

    descriptor_put(m, 3, 0, 0xa0, 0xf);
    descriptor_put(m + 48, 7, 0x100000, 0x1000, 0xf);
    descriptor_put(m + 96, 2, 0x1100000, 0x10, 0xf);
    descriptor_put(m + 144, 9, 0x1110000, 0x10, 0xf);
    descriptor_put(m + 192, 7, 0x2000000, 0x10, BIT(18) | 0xf);
    descriptor_put(m + 240, 7, 0x3000000, 0x10, 1); /* not write-back */
    descriptor_put(m + 288, 11, 0xfec00000, 1, 1);
    descriptor_put(m + 336, 7, 0x4000000, 1ULL << 60, 0xf);
    descriptor_put(m + 384, 0x80000000, 0x5000000, 1, 0xf);
    return m;
}

static void efi_systab_add(uint64_t at)
{
    static const uint8_t acpi1[16] = {0x30, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11,
                                      0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d};
    static const uint8_t acpi2[16] = {0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
                                      0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81};
    uint8_t *st = fake_phys_add(&phys, at, NULL, 120);
    uint8_t *ct = fake_phys_add(&phys, at + 0x1000, NULL, 72);

    memcpy(st, "IBI SYST", 8);
    put_u64(st + 104, 3);
    put_u64(st + 112, at + 0x1000);
    memcpy(ct, acpi1, 16), put_u64(ct + 16, 0x1111);
    memcpy(ct + 24, acpi2, 16), put_u64(ct + 40, 0x2222);
    memcpy(ct + 48, acpi1, 16), put_u64(ct + 64, 0x3333);
}

static void efi_map_check(void)
{
    cr_assert_eq(info.firmware, HOST_FW_UEFI);
    cr_assert_eq(range_at(0x1000)->type, HOST_MEM_LOW);
    cr_assert_eq(range_at(0x100000)->type, HOST_MEM_USABLE);
    cr_assert_eq(range_at(0x1100000)->type, HOST_MEM_LOADER);
    cr_assert_eq(range_at(0x1110000)->type, HOST_MEM_ACPI_RECLAIM);
    cr_assert_eq(range_at(0x2000000)->type, HOST_MEM_RESERVED);
    cr_assert_eq(range_at(0x3000000)->type, HOST_MEM_RESERVED);
    cr_assert_eq(range_at(0xfec00000)->type, HOST_MEM_MMIO);
    cr_assert_eq(range_at(0x4000000), NULL);
    cr_assert_eq(range_at(0x5000000)->type, HOST_MEM_RESERVED);
    cr_assert(has_warning(&info, "EFI memory map"));
    cr_assert_eq(info.rsdp.v, 0x2222);
}

Test(bootinfo, efi_stub)
{
    struct efi_handover h = {.magic = EFI_HANDOVER_MAGIC,
                             .module_count = 1,
                             .modules = 0x71000,
                             .system_table = 0x80000,
                             .memory_map = 0x72000,
                             .memory_map_size = 48 * 9,
                             .descriptor_size = 48,
                             .cmdline = 0x73000,
                             .warning = 0x74000,
                             .time_seconds = 1234567};
    struct efi_handover_module m = {0x1000000, 5, 0x75000, 1};

    fake_phys_add(&phys, 0x70000, &h, sizeof(h));
    fake_phys_add(&phys, 0x71000, &m, sizeof(m));
    efi_map_add(0x72000);
    string_add(0x73000, "ip=dhcp");
    string_add(0x74000, "load options\x7f are no text");
    string_add(0x75000, "initrd");
    fake_phys_add(&phys, 0x1000000, "12345", 5);
    efi_systab_add(0x80000);
    build(BOOT_KIND_EFI, 0x70000);
    efi_map_check();
    cr_assert_eq(info.boot_time_seconds, 1234567);
    cr_assert(has_warning(&info, "load options? are no text"));
    cr_assert(info.module_count == 1 && info.modules[0].size == 5);
    cr_assert_str_eq(info.cmdline, "loglevel=debug ip=dhcp");
}

Test(bootinfo, efi_through_the_linux_protocol)
{
    uint8_t *p = params_add();

    memcpy(p + 0x1c0, "EL64", 4);
    put_u32(p + 0x1c4, 0x80000);
    put_u32(p + 0x1c8, 48);
    put_u32(p + 0x1d0, 0x72000);
    put_u32(p + 0x1d4, 48 * 9);
    efi_map_add(0x72000);
    efi_systab_add(0x80000);
    build(BOOT_KIND_LINUX, 0x90000);
    efi_map_check();
    put_u32(p + 0x1c8, 4); /* unusable descriptors: E820 is taken */
    build(BOOT_KIND_LINUX, 0x90000);
    cr_assert_eq(range_at(0x3ffffff)->type, HOST_MEM_USABLE);
    cr_assert(has_warning(&info, "using E820"));
}

Test(bootinfo, efi_bad)
{
    struct efi_handover h = {.magic = EFI_HANDOVER_MAGIC, .module_count = 3, .modules = 0x9999000};
    uint8_t *bytes = fake_phys_add(&phys, 0x70000, &h, sizeof(h));

    handover.kind = BOOT_KIND_EFI;
    handover.info = hpa(0x70000);
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL);
    cr_assert(has_warning(&info, "system table"));
    bytes[0] = 0;
    cr_assert_eq(host_info_build(&handover, &phys.reader, &arena, &info), -EINVAL);
}

/* --- the whole --- */

Test(bootinfo, nodes_join_cpus_and_memory)
{
    uint8_t *p = params_add();
    uint8_t *madt = fake_phys_add(&phys, 0x3fe0000, NULL, 60);
    uint8_t *srat = fake_phys_add(&phys, 0x3fe1000, NULL, 48 + 32 + 80);
    const uint64_t tables[] = {0x3fe0000, 0x3fe1000};

    madt[44] = 0, madt[45] = 8, madt[46] = 0, madt[47] = 4, madt[48] = 1;
    madt[52] = 0, madt[53] = 8, madt[54] = 1, madt[55] = 2, madt[56] = 1;
    fake_acpi_seal(madt, "APIC", 60);
    srat[8] = 3;
    srat[49] = 16, srat[50] = 50, srat[51] = 4, srat[52] = 1;
    srat[65] = 16, srat[66] = 10, srat[67] = 2, srat[68] = 1;
    for (int i = 0; i < 2; i++) {
        uint8_t *e = srat + 80 + 40 * i;

        e[0] = 1, e[1] = 40, e[2] = i ? 10 : 50, e[28] = 1;
        put_u64(e + 8, i ? 0x2000000 : 0);
        put_u64(e + 16, 0x2000000);
    }
    fake_acpi_seal(srat, "SRAT", 48 + 32 + 80);
    fake_rsdp_add(&phys, 0x3fe2000, 0x3fe3000);
    fake_xsdt_add(&phys, 0x3fe3000, tables, 2);
    put_u64(p + 0x070, 0x3fe2000);
    build(BOOT_KIND_LINUX, 0x90000);
    cr_assert_eq(info.node_count, 2);
    cr_assert(info.nodes[0].proximity_domain == 10 && info.nodes[1].proximity_domain == 50);
    cr_assert(info.cpu_count == 2 && info.cpus[0].node == 1 && info.cpus[1].node == 0);
    cr_assert_eq(range_at(0x1ffffff)->node, 1);
    cr_assert_eq(range_at(0x2000000)->node, 0);
}

Test(bootinfo, options_and_publishing)
{
    uint8_t *p = params_add();
    size_t before;

    put_u32(p + 0x228, 0x91000);
    string_add(0x91000, "frobnicate=\"a b\" ip=1.2.3");
    build(BOOT_KIND_LINUX, 0x90000);
    host_info_apply_options(&info, &arena);
    cr_assert(has_warning(&info, "\"frobnicate\" is unknown (value \"a b\")"));
    cr_assert(has_warning(&info, "ip: value \"1.2.3\" refused; accepted: dhcp|ADDRESS/PREFIX"));
    cr_assert_str_eq(info.cmdline, "loglevel=debug frobnicate=\"a b\" ip=1.2.3");
    before = info.warnings_dropped;
    arena_init(&arena, buffer, 4);
    host_info_apply_options(&info, &arena);
    cr_assert_eq(info.warnings_dropped, before + 1);

    cr_assert_eq(host_info(), NULL);
    host_info_publish(&info);
    cr_assert_eq(host_info(), &info);
    cr_assert_eq(host_module_find("nothing"), NULL);
    cr_assert_str_eq(host_firmware_name(HOST_FW_UEFI), "uefi");
    cr_assert_str_eq(host_firmware_name(HOST_FW_BIOS), "bios");
    cr_assert_str_eq(host_firmware_name(HOST_FW_PVH), "pvh");
    cr_assert_str_eq(host_firmware_name(HOST_FW_FDT), "fdt");
    cr_assert_str_eq(host_firmware_name(HOST_FW_UNKNOWN), "unknown");
}

Test(bootinfo, every_arena_size_gives_enomem_or_success)
{
    uint8_t *mbi = multiboot_ipxe();
    uint8_t *mods = fake_phys_add(&phys, 0x9400, NULL, 16);
    int last = -ENOMEM;

    put_u32(mbi + 20, 1);
    put_u32(mbi + 24, 0x9400);
    module_put(mods, 0x7f00010, 0x7f00020, 0);
    fake_phys_add(&phys, 0x7f00010, NULL, 16);
    handover.kind = BOOT_KIND_MULTIBOOT1;
    handover.info = hpa(0x9000);
    for (size_t size = 0; size < 8192; size += 8) {
        int error;

        arena_init(&arena, buffer, size);
        error = host_info_build(&handover, &phys.reader, &arena, &info);
        cr_assert(error == 0 || error == -ENOMEM);
        cr_assert(last == -ENOMEM || error == 0);
        last = error;
    }
    cr_assert_eq(last, 0);
}

Test(bootinfo, string_ends_at_the_edge_of_memory)
{
    uint8_t *mbi = multiboot_ipxe();

    put_u32(mbi + 16, 0x20ff8);
    fake_phys_add(&phys, 0x20ff8, "aaaaaaaaaaaaa", 13); /* no NUL before memory ends */
    build(BOOT_KIND_MULTIBOOT1, 0x9000);
    cr_assert_str_eq(info.cmdline, "loglevel=debug");
}
