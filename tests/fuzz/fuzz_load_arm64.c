/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels of any bytes. The first bytes choose the machine and the initrd; then the kernel. What is loaded
 * must lie in RAM, parts must not overlap, and the device tree must be one.
 */
#include "../unit/load_arm64.h"
#include <libfdt.h>

#define HEAD 6

static bool is_ram(uint64_t address, uint64_t size)
{
    return address >= RAM_BASE && address - RAM_BASE <= virt.ram_size &&
           size <= virt.ram_size - (address - RAM_BASE);
}

static bool overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

static void check(int status)
{
    static uint8_t tree[65536];
    const fdt64_t *at;
    size_t room;

    if (status) {
        if (!load_error.field[0] || !load_error.detail[0])
            abort();
        return;
    }
    if (!is_ram(entry.pc, kernel.source.size) || !is_ram(entry.x0, guest_fdt_room(&virt)) ||
        overlaps(entry.pc, kernel.source.size, entry.x0, guest_fdt_room(&virt)))
        abort();
    room = MIN(sizeof(tree), RAM_BASE + virt.ram_size - entry.x0);
    if (gmem_read(&fake_gmem.gmem, gpa(entry.x0), tree, room) != 0 || fdt_check_full(tree, room) != 0)
        abort();
    at = fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), "linux,initrd-start", NULL);
    if ((at != NULL) != (params.initrd != NULL))
        abort();
    if (at != NULL && (!is_ram(fdt64_ld(at), initrd.source.size) ||
                       overlaps(fdt64_ld(at), initrd.source.size, entry.x0, guest_fdt_room(&virt)) ||
                       overlaps(fdt64_ld(at), initrd.source.size, entry.pc, kernel.source.size)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD)
        return 0;
    virt_init(MIB(2) * (1 + (data[0] & 7)));
    virt.vcpu_count = 1 + data[1] % 8;
    if (data[0] & 0x40)
        memory_map[0].base += (uint64_t)data[4] << 12;
    memory_map[0].size -= memory_map[0].base - RAM_BASE;
    params.cmdline = data[0] & 0x20 ? "root=/dev/vda" : NULL;
    bytes_source_init(&initrd, "initrd", (uint64_t)(data[2] | data[3] << 8) << (data[0] >> 7) * 6);
    params.initrd = data[0] & 0x10 ? &initrd.source : NULL;
    if (data[0] & 8)
        initrd.reads_left = data[5] & 1;
    bytes_source_init(&kernel, "Image", size - HEAD);
    memcpy(kernel.bytes, data + HEAD, size - HEAD);
    check(virt_load());
    bytes_source_free(&kernel);
    bytes_source_free(&initrd);
    return 0;
}
