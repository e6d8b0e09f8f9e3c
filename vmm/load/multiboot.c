/* SPDX-License-Identifier: BSD-2-Clause */
/* A multiboot kernel into memory: Multiboot Specification 0.6.96, 3.1 and 3.2. */

#include "multiboot.h"
#include "../x86/regs.h"
#include "elf.h"

#define BOOT_MAGIC 0x2badb002
/* Of the features that a kernel may insist on (bits 0-15): page-aligned modules, memory sizes, video mode. */
#define FLAGS_KNOWN    0x7
#define FLAGS_REQUIRED 0xffff

/* The "a.out kludge": the header says what goes where, whatever the file's format. */
static int addresses_check(struct loader *l, const struct multiboot_header *h, struct elf_segment *segment)
{
    const struct load_source *kernel = l->params->kernel;
    uint64_t load_end, bss_end;

    if (h->load_addr > h->header_addr || h->header_addr - h->load_addr > h->offset)
        return load_fail(
            l, "kernel",
            "%s: the multiboot header at %llu says it belongs to %#x, of an image that begins at %#x",
            kernel->name, (unsigned long long)h->offset, h->header_addr, h->load_addr);
    segment->address = h->load_addr;
    segment->offset = h->offset - (h->header_addr - h->load_addr);
    /* 0: to the end of the file; 0: no BSS. */
    load_end = h->load_end_addr ? h->load_end_addr : h->load_addr + (kernel->size - segment->offset);
    bss_end = h->bss_end_addr ? h->bss_end_addr : load_end;
    if (load_end <= h->load_addr || bss_end < load_end)
        return load_fail(
            l, "kernel", "%s: multiboot addresses run backwards: load %#x, end %#llx, BSS end %#llx",
            kernel->name, h->load_addr, (unsigned long long)load_end, (unsigned long long)bss_end);
    segment->file_size = load_end - h->load_addr;
    segment->memory_size = bss_end - h->load_addr;
    if (segment->file_size > kernel->size - segment->offset)
        return load_fail(l, "kernel",
                         "%s is truncated: it has %llu bytes, its multiboot header needs %llu at %llu",
                         kernel->name, (unsigned long long)kernel->size,
                         (unsigned long long)segment->file_size, (unsigned long long)segment->offset);
    return 0;
}

static int image_from_addresses(struct loader *l, const struct multiboot_header *header,
                                struct elf_image *image)
{
    struct elf_segment *segment = &image->segments[0];
    int status = addresses_check(l, header, segment);

    segment->virtual_address = segment->address;
    image->segment_count = 1;
    image->base = segment->address;
    image->end = segment->address + segment->memory_size;
    image->entry = header->entry_addr;
    return status;
}

static int image_load(struct loader *l, const struct elf_image *image, uint64_t *entry)
{
    if (image->is_64bit)
        return load_fail(
            l, "kernel",
            "%s is a 64-bit ELF file, which multiboot 1 takes only with address fields in its header",
            l->params->kernel->name);
    if (!elf_entry_physical(image, entry) || *entry >= LOAD_LIMIT_4G)
        return load_fail(l, "kernel", "%s: the entry point %#llx is outside what is loaded",
                         l->params->kernel->name, (unsigned long long)image->entry);
    return elf_load(l, image);
}

int multiboot_load(struct loader *l, const struct multiboot_header *header, const struct elf_image *elf)
{
    struct elf_image addressed = {0};
    uint64_t entry, info;
    int status = 0;

    if (header->flags & FLAGS_REQUIRED & ~FLAGS_KNOWN)
        return load_fail(l, "kernel", "%s insists on multiboot features %#x, of which only %#x are known",
                         l->params->kernel->name, header->flags & FLAGS_REQUIRED, FLAGS_KNOWN);
    if (elf == NULL) {
        status = image_from_addresses(l, header, &addressed);
        elf = &addressed;
    }
    if (!status)
        status = image_load(l, elf, &entry);
    if (!status)
        status = multiboot_info_build(l, &info);
    if (!status)
        status = coreboot_table_build(l);
    if (status)
        return status;
    entry_flat32(l->regs, entry);
    l->regs->gpr[X86_RAX] = BOOT_MAGIC;
    l->regs->gpr[X86_RBX] = info;
    return 0;
}
