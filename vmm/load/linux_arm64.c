/* SPDX-License-Identifier: BSD-2-Clause */
/* A Linux/arm64 Image: where its parts go, and copying them there (Documentation/arch/arm64/booting.rst). */

#include "arm64.h"
#include "fdt_put.h"
#include "gzip.h"
#include "loader.h"
#include "zboot.h"

#include <core/bytes.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE     64
#define HEADER_OFFSET   8 /* text_offset */
#define HEADER_IMAGE    16
#define HEADER_MAGIC    56
#define MAGIC           0x644d5241U /* "ARM\x64" */
#define X86_AT          0x202
#define X86_MAGIC       0x53726448U /* "HdrS" of a bzImage */
#define KERNEL_ALIGN    MIB(2)
#define OLD_TEXT_OFFSET 0x80000 /* kernels before 3.17 do not say it, nor their size */
#define LINEAR_WINDOW   GIB(32) /* initrd and kernel lie in one, aligned to 1 GiB */

struct image_header {
    uint64_t text_offset;
    uint64_t memory_size; /* with what is zero at the end */
};

static bool is_x86(const struct load_source *kernel)
{
    uint8_t magic[4];

    return kernel->size >= X86_AT + sizeof(magic) &&
           kernel->read(kernel, X86_AT, magic, sizeof(magic)) == 0 && get_u32(magic) == X86_MAGIC;
}

static int not_image(struct loader *l, const uint8_t *head)
{
    const struct load_source *kernel = l->params->kernel;

    if (is_x86(kernel))
        return load_fail(l, "kernel", "%s is a Linux kernel for x86; this host runs arm64 guests",
                         kernel->name);
    return load_fail(l, "kernel",
                     "%s is not a Linux/arm64 Image (%llu bytes, beginning with %02x %02x %02x %02x)",
                     kernel->name, (unsigned long long)kernel->size, head[0], head[1], head[2], head[3]);
}

static int header_read(struct loader *l, struct image_header *header)
{
    const struct load_source *kernel = l->params->kernel;
    uint8_t head[HEADER_SIZE] = {0};
    int status;

    if (kernel->size == 0)
        return load_fail(l, "kernel", "%s is empty", kernel->name);
    status = load_read(l, "kernel", kernel, 0, head, MIN(kernel->size, sizeof(head)));
    if (status)
        return status;
    if (get_u32(head + HEADER_MAGIC) != MAGIC)
        return not_image(l, head);
    header->text_offset = get_u64(head + HEADER_OFFSET);
    header->memory_size = get_u64(head + HEADER_IMAGE);
    if (header->memory_size == 0)
        header->text_offset = OLD_TEXT_OFFSET;
    header->memory_size = MAX(header->memory_size, kernel->size);
    if (header->text_offset >= KERNEL_ALIGN || header->memory_size > LINEAR_WINDOW)
        return load_fail(l, "kernel", "%s is damaged: its header asks for %llu bytes at offset %llu",
                         kernel->name, (unsigned long long)header->memory_size,
                         (unsigned long long)header->text_offset);
    return 0;
}

/* As low as possible: older kernels do not use what is below them. */
static int kernel_place(struct loader *l, const struct image_header *header, uint64_t *at)
{
    uint64_t size = header->text_offset + header->memory_size;
    uint64_t base = space_lowest(l, size, KERNEL_ALIGN, 0, ~0ULL);

    if (base == SPACE_NONE)
        return load_fail(l, "memory",
                         "%s needs %llu bytes of RAM at a multiple of 2 MiB; the largest piece has %llu",
                         l->params->kernel->name, (unsigned long long)size,
                         (unsigned long long)space_largest(l, 0, ~0ULL));
    space_take(l, base, size);
    *at = base + header->text_offset;
    return 0;
}

static int initrd_place(struct loader *l, uint64_t limit, struct fdt_machine *machine)
{
    const struct load_source *initrd = l->params->initrd;

    machine->initrd_size = 0;
    if (initrd == NULL)
        return 0;
    if (initrd->size == 0)
        return load_fail(l, "initrd", "%s is empty", initrd->name);
    machine->initrd_base = space_highest(l, initrd->size, PAGE_SIZE, 0, limit);
    if (machine->initrd_base == SPACE_NONE)
        return load_fail(
            l, "initrd", "%s has %llu bytes; the largest free piece of RAM beside the kernel has %llu",
            initrd->name, (unsigned long long)initrd->size, (unsigned long long)space_largest(l, 0, limit));
    machine->initrd_size = initrd->size;
    space_take(l, machine->initrd_base, initrd->size);
    return load_copy(l, "initrd", initrd, 0, machine->initrd_base, initrd->size);
}

