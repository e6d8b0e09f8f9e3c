/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF headers of a kernel, and its segments on their way into guest memory. */

#include "elf.h"
#include "elf_note.h"

#include <core/bytes.h>

#define MAGIC         0x464c457f
#define IDENT_SIZE    16
#define CLASS_32      1
#define CLASS_64      2
#define DATA_LE       1
#define TYPE_EXEC     2
#define TYPE_DYN      3
#define MACHINE_386   3
#define MACHINE_AMD64 62
#define EHDR_MAX      64
#define PHDR_MAX      56
#define PT_LOAD       1
#define PT_NOTE       4

/* Where the fields are, by class. */
struct elf_layout {
    uint8_t ehdr_size, phdr_size;
    uint8_t entry, phoff, phentsize, phnum;
    uint8_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz;
};

static const struct elf_layout layouts[] = {
    {52, 32, 24, 28, 42, 44, 4, 8, 12, 16, 20},
    {64, 56, 24, 32, 54, 56, 8, 16, 24, 32, 40},
};

/* An address or offset: as wide as the class. */
static uint64_t get_word(const struct elf_image *elf, const uint8_t *p)
{
    return elf->is_64bit ? get_u64(p) : get_u32(p);
}

int elf_recognise(struct loader *l, bool *is_elf)
{
    uint8_t magic[4];
    int status;

    *is_elf = false;
    if (l->params->kernel->size < sizeof(magic))
        return 0;
    status = load_read(l, "kernel", l->params->kernel, 0, magic, sizeof(magic));
    *is_elf = !status && get_u32(magic) == MAGIC;
    return status;
}

static int ident_check(struct loader *l, const uint8_t *ehdr)
{
    const char *name = l->params->kernel->name;
    uint16_t type = get_u16(ehdr + 16), machine = get_u16(ehdr + 18);

    if ((ehdr[4] != CLASS_32 && ehdr[4] != CLASS_64) || ehdr[5] != DATA_LE)
        return load_fail(l, "kernel", "%s is an ELF file of class %u and byte order %u, not for x86", name,
                         ehdr[4], ehdr[5]);
    if (machine != MACHINE_386 && machine != MACHINE_AMD64)
        return load_fail(l, "kernel", "%s is an ELF file for machine %u, not for x86", name, machine);
    if (type != TYPE_EXEC && type != TYPE_DYN)
        return load_fail(l, "kernel", "%s is an ELF file of type %u, not an executable", name, type);
    return 0;
}

static int segment_add(struct loader *l, struct elf_image *elf, const struct elf_segment *segment)
{
    const char *name = l->params->kernel->name;

    if (segment->memory_size == 0 && segment->file_size == 0)
        return 0;
    if (elf->segment_count == ELF_SEGMENTS_MAX)
        return load_fail(l, "kernel", "%s has more than %u segments", name, ELF_SEGMENTS_MAX);
    if (segment->file_size > segment->memory_size)
        return load_fail(l, "kernel",
                         "%s: the segment at %#llx has %#llx bytes in the file but %#llx in memory", name,
                         (unsigned long long)segment->address, (unsigned long long)segment->file_size,
                         (unsigned long long)segment->memory_size);
    if (segment->memory_size > ~0ULL - segment->address)
        return load_fail(l, "kernel", "%s: the segment at %#llx of %#llx bytes ends beyond 64 bits", name,
                         (unsigned long long)segment->address, (unsigned long long)segment->memory_size);
    if (segment->offset > l->params->kernel->size ||
        segment->file_size > l->params->kernel->size - segment->offset)
        return load_fail(l, "kernel",
                         "%s is truncated: it has %llu bytes, the segment at %#llx needs %llu at %llu", name,
                         (unsigned long long)l->params->kernel->size, (unsigned long long)segment->address,
                         (unsigned long long)segment->file_size, (unsigned long long)segment->offset);
    elf->segments[elf->segment_count++] = *segment;
    elf->base = MIN(elf->base, segment->address);
    elf->end = MAX(elf->end, segment->address + segment->memory_size);
    return 0;
}

