/* SPDX-License-Identifier: BSD-2-Clause */
/* The setup header of a bzImage. */

#include "linux.h"

#include <core/bytes.h>

/* Field offsets are those of the file and of struct boot_params alike. */
enum {
    OFF_SETUP_SECTS = 0x1f1,
    OFF_SYSSIZE = 0x1f4,
    OFF_BOOT_FLAG = 0x1fe,
    OFF_JUMP_LENGTH = 0x201,
    OFF_MAGIC = 0x202,
    OFF_VERSION = 0x206,
    OFF_LOADFLAGS = 0x211,
    OFF_INITRD_MAX = 0x22c,
    OFF_ALIGNMENT = 0x230,
    OFF_RELOCATABLE = 0x234,
    OFF_XLOADFLAGS = 0x236,
    OFF_CMDLINE_SIZE = 0x238,
    OFF_PREF_ADDRESS = 0x258,
    OFF_INIT_SIZE = 0x260,
    HEADER_MIN_END = 0x264, /* of version 2.10, the first with init_size */
};

#define BOOT_FLAG     0xaa55
#define MAGIC         0x53726448 /* "HdrS" */
#define SECTOR        512
#define SECTS_DEFAULT 4
#define PARAGRAPH     16
#define LOADED_HIGH   BIT(0)
#define XLF_KERNEL_64 BIT(0)
#define VERSION_MIN   0x20a
#define VERSION_XLF   0x20c

int linux_recognise(struct loader *l, bool *is_linux)
{
    const struct load_source *kernel = l->params->kernel;
    uint8_t magic[OFF_VERSION - OFF_BOOT_FLAG];
    int status;

    *is_linux = false;
    if (kernel->size < OFF_VERSION)
        return 0;
    status = load_read(l, "kernel", kernel, OFF_BOOT_FLAG, magic, sizeof(magic));
    *is_linux =
        !status && get_u16(magic) == BOOT_FLAG && get_u32(magic + (OFF_MAGIC - OFF_BOOT_FLAG)) == MAGIC;
    return status;
}

static int version_check(struct loader *l, const struct linux_header *h)
{
    const char *name = l->params->kernel->name;

    if (h->version < VERSION_MIN)
        return load_fail(l, "kernel",
                         "%s speaks Linux boot protocol %u.%02u, which starts in real mode; 2.10 or later is "
                         "needed",
                         name, h->version >> 8, h->version & 0xff);
    if (h->raw_size < HEADER_MIN_END)
        return load_fail(l, "kernel", "%s: the setup header ends at %#x, before its fields do (%#x)", name,
                         h->raw_size, HEADER_MIN_END);
    return 0;
}

static int sizes_check(struct loader *l, struct linux_header *h)
{
    const struct load_source *kernel = l->params->kernel;
    unsigned sectors = h->raw[OFF_SETUP_SECTS] ? h->raw[OFF_SETUP_SECTS] : SECTS_DEFAULT;
    uint64_t announced = (uint64_t)get_u32(h->raw + OFF_SYSSIZE) * PARAGRAPH, rest;

    if (!(h->raw[OFF_LOADFLAGS] & LOADED_HIGH))
        return load_fail(l, "kernel", "%s is a zImage, to be loaded at 64 KiB; only bzImage is supported",
                         kernel->name);
    h->setup_size = (uint64_t)(sectors + 1) * SECTOR;
    rest = kernel->size > h->setup_size ? kernel->size - h->setup_size : 0;
    /* syssize is rounded up to whole paragraphs; behind it a signature may follow. */
    if (announced >= rest + PARAGRAPH || rest == 0)
        return load_fail(
            l, "kernel",
            "%s is truncated: it has %llu bytes, but its header speaks of %llu of setup code and "
            "%llu of kernel",
            kernel->name, (unsigned long long)kernel->size, (unsigned long long)h->setup_size,
            (unsigned long long)announced);
    h->payload_size = MIN(announced, rest);
    if (h->payload_size <= LINUX_ENTRY_64)
        return load_fail(l, "kernel", "%s: a kernel of %llu bytes has no entry point at %#x", kernel->name,
                         (unsigned long long)h->payload_size, LINUX_ENTRY_64);
    h->memory_size = MAX(h->payload_size, get_u32(h->raw + OFF_INIT_SIZE));
    return 0;
}

static int placement_check(struct loader *l, struct linux_header *h)
{
    const char *name = l->params->kernel->name;

    h->alignment = get_u32(h->raw + OFF_ALIGNMENT);
    h->is_relocatable = h->raw[OFF_RELOCATABLE] != 0;
    h->pref_address = get_u64(h->raw + OFF_PREF_ADDRESS);
    if (h->is_relocatable && (h->alignment == 0 || (h->alignment & (h->alignment - 1))))
        return load_fail(l, "kernel", "%s: kernel_alignment %#llx is not a power of two", name,
                         (unsigned long long)h->alignment);
    if (h->pref_address >= LOAD_LIMIT_4G)
        return load_fail(l, "kernel", "%s: pref_address %#llx is not below 4 GiB", name,
                         (unsigned long long)h->pref_address);
    return 0;
}

int linux_header_read(struct loader *l, struct linux_header *h)
{
    const struct load_source *kernel = l->params->kernel;
    int status;

    *h = (struct linux_header){.raw_size = OFF_MAGIC};
    status = load_read(l, "kernel", kernel, 0, h->raw, OFF_VERSION + 2);
    if (status)
        return status;
    /* The jump over the header says where it ends; later fields than we know are not for us. */
    h->version = get_u16(h->raw + OFF_VERSION);
    h->raw_size = MIN(OFF_MAGIC + h->raw[OFF_JUMP_LENGTH], LINUX_HEADER_END);
    status = version_check(l, h);
    if (!status)
        status = load_read(l, "kernel", kernel, 0, h->raw, h->raw_size);
    if (!status)
        status = sizes_check(l, h);
    if (!status)
        status = placement_check(l, h);
    h->is_64bit = h->version >= VERSION_XLF && get_u16(h->raw + OFF_XLOADFLAGS) & XLF_KERNEL_64;
    h->initrd_limit = (uint64_t)get_u32(h->raw + OFF_INITRD_MAX) + 1;
    h->cmdline_max = get_u32(h->raw + OFF_CMDLINE_SIZE);
    return status;
}
