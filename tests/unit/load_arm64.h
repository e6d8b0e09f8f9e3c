/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LOAD_ARM64_H
#define LOAD_ARM64_H

#include "../../vmm/load/arm64.h"
#include "load_fixture.h"

/* An arm64 machine as QEMU's virt to load kernels into; kernel, initrd and memory map are load_fixture.h's.
 */
#define RAM_BASE GIB(1)

static struct arm64_entry entry;

static uint32_t affinity(unsigned vcpu)
{
    return (vcpu & 0xf) | (vcpu >> 4) << 8;
}

static struct fdt_machine virt = {
    .vcpu_count = 2,
    .affinity = affinity,
    .ram_base = RAM_BASE,
    .gic_dist_base = 0x08000000,
    .gic_its_base = 0x08080000,
    .gic_redist = {{0x080a0000, 0xf60000}},
    .uart_base = 0x09000000,
    .rtc_base = 0x09010000,
    .uart_spi = 1,
    .rtc_spi = 2,
    .pci = {.ecam_base = 0x4010000000,
            .ecam_size = MIB(256),
            .io_base = 0x3eff0000,
            .io_size = 0x10000,
            .window_base = 0x10000000,
            .window_size = 0x2eff0000,
            .window64_base = 0x8000000000,
            .window64_size = 0x8000000000,
            .intx_spi = 3},
};

static inline void virt_init(uint64_t ram)
{
    fake_gmem_empty();
    fake_gmem_slot(RAM_BASE, RAM_BASE + ram);
    params = (struct load_params){.kernel = &kernel.source, .memory_map = memory_map};
    map_add(RAM_BASE, RAM_BASE + ram, LOAD_RAM);
    virt.ram_size = ram;
}

static inline int virt_load(void)
{
    memset(&entry, 0xa5, sizeof(entry));
    return load_kernel_arm64(&fake_gmem.gmem, &params, &virt, &entry, &load_error);
}

#endif
