/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Firmware for arm64, or any program that is nothing but its code: what QEMU's `virt` does with `-bios`.
 */

#include "bytes.h"
#include "fdt_put.h"

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

int load_firmware_arm64(struct gmem *gmem, const struct load_params *params,
                        const struct fdt_machine *machine, uint64_t base, struct arm64_entry *entry,
                        struct load_error *error)
{
    struct loader l = {.gmem = gmem, .params = params, .error = error};
    struct fdt_machine described = *machine;
    int status;

    *error = (struct load_error){.field = ""};
    if (params->initrd != NULL)
        return load_fail(&l, "initrd", "%s is no Linux kernel: it takes no initrd", params->kernel->name);
    described.cmdline = params->cmdline;
    *entry = (struct arm64_entry){.pc = base, .x0 = 0};
    status = load_copy(&l, "kernel", params->kernel, 0, base, params->kernel->size);
    if (!status && !space_is_ram(&l, machine->ram_base, FDT_SIZE_MAX))
        status = load_fail(&l, "memory", "there are no 2 MiB of RAM for the device tree");
    return status ? status : fdt_put(&l, &described, machine->ram_base);
}
