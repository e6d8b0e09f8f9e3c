/* SPDX-License-Identifier: BSD-2-Clause */
/* A bzImage: where its parts go, and copying them there. */

#include "linux.h"

#include <string.h>

/* Below is nothing that a kernel may be loaded to. */
#define KERNEL_MIN MIB(1)

/*
 * At pref_address if that is free; a relocatable kernel otherwise above it: below, it would move itself up to
 * pref_address anyway (boot.rst, pref_address), over whatever lies there.
 */
static int kernel_place(struct loader *l, const struct linux_header *header, struct linux_layout *layout)
{
    uint64_t pref = header->pref_address, size = header->memory_size, min = MAX(pref, KERNEL_MIN);

    if (pref >= KERNEL_MIN && space_is_ram(l, pref, size) && pref + size <= LOAD_LIMIT_4G)
        layout->kernel = pref;
    else if (header->is_relocatable)
        layout->kernel = space_lowest(l, size, header->alignment, min, LOAD_LIMIT_4G);
    else
        layout->kernel = SPACE_NONE;
    if (layout->kernel == SPACE_NONE)
        return load_fail(l, "memory",
                         "%s needs %llu bytes of RAM at %#llx%s; the largest free piece from there to 4 GiB "
                         "has %llu",
                         l->params->kernel->name, (unsigned long long)size, (unsigned long long)min,
                         header->is_relocatable ? " or above" : ", as it cannot be relocated",
                         (unsigned long long)space_largest(l, min, LOAD_LIMIT_4G));
    space_take(l, layout->kernel, size);
    return 0;
}

static int initrd_place(struct loader *l, const struct linux_header *header, struct linux_layout *layout)
{
    const struct load_source *initrd = l->params->initrd;
    uint64_t limit = MIN(header->initrd_limit, LOAD_LIMIT_4G);

    if (initrd == NULL)
        return 0;
    if (initrd->size == 0)
        return load_fail(l, "initrd", "%s is empty", initrd->name);
    layout->initrd_size = initrd->size;
    layout->initrd = space_highest(l, initrd->size, PAGE_SIZE, KERNEL_MIN, limit);
    if (layout->initrd == SPACE_NONE)
        return load_fail(l, "initrd",
                         "%s has %llu bytes; the largest free piece of RAM beside the kernel and below %#llx "
                         "has %llu",
                         initrd->name, (unsigned long long)initrd->size, (unsigned long long)limit,
                         (unsigned long long)space_largest(l, KERNEL_MIN, limit));
    space_take(l, layout->initrd, initrd->size);
    return 0;
}

static int cmdline_check(struct loader *l, const struct linux_header *header)
{
    size_t length = l->params->cmdline ? strlen(l->params->cmdline) : 0;

    if (length <= header->cmdline_max)
        return 0;
    return load_fail(l, "cmdline", "the command line has %llu characters; %s takes %llu",
                     (unsigned long long)length, l->params->kernel->name,
                     (unsigned long long)header->cmdline_max);
}

int linux_load(struct loader *l)
{
    struct linux_header header;
    struct linux_layout layout = {0};
    int status = linux_header_read(l, &header);

    if (!status && l->params->module_count)
        status = load_fail(l, "modules", "%s is a Linux kernel, which takes an initrd but no modules",
                           l->params->kernel->name);
    if (!status)
        status = cmdline_check(l, &header);
    if (!status)
        status = kernel_place(l, &header, &layout);
    if (!status)
        status = initrd_place(l, &header, &layout);
    if (!status)
        status =
            load_copy(l, "kernel", l->params->kernel, header.setup_size, layout.kernel, header.payload_size);
    if (!status && layout.initrd_size)
        status = load_copy(l, "initrd", l->params->initrd, 0, layout.initrd, layout.initrd_size);
    return status ? status : linux_boot_build(l, &header, &layout);
}
