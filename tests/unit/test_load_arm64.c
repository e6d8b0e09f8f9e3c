/* SPDX-License-Identifier: BSD-2-Clause */
#include "load_arm64.h"
#include <criterion/criterion.h>
#include <libfdt.h>
#include <stdio.h>

static uint8_t tree[65536];

/* A kernel of 3 MiB that needs 4. */
static void start(void)
{
    virt_init(MIB(64));
    virt.vcpu_count = 2;
    bytes_source_init(&kernel, "Image", MIB(3));
    bytes_source_init(&initrd, "initrd", 12345);
    kernel.bytes[MIB(3) - 1] = 0x77;
    initrd.bytes[12344] = 0x66;
    file_u64(8, 0);
    file_u64(16, MIB(4));
    file_u64(24, 0xa);
    file_u32(56, 0x644d5241);
}

static void stop(void)
{
    bytes_source_free(&kernel);
    bytes_source_free(&initrd);
    fake_gmem_free();
}

TestSuite(load_arm64, .init = start, .fini = stop);

static uint64_t property_u64(const void *fdt, const char *path, const char *name, unsigned index)
{
    int length, node = fdt_path_offset(fdt, path);
    const fdt64_t *value = fdt_getprop(fdt, node, name, &length);

    cr_assert(node >= 0 && value != NULL && length >= (int)(index + 1) * 8, "%s %s", path, name);
    return fdt64_ld(&value[index]);
}

static uint32_t property_u32(const void *fdt, const char *path, const char *name, unsigned index)
{
    int length, node = fdt_path_offset(fdt, path);
    const fdt32_t *value = fdt_getprop(fdt, node, name, &length);

    cr_assert(node >= 0 && value != NULL && length >= (int)(index + 1) * 4, "%s %s", path, name);
    return fdt32_ld(&value[index]);
}

static const char *text(const void *fdt, const char *path, const char *name)
{
    return fdt_getprop(fdt, fdt_path_offset(fdt, path), name, NULL);
}

static void tree_read(void)
{
    size_t size = MIN(sizeof(tree), RAM_BASE + virt.ram_size - entry.x0);

    cr_assert_eq(gmem_read(&fake_gmem.gmem, gpa(entry.x0), tree, size), 0);
    cr_assert_eq(fdt_check_full(tree, size), 0);
}

Test(load_arm64, plain)
{
    params.initrd = &initrd.source;
    params.cmdline = "console=ttyAMA0";
    cr_assert_eq(virt_load(), 0, "%s", load_error.detail);
    cr_assert_eq(entry.pc, RAM_BASE);
    cr_assert_eq(guest_u8(RAM_BASE + MIB(3) - 1), 0x77);
    cr_assert_eq(entry.x0 % 8, 0);
    cr_assert_eq(entry.x0 / MIB(2), (entry.x0 + fdt_totalsize(tree) - 1) / MIB(2));
    cr_assert(entry.x0 >= RAM_BASE + MIB(4) && entry.x0 < RAM_BASE + MIB(64));
    tree_read();
    cr_assert_str_eq(text(tree, "/chosen", "bootargs"), "console=ttyAMA0");
    cr_assert_eq(property_u64(tree, "/chosen", "linux,initrd-end", 0) -
                     property_u64(tree, "/chosen", "linux,initrd-start", 0),
                 12345);
    cr_assert_eq(guest_u8(property_u64(tree, "/chosen", "linux,initrd-end", 0) - 1), 0x66);
    cr_assert_eq(property_u64(tree, "/memory@40000000", "reg", 1), MIB(64));
}

Test(load_arm64, offsets)
{
    file_u64(8, 0x80000);
    cr_assert_eq(virt_load(), 0);
    cr_assert_eq(entry.pc, RAM_BASE + 0x80000);
    file_u64(8, 0);
    file_u64(16, 0);
    cr_assert_eq(virt_load(), 0, "kernels before 3.17");
    cr_assert_eq(entry.pc, RAM_BASE + 0x80000);
    file_u64(16, MIB(4));
    memory_map[0].base = RAM_BASE + 0x1000;
    memory_map[0].size -= 0x1000;
    cr_assert_eq(virt_load(), 0);
    cr_assert_eq(entry.pc, RAM_BASE + MIB(2));
}

