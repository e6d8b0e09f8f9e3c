/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Arm's list of tags (Linux Documentation/arch/arm/booting.rst, "Setup the kernel tagged list"): 32-bit
 * words, a tag's length in words with its two of head, its name, its contents. Emulators hand it to 64-bit
 * images for boards whose device tree they do not have. Pure.
 */

#include "builder.h"
#include "phys.h"

#define TAG_NONE    0
#define TAG_CORE    0x54410001
#define TAG_MEM     0x54410002 /* size, start */
#define TAG_INITRD2 0x54420005 /* start, size */
#define TAG_CMDLINE 0x54410009 /* text that ends with a zero */

#define HEAD_BYTES    8
#define TAG_BYTES_MAX 16384
#define TAGS_MAX      64

/* One tag's contents, `size` bytes at p. */
static int tag_take(struct fw_builder *b, uint32_t name, const uint8_t *p, uint32_t size)
{
    if (name == TAG_MEM && size >= 8) {
        /* Where it lies the tree knows better: boards have gaps that a single range does not tell of. */
        if (b->ram_left == ~0ULL)
            b->ram_left = 0;
        b->ram_left += get_u32(p);
    } else if (name == TAG_INITRD2 && size >= 8 && get_u32(p + 4) != 0) {
        return fw_blob_add(b, get_u32(p), get_u32(p + 4), NULL, "initrd", true);
    } else if (name == TAG_CMDLINE && size > 0) {
        b->loader_words = text_copy(b->arena, (const char *)p, strnlen((const char *)p, size));
    }
    return 0;
}

int bootinfo_atags_parse(struct fw_builder *b, uint64_t address)
{
    for (unsigned int n = 0; n < TAGS_MAX; n++) {
        const uint8_t *head = phys_map(b->reader, address, HEAD_BYTES);
        uint32_t name = head ? get_u32(head + 4) : TAG_NONE;
        uint64_t size = head ? 4ULL * get_u32(head) : 0;
        const uint8_t *tag;
        int error;

        /* The first says that this is such a list at all. */
        if (name == TAG_NONE || size < HEAD_BYTES || size > TAG_BYTES_MAX || (n == 0) != (name == TAG_CORE))
            return 0;
        tag = phys_map(b->reader, address, size);
        if (tag == NULL)
            return 0;
        error = tag_take(b, name, tag + HEAD_BYTES, (uint32_t)size - HEAD_BYTES);
        if (error)
            return error;
        address += size;
    }
    return 0;
}
