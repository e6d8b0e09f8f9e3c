/* SPDX-License-Identifier: BSD-2-Clause */
/* Which format a kernel has. */

#include "../x86/regs.h"
#include "elf.h"
#include "loader.h"

#include <core/bytes.h>
#include <string.h>

#define GZIP_MAGIC  0x8b1f
#define ARM64_AT    56
#define ARM64_MAGIC 0x644d5241U /* "ARM\x64" of an Image */

static bool is_arm64(const struct load_source *kernel)
{
    uint8_t magic[4];

    return kernel->size >= ARM64_AT + sizeof(magic) &&
           kernel->read(kernel, ARM64_AT, magic, sizeof(magic)) == 0 && get_u32(magic) == ARM64_MAGIC;
}

static int unknown(struct loader *l)
{
    const struct load_source *kernel = l->params->kernel;
    uint8_t head[4] = {0};
    int status = load_read(l, "kernel", kernel, 0, head, MIN(sizeof(head), kernel->size));

    if (status)
        return status;
    if (kernel->size == 0)
        return load_fail(l, "kernel", "%s is empty", kernel->name);
    if (get_u16(head) == GZIP_MAGIC)
        return load_fail(l, "kernel", "%s is compressed with gzip: unpack it first", kernel->name);
    if (is_arm64(kernel))
        return load_fail(l, "kernel", "%s is a Linux kernel for arm64; this host runs x86 guests",
                         kernel->name);
    return load_fail(l, "kernel",
                     "%s is neither a Linux bzImage nor a PVH ELF file nor a multiboot kernel (%llu bytes, "
                     "beginning with %02x %02x %02x %02x)",
                     kernel->name, (unsigned long long)kernel->size, head[0], head[1], head[2], head[3]);
}

/* An ELF file may have both entries; PVH is the one that also tells where the ACPI tables are. */
static int elf_or_multiboot(struct loader *l)
{
    struct multiboot_header multiboot;
    struct elf_image elf = {0};
    bool is_elf;
    int status = multiboot_find(l, &multiboot), elf_status = 0;

    if (!status)
        status = elf_recognise(l, &is_elf);
    if (status)
        return status;
    if (is_elf)
        elf_status = elf_read(l, &elf);
    if (is_elf && !elf_status && elf.has_pvh)
        return pvh_load(l, &elf);
    if (multiboot.is_found && multiboot.flags & MULTIBOOT_HAS_ADDRESSES)
        return multiboot_load(l, &multiboot, NULL);
    if (elf_status)
        return elf_status;
    if (multiboot.is_found && is_elf)
        return multiboot_load(l, &multiboot, &elf);
    if (multiboot.is_found)
        return load_fail(l, "kernel", "%s has a multiboot header without addresses, and is no ELF file",
                         l->params->kernel->name);
    if (is_elf)
        return load_fail(l, "kernel",
                         "%s is an ELF file with neither a PVH entry note nor a multiboot header",
                         l->params->kernel->name);
    return unknown(l);
}

int load_kernel(struct gmem *gmem, const struct load_params *params, struct x86_regs *regs,
                struct load_error *error)
{
    struct loader l = {.gmem = gmem, .params = params, .regs = regs, .error = error};
    bool is_linux;
    int status;

    *error = (struct load_error){.field = ""};
    x86_regs_reset(regs);
    status = linux_recognise(&l, &is_linux);
    if (status)
        return status;
    return is_linux ? linux_load(&l) : elf_or_multiboot(&l);
}