/* An EFI program that would unpack the kernel. */
Test(load_arm64, zboot)
{
    char name[] = "/tmp/load-XXXXXX", command[64];
    int fd = mkstemp(name);
    FILE *file = fdopen(fd, "wb");
    size_t n;

    cr_assert_eq(fwrite(kernel.bytes, 1, MIB(3), file), MIB(3));
    fclose(file);
    snprintf(command, sizeof(command), "gzip -9c %s", name);
    memset(kernel.bytes, 0, MIB(3));
    file = popen(command, "r");
    n = fread(kernel.bytes + 4096, 1, MIB(2), file);
    cr_assert_eq(pclose(file), 0);
    remove(name);
    file_u16(0, 0x5a4d);
    file_u32(4, 0x676d697a);
    file_u32(8, 4096);
    file_u32(12, (uint32_t)n);
    memcpy(kernel.bytes + 24, "gzip", 4);
    cr_assert_eq(virt_load(), 0, "%s", load_error.detail);
    cr_assert_eq(guest_u8(RAM_BASE + MIB(3) - 1), 0x77);
    kernel.bytes[4096 + n / 2] ^= 1;
    cr_assert_lt(virt_load(), 0);
    cr_assert_not_null(strstr(load_error.detail, "damaged"), "%s", load_error.detail);
}

static void refused(const char *field, const char *why)
{
    cr_assert_lt(virt_load(), 0);
    cr_assert_str_eq(load_error.field, field);
    cr_assert_not_null(strstr(load_error.detail, why), "%s", load_error.detail);
}

Test(load_arm64, refusals)
{
    static const struct load_module module = {&initrd.source, NULL};

    file_u64(8, MIB(2));
    refused("kernel", "damaged");
    file_u64(8, ~0ULL);
    refused("kernel", "damaged");
    file_u64(8, 0);
    file_u64(16, ~0ULL);
    refused("kernel", "damaged");
    file_u64(16, MIB(65));
    refused("memory", "largest");
    file_u64(16, MIB(64));
    refused("memory", "device tree");
    file_u64(16, MIB(4));
    params.initrd = &initrd.source;
    initrd.source.size = MIB(100);
    refused("initrd", "largest");
    initrd.source.size = 0;
    refused("initrd", "empty");
    params.initrd = NULL;
    params.modules = &module;
    params.module_count = 1;
    refused("modules", "no modules");
    params.module_count = 0;
    kernel.reads_left = 0;
    refused("kernel", "cannot be read");
    kernel.reads_left = ~0U;
    virt.vcpu_count = 20000;
    refused("vcpus", "2 MiB");
    virt.vcpu_count = 2;
    file_u32(56, 0);
    refused("kernel", "not a Linux/arm64 Image");
    file_u16(0, 0x5a4d);
    file_u32(4, 0x676d697a);
    file_u32(8, 0xfffffff0);
    refused("kernel", "truncated");
    file_u32(8, MIB(1));
    file_u32(12, MIB(2) + 1);
    refused("kernel", "truncated");
    file_u32(12, MIB(2));
    refused("kernel", "does not say how"); /* 0x0a */
    memset(kernel.bytes + 24, 'z', 32);
    refused("kernel", "zzzzzzzz;");
    memcpy(kernel.bytes + 24, "gzip", 5);
    refused("kernel", "not gzip's");
    file_u32(MIB(1), 0x00088b1f);
    refused("kernel", "damaged");
    file_u32(4, 0);
    file_u16(0, 0x8b1f);
    refused("kernel", "gzip");
    kernel.source.size = 0;
    refused("kernel", "empty");
    kernel.source.size = 10;
    file_u32(4, 0);
    refused("kernel", "not a Linux/arm64 Image");
}

/* A bzImage. */
Test(load_arm64, of_another_architecture)
{
    file_u32(56, 0);
    file_u32(0x202, 0x53726448);
    refused("kernel", "for x86");
}

