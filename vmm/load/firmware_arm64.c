/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware for arm64, or any program that is nothing but its code: what QEMU's `virt` does with `-bios`.
 */

#include "fdt_put.h"

#include <core/bytes.h>

#define HEAD_SIZE    64
#define IMAGE_AT     56
#define IMAGE_MAGIC  0x644d5241U            /* "ARM\x64" of a Linux Image */
#define BRANCH(word) ((word) >> 25 == 0x0a) /* B, forward: Arm ARM, C6.2.26 */

bool firmware_recognise_arm64(const struct load_source *kernel)
{
    uint8_t head[HEAD_SIZE];

    return kernel->size >= sizeof(head) && kernel->read(kernel, 0, head, sizeof(head)) == 0 &&
           BRANCH(get_u32(head)) && get_u32(head + IMAGE_AT) != IMAGE_MAGIC;
}

/* Where U-Boot would load one itself (ramdisk_addr_r), or next to it, away from what it takes at the end. */
#define INITRD_OFFSET MIB(64)

static int initrd_place(struct loader *l, struct fdt_machine *machine)
{
    const struct load_source *initrd = l->params->initrd;
    uint64_t at;

    if (initrd == NULL)
        return 0;
    at = machine->ram_base + INITRD_OFFSET;
    if (initrd->size == 0 || !space_is_ram(l, at, initrd->size))
        return load_fail(l, "initrd", "%s has %llu bytes, which do not fit into RAM from %#llx on",
                         initrd->name, (unsigned long long)initrd->size, (unsigned long long)at);
    machine->initrd_base = at;
    machine->initrd_size = initrd->size;
    return load_copy(l, "initrd", initrd, 0, at, initrd->size);
}

int load_firmware_arm64(struct gmem *gmem, const struct load_params *params,
                        const struct fdt_machine *machine, uint64_t base, struct arm64_entry *entry,
                        struct load_error *error)
{
    struct loader l = {.gmem = gmem, .params = params, .error = error};
    struct fdt_machine described = *machine;
    int status;

    *error = (struct load_error){.field = ""};
    described.cmdline = params->cmdline;
    *entry = (struct arm64_entry){.pc = base, .x0 = 0};
    status = load_copy(&l, "kernel", params->kernel, 0, base, params->kernel->size);
    if (!status && !space_is_ram(&l, machine->ram_base, FDT_SIZE_MAX))
        status = load_fail(&l, "memory", "there are no 2 MiB of RAM for the device tree");
    if (!status)
        status = initrd_place(&l, &described);
    return status ? status : fdt_put(&l, &described, machine->ram_base);
}