static int overlaps_check(struct loader *l, const struct elf_image *elf)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        for (unsigned j = 0; j < i; j++) {
            const struct elf_segment *a = &elf->segments[i], *b = &elf->segments[j];

            if (a->address < b->address + b->memory_size && b->address < a->address + a->memory_size)
                return load_fail(l, "kernel", "%s: the segments at %#llx and %#llx overlap in memory",
                                 l->params->kernel->name, (unsigned long long)b->address,
                                 (unsigned long long)a->address);
        }
    }
    return 0;
}

static int header_read(struct loader *l, struct elf_image *elf, const struct elf_layout *layout,
                       const uint8_t *phdr)
{
    struct elf_segment segment = {
        .offset = get_word(elf, phdr + layout->p_offset),
        .file_size = get_word(elf, phdr + layout->p_filesz),
        .address = get_word(elf, phdr + layout->p_paddr),
        .memory_size = get_word(elf, phdr + layout->p_memsz),
        .virtual_address = get_word(elf, phdr + layout->p_vaddr),
    };

    switch (get_u32(phdr)) {
    case PT_LOAD:
        return segment_add(l, elf, &segment);
    case PT_NOTE:
        return elf_notes_read(l, elf, segment.offset, segment.file_size);
    default:
        return 0;
    }
}

int elf_read(struct loader *l, struct elf_image *elf)
{
    const struct load_source *kernel = l->params->kernel;
    const struct elf_layout *layout;
    uint8_t ehdr[EHDR_MAX], phdr[PHDR_MAX];
    uint64_t at;
    unsigned count;
    int status = load_read(l, "kernel", kernel, 0, ehdr, layouts[0].ehdr_size);

    *elf = (struct elf_image){.base = ~0ULL};
    if (!status)
        status = ident_check(l, ehdr);
    if (status)
        return status;
    elf->is_64bit = ehdr[4] == CLASS_64;
    layout = &layouts[elf->is_64bit];
    status = load_read(l, "kernel", kernel, 0, ehdr, layout->ehdr_size);
    if (status)
        return status;
    elf->entry = get_word(elf, ehdr + layout->entry);
    at = get_word(elf, ehdr + layout->phoff);
    count = get_u16(ehdr + layout->phnum);
    if (get_u16(ehdr + layout->phentsize) != layout->phdr_size || count == 0)
        return load_fail(l, "kernel",
                         "%s has %u program headers of %u bytes, where an executable has some of %u",
                         kernel->name, count, get_u16(ehdr + layout->phentsize), layout->phdr_size);
    for (unsigned i = 0; i < count && !status; i++, at += layout->phdr_size) {
        status = load_read(l, "kernel", kernel, at, phdr, layout->phdr_size);
        if (!status)
            status = header_read(l, elf, layout, phdr);
    }
    if (!status && elf->segment_count == 0)
        return load_fail(l, "kernel", "%s is an ELF file with nothing to load", kernel->name);
    return status ? status : overlaps_check(l, elf);
}

int elf_load(struct loader *l, const struct elf_image *elf)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *s = &elf->segments[i];
        int status;

        if (!space_is_ram(l, s->address, s->memory_size))
            return load_fail(
                l, "memory", "%s wants %#llx bytes at %#llx, which is not all free RAM of the VM",
                l->params->kernel->name, (unsigned long long)s->memory_size, (unsigned long long)s->address);
        status = load_copy(l, "kernel", l->params->kernel, s->offset, s->address, s->file_size);
        if (!status)
            status = load_fill(l, s->address + s->file_size, s->memory_size - s->file_size);
        if (status)
            return status;
    }
    space_take(l, elf->base, elf->end - elf->base);
    return 0;
}

bool elf_holds(const struct elf_image *elf, uint64_t address)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *s = &elf->segments[i];

        if (address >= s->address && address - s->address < s->memory_size)
            return true;
    }
    return false;
}

bool elf_entry_physical(const struct elf_image *elf, uint64_t *entry)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct elf_segment *s = &elf->segments[i];

        if (elf->entry >= s->virtual_address && elf->entry - s->virtual_address < s->memory_size) {
            *entry = elf->entry - s->virtual_address + s->address;
            return true;
        }
    }
    *entry = elf->entry;
    return elf_holds(elf, elf->entry);
}