int fdt_put(struct loader *l, const struct fdt_machine *machine, uint64_t at)
{
    size_t room = guest_fdt_room(machine);
    void *buffer;
    int size, status;

    if (room > FDT_SIZE_MAX)
        return load_fail(l, "vcpus", "the device tree of %u vCPUs would have more than 2 MiB",
                         machine->vcpu_count);
    buffer = calloc(1, room);
    size = buffer != NULL ? guest_fdt_build(machine, buffer, room) : -ENOMEM;
    if (size < 0) {
        (void)load_fail(l, "memory", "the device tree cannot be built (error %d)", -size);
        status = size;
    } else {
        status = load_write(l, at, buffer, (size_t)size);
    }
    free(buffer);
    return status;
}

/* Within a block of 2 MiB, which is how kernels map it: aligned to more than its size. */
static int fdt_place(struct loader *l, const struct fdt_machine *machine, uint64_t limit, uint64_t *at)
{
    uint64_t room = PAGE_SIZE;

    while (room < guest_fdt_room(machine))
        room *= 2;
    *at = room <= FDT_SIZE_MAX ? space_highest(l, room, room, 0, limit) : 0;
    return *at != SPACE_NONE
               ? 0
               : load_fail(l, "memory", "there is no room in RAM for the device tree of %llu bytes",
                           (unsigned long long)room);
}

static int load(struct loader *l, const struct fdt_machine *machine, struct arm64_entry *entry)
{
    const struct load_source *kernel = l->params->kernel;
    struct fdt_machine described = *machine;
    struct image_header header = {0};
    uint64_t limit;
    int status = header_read(l, &header);

    if (!status)
        status = kernel_place(l, &header, &entry->pc);
    if (!status)
        status = load_copy(l, "kernel", kernel, 0, entry->pc, kernel->size);
    if (status)
        return status;
    limit = ALIGN_DOWN(entry->pc, GIB(1)) + LINEAR_WINDOW;
    described.cmdline = l->params->cmdline;
    status = initrd_place(l, limit, &described);
    if (!status)
        status = fdt_place(l, &described, limit, &entry->x0);
    return status ? status : fdt_put(l, &described, entry->x0);
}

static int load_packed(struct loader *l, const struct load_source *packed, const struct fdt_machine *machine,
                       struct arm64_entry *entry)
{
    struct load_params unpacked = *l->params;
    struct gzip_source *gzip;
    int status;

    if (!gzip_recognise(packed))
        return load_fail(l, "kernel", "%s is damaged: what it should unpack is not gzip's", packed->name);
    status = gzip_open(packed, &gzip);
    if (status) {
        (void)load_fail(l, "kernel", "%s cannot be unpacked (error %d)", packed->name, -status);
        return status;
    }
    unpacked.kernel = gzip_load_source(gzip);
    l->params = &unpacked;
    status = load(l, machine, entry);
    if (status && gzip_is_damaged(gzip))
        status = load_fail(l, "kernel", "%s is damaged: gzip cannot unpack it", unpacked.kernel->name);
    gzip_close(gzip);
    return status;
}

static int load_zboot(struct loader *l, const struct fdt_machine *machine, struct arm64_entry *entry)
{
    const char *name = l->params->kernel->name;
    struct zboot zboot;
    int error = zboot_open(l->params->kernel, &zboot);

    if (error == -ENOEXEC)
        return load_fail(l, "kernel", "%s is damaged: it does not say how the kernel in it is packed", name);
    if (error)
        return load_fail(l, "kernel", "%s is truncated: the kernel that it should unpack is not in it", name);
    if (strcmp(zboot.method, "gzip") != 0)
        return load_fail(l, "kernel", "%s is an EFI program that unpacks a kernel with %s; known is gzip",
                         name, zboot.method);
    return load_packed(l, &zboot.payload, machine, entry);
}

int load_kernel_arm64(struct gmem *gmem, const struct load_params *params, const struct fdt_machine *machine,
                      struct arm64_entry *entry, struct load_error *error)
{
    struct loader l = {.gmem = gmem, .params = params, .error = error};

    *error = (struct load_error){.field = ""};
    if (params->module_count)
        return load_fail(&l, "modules", "%s is a Linux kernel, which takes an initrd but no modules",
                         params->kernel->name);
    if (zboot_recognise(params->kernel))
        return load_zboot(&l, machine, entry);
    return gzip_recognise(params->kernel) ? load_packed(&l, params->kernel, machine, entry)
                                          : load(&l, machine, entry);
}