/* U-Boot's first words. */
Test(load_arm64, firmware)
{
    file_u32(0, 0x1400000a);
    cr_assert(!firmware_recognise_arm64(&kernel.source));
    file_u32(56, 0);
    cr_assert(firmware_recognise_arm64(&kernel.source));
    params.cmdline = "console=ttyAMA0";
    cr_assert_eq(load_firmware_arm64(&fake_gmem.gmem, &params, &virt, RAM_BASE + MIB(8), &entry, &load_error),
                 0);
    cr_assert_eq(entry.pc, RAM_BASE + MIB(8));
    cr_assert_eq(guest_u8(RAM_BASE + MIB(11) - 1), 0x77);
    cr_assert_eq(gmem_read(&fake_gmem.gmem, gpa(RAM_BASE), tree, sizeof(tree)), 0);
    cr_assert_eq(fdt_check_full(tree, sizeof(tree)), 0);
    /* There are 64 MiB of RAM only. */
    params.initrd = &initrd.source;
    cr_assert_lt(load_firmware_arm64(&fake_gmem.gmem, &params, &virt, RAM_BASE, &entry, &load_error), 0);
    cr_assert_str_eq(load_error.field, "initrd");
    fake_gmem_free();
    virt_init(MIB(66));
    params.initrd = &initrd.source;
    cr_assert_eq(load_firmware_arm64(&fake_gmem.gmem, &params, &virt, RAM_BASE + MIB(8), &entry, &load_error),
                 0, "%s", load_error.detail);
    cr_assert_eq(guest_u8(RAM_BASE + MIB(64) + 12344), 0x66);
    file_u32(0, 0x14000000 | 0x3ffffff);
    cr_assert(!firmware_recognise_arm64(&kernel.source));
}

static uint32_t crc32_of(const uint8_t *bytes, size_t size)
{
    uint32_t crc = ~0U;

    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

/* The kernel as gzip would have it if it saw nothing to gain: stored blocks. */
static void kernel_pack(void)
{
    static const uint8_t head[10] = {0x1f, 0x8b, 8};
    uint64_t size = kernel.source.size, at = 0, to = sizeof(head);
    uint8_t *bytes = kernel.bytes, *packed = calloc(1, size + size / 10000 + 64);
    const uint32_t tail[2] = {crc32_of(bytes, size), (uint32_t)size};

    memcpy(packed, head, sizeof(head));
    while (at < size) {
        uint16_t n = (uint16_t)MIN(size - at, 65535U);
        const uint16_t lengths[2] = {n, (uint16_t)~n};

        packed[to] = at + n == size;
        memcpy(packed + to + 1, lengths, 4);
        memcpy(packed + to + 5, bytes + at, n);
        to += 5U + n;
        at += n;
    }
    memcpy(packed + to, tail, sizeof(tail));
    free(bytes);
    kernel.bytes = packed;
    kernel.source.size = to + sizeof(tail);
}

Test(load_arm64, packed)
{
    kernel_pack();
    cr_assert_eq(virt_load(), 0, "%s", load_error.detail);
    cr_assert_eq(entry.pc, RAM_BASE);
    cr_assert_eq(guest_u8(RAM_BASE + MIB(3) - 1), 0x77);
    kernel.bytes[1000] ^= 1;
    cr_assert_neq(virt_load(), 0);
}

Test(load_arm64, tree)
{
    static const char msi_map[] = "msi-map";
    uint8_t seed[FDT_SEED_SIZE] = {1};
    char path[40];
    int size, length;

    virt.vcpu_count = 40;
    virt.seed = seed;
    virt.cmdline = "x";
    virt.initrd_size = 0;
    size = guest_fdt_build(&virt, tree, sizeof(tree));
    cr_assert(size > 0 && (size_t)size <= guest_fdt_room(&virt));
    cr_assert_eq(fdt_check_full(tree, (size_t)size), 0);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(path, sizeof(path), "/cpus/cpu@%x", affinity(i));
        cr_assert_eq(property_u64(tree, path, "reg", 0), affinity(i));
        cr_assert_str_eq(text(tree, path, "enable-method"), "psci");
    }
    cr_assert_lt(fdt_path_offset(tree, "/cpus/cpu@208"), 0);
    cr_assert_str_eq(text(tree, "/psci", "method"), "hvc");
    cr_assert_str_eq(text(tree, "/chosen", "stdout-path"), "/pl011@9000000");
    cr_assert_eq(property_u32(tree, "/", "interrupt-parent", 0),
                 fdt_get_phandle(tree, fdt_path_offset(tree, "/intc@8000000")));
    cr_assert_eq(property_u64(tree, "/intc@8000000", "reg", 2), 0x080a0000);
    cr_assert_eq(property_u32(tree, "/intc@8000000", "#redistributor-regions", 0), 1);
    cr_assert_eq(property_u64(tree, "/intc@8000000/its@8080000", "reg", 0), 0x08080000);
    cr_assert_eq(property_u32(tree, "/pl011@9000000", "interrupts", 1), 1);
    cr_assert_eq(property_u32(tree, "/pl031@9010000", "interrupts", 1), 2);
    cr_assert_eq(property_u32(tree, "/timer", "interrupts", 7), 11);
    strcpy(path, "/pcie@4010000000");
    cr_assert_eq(property_u32(tree, path, "bus-range", 1), 255);
    cr_assert_eq(property_u32(tree, path, msi_map, 1),
                 property_u32(tree, "/intc@8000000/its@8080000", "phandle", 0));
    /* Slot 2, pin C: the third entry of the third slot. */
    cr_assert_eq(property_u32(tree, path, "interrupt-map", (2 * 4 + 2) * 10), 2 << 11);
    cr_assert_eq(property_u32(tree, path, "interrupt-map", (2 * 4 + 2) * 10 + 3), 3);
    cr_assert_eq(property_u32(tree, path, "interrupt-map", (2 * 4 + 2) * 10 + 8), 3 + (2 + 2) % 4);
    cr_assert_eq(property_u32(tree, path, "ranges", 0), 0x01000000);
    cr_assert_eq(property_u32(tree, path, "ranges", 7 + 4), 0x10000000);
    cr_assert_eq(property_u32(tree, path, "ranges", 14 + 1), 0x80);
    cr_assert_not_null(fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), "rng-seed", &length));
    cr_assert_eq(length, 32);
    cr_assert_null(fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), "linux,initrd-start", NULL));
    /* Too small a buffer is told, wherever it ends. */
    for (int room = 0; room < size; room += 7)
        cr_assert_eq(guest_fdt_build(&virt, tree, (size_t)room), -ENOSPC);
    virt.seed = NULL;
}

