/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_ARM64_H
#define VMM_LOAD_ARM64_H

#include "load.h"

/*
 * Kernels for arm64 guests, and the device tree that describes their machine: the subset of QEMU's `virt`
 * that guest software knows. The addresses are the caller's.
 */

/* What the guest's device tree must say about the machine. An address of 0 means: not there (but ram_base).
 */
struct fdt_machine {
    unsigned vcpu_count;
    uint32_t (*affinity)(unsigned vcpu); /* {Aff3, Aff2, Aff1, Aff0} */
    uint64_t ram_base, ram_size;
    uint64_t high_base, high_size; /* more of it; size 0: none */
    uint64_t gic_dist_base;
    uint64_t gic_cpu_base, gic_frame_base; /* GICv2 */
    uint64_t gic_its_base;                 /* GICv3 */
    struct {
        uint64_t base, size;
    } gic_redist[2];
    uint64_t uart_base, rtc_base;
    unsigned uart_spi, rtc_spi; /* INTID - 32 */
    struct {
        uint64_t ecam_base, ecam_size; /* 1 MiB per bus, from bus 0 */
        uint64_t io_base, io_size;     /* where ports from 0 on are seen */
        uint64_t window_base, window_size;
        uint64_t window64_base, window64_size;
        unsigned intx_spi; /* the first of four; (slot + pin) modulo 4 says which */
    } pci;
    const char *cmdline;               /* or NULL */
    uint64_t initrd_base, initrd_size; /* size 0: none */
    const uint8_t *seed;               /* 40 bytes for the guest's random generator and KASLR, or NULL */
};

#define FDT_SEED_SIZE 40

/* Enough for guest_fdt_build(). */
size_t guest_fdt_room(const struct fdt_machine *machine);

/* Writes the device tree into `buffer`, with phandles, names and properties as QEMU's; the same machine gives
 * the same bytes. Its size, or -ENOSPC. Pure. */
must_check int guest_fdt_build(const struct fdt_machine *machine, void *buffer, size_t room);

/* How the first vCPU starts: at EL1, MMU off, x1 to x3 zero (Linux, Documentation/arch/arm64/booting.rst). */
struct arm64_entry {
    uint64_t pc, x0;
};

/*
 * Loads a Linux Image with its initrd, builds the device tree from *machine (cmdline and initrd are taken
 * from *params) and writes it beside them. -EINVAL, or what a source's read() returned, or -ENOMEM, with
 * *error filled: not loadable; the memory is then in no defined state. Context: thread.
 */
must_check int load_kernel_arm64(struct gmem *gmem, const struct load_params *params,
                                 const struct fdt_machine *machine, struct arm64_entry *entry,
                                 struct load_error *error);

/*
 * Whether it is code without a header that would say so: its first instruction branches ahead, as those of
 * U-Boot do. Context: thread.
 */
bool firmware_recognise_arm64(const struct load_source *kernel);

/*
 * Loads such a file to `base`, where memory must be, to be started there; the device tree to the start of
 * RAM, and an initrd, whatever is in it, 64 MiB behind that, as the tree says. Errors as above.
 */
must_check int load_firmware_arm64(struct gmem *gmem, const struct load_params *params,
                                   const struct fdt_machine *machine, uint64_t base,
                                   struct arm64_entry *entry, struct load_error *error);

#endif
