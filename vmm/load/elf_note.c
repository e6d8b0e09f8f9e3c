/* SPDX-License-Identifier: BSD-2-Clause */
/* Notes (System V ABI, "Note Section"): three words, a name, a descriptor, each padded to four bytes. */

#include "elf_note.h"

#include <core/bytes.h>

#define NOTE_HEADER  12
#define PHYS32_ENTRY 18 /* XEN_ELFNOTE_PHYS32_ENTRY: Xen, public/elfnote.h */
#define XEN_NAME     4

/* No kernel has more; a file that claims to must not keep the loader busy. */
#define NOTES_MAX KIB(64)

static int entry_read(struct loader *l, struct elf_image *elf, uint64_t at, uint32_t size)
{
    uint8_t value[8] = {0};
    int status;

    if (size != 4 && size != 8)
        return load_fail(l, "kernel", "%s: the PVH entry note has %u bytes", l->params->kernel->name, size);
    status = load_read(l, "kernel", l->params->kernel, at, value, size);
    elf->pvh_entry = get_u64(value);
    elf->has_pvh = !status;
    return status;
}

int elf_notes_read(struct loader *l, struct elf_image *elf, uint64_t offset, uint64_t size)
{
    size = MIN(size, NOTES_MAX);
    while (size >= NOTE_HEADER) {
        uint8_t note[NOTE_HEADER + XEN_NAME] = {0};
        uint64_t name_size, whole;
        int status = load_read(l, "kernel", l->params->kernel, offset, note, MIN(size, sizeof(note)));

        if (status)
            return status;
        name_size = ALIGN_UP((uint64_t)get_u32(note), 4);
        whole = NOTE_HEADER + name_size + ALIGN_UP((uint64_t)get_u32(note + 4), 4);
        if (get_u32(note) == XEN_NAME && get_u32(note + 8) == PHYS32_ENTRY &&
            memcmp(note + NOTE_HEADER, "Xen", XEN_NAME) == 0)
            return entry_read(l, elf, offset + NOTE_HEADER + name_size, get_u32(note + 4));
        if (whole > size)
            break;
        offset += whole;
        size -= whole;
    }
    return 0;
}