Test(load_arm64, least)
{
    struct fdt_machine least = {.vcpu_count = 1,
                                .affinity = affinity,
                                .ram_base = RAM_BASE,
                                .ram_size = MIB(2),
                                .gic_dist_base = 0x08000000,
                                .gic_redist = {{0x080a0000, 0x20000}, {0x4000000000, 0x20000}}};
    int size = guest_fdt_build(&least, tree, sizeof(tree));

    cr_assert_gt(size, 0);
    cr_assert_eq(fdt_check_full(tree, (size_t)size), 0);
    cr_assert_eq(property_u32(tree, "/intc@8000000", "#redistributor-regions", 0), 2);
    cr_assert_eq(property_u64(tree, "/intc@8000000", "reg", 4), 0x4000000000);
    cr_assert_lt(fdt_path_offset(tree, "/intc@8000000/its"), 0);
    cr_assert_null(text(tree, "/chosen", "bootargs"));
    cr_assert_null(text(tree, "/chosen", "stdout-path"));
    cr_assert_not_null(fdt_getprop(tree, fdt_path_offset(tree, "/memory@40000000"), "reg", &size));
    cr_assert_eq(size, 16);
    least.high_base = BIT(48) - MIB(4);
    least.high_size = MIB(4);
    cr_assert_gt(guest_fdt_build(&least, tree, sizeof(tree)), 0);
    cr_assert_eq(property_u64(tree, "/memory@40000000", "reg", 1), MIB(2));
    cr_assert_eq(property_u64(tree, "/memory@40000000", "reg", 2), BIT(48) - MIB(4));
    cr_assert_eq(property_u64(tree, "/memory@40000000", "reg", 3), MIB(4));
}
