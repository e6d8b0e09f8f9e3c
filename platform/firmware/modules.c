/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot modules: names, overlaps, archives. Pure. */

#include "builder.h"
#include "cpio.h"
#include "phys.h"

#include <errno.h>
#include <stdlib.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The length of the first word of text. */
static size_t word_length(const char *text)
{
    size_t n = 0;

    while (text[n] != '\0' && !is_blank(text[n]))
        n++;
    return n;
}

static const char *blanks_skip(const char *text)
{
    while (is_blank(*text))
        text++;
    return text;
}

/* The last component of a path or URI, without query and fragment. */
static char *base_name_copy(struct arena *arena, const char *word, size_t length)
{
    size_t start = 0;
    size_t end = 0;

    while (end < length && word[end] != '?' && word[end] != '#')
        end++;
    for (size_t i = 0; i < end; i++) {
        if (word[i] == '/' || word[i] == '\\')
            start = i + 1;
    }
    return text_copy(arena, word + start, end - start);
}

int fw_blob_add(struct fw_builder *b, uint64_t base, uint64_t size, const char *text,
                const char *default_name, bool unpack)
{
    struct boot_blob *blob;
    const char *rest;
    size_t length;
    const char *name;

    text = blanks_skip(text ? text : "");
    if (*text == '\0')
        text = default_name;
    length = word_length(text);
    rest = blanks_skip(text + length);
    if (strncmp(rest, "name=", 5) == 0) {
        length = word_length(rest + 5);
        name = text_copy(b->arena, rest + 5, length);
        rest = blanks_skip(rest + 5 + length);
    } else {
        name = base_name_copy(b->arena, text, length);
    }
    if (name && *name == '\0')
        name = text_copy(b->arena, default_name, strlen(default_name));
    rest = text_copy(b->arena, rest, strlen(rest));
    blob = ARENA_PUSH(b->arena, &b->blobs, struct boot_blob);
    if (name == NULL || rest == NULL || blob == NULL)
        return -ENOMEM;
    *blob = (struct boot_blob){base, size, name, rest, unpack};
    return 0;
}

static int index_compare(const void *a, const void *b)
{
    const struct boot_blob *x = *(struct boot_blob *const *)a;
    const struct boot_blob *y = *(struct boot_blob *const *)b;

    return (x->base > y->base) - (x->base < y->base);
}

static void blob_refuse(struct fw_builder *b, struct boot_blob *blob, const char *why)
{
    if (blob->name == NULL)
        return;
    fw_warn(b, "boot module \"%.64s\" at %#llx, %llu bytes: %s, refused", blob->name,
            (unsigned long long)blob->base, (unsigned long long)blob->size, why);
    blob->name = NULL;
}

static bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

/*
 * Whether the loader's own map claims a part of it for something else than memory. Not being in the map at
 * all is no such claim: iPXE hides its own memory, with modules in it.
 */
static bool is_claimed(const struct fw_builder *b, const struct boot_blob *blob)
{
    const struct memmap_range *ranges = b->ranges.items;

    for (size_t i = 0; i < b->ranges.count; i++)
        if (ranges[i].type > HOST_MEM_MODULE &&
            ranges_overlap(ranges[i].base, ranges[i].size, blob->base, blob->size))
            return true;
    return false;
}

/*
 * Refused blobs lose their name. In order of address, a blob that begins before the furthest end so far
 * overlaps the one that has this end; both have bytes that are not theirs.
 */
static int overlaps_refuse(struct fw_builder *b, uint64_t image, uint64_t image_size)
{
    struct boot_blob *blobs = b->blobs.items;
    struct boot_blob **sorted = ARENA_NEW(b->arena, struct boot_blob *, b->blobs.count);
    struct boot_blob *furthest = NULL;
    size_t count = 0;

    if (sorted == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < b->blobs.count; i++) {
        if (blobs[i].base + blobs[i].size < blobs[i].base)
            blob_refuse(b, &blobs[i], "wraps around the address space");
        else if (blobs[i].size)
            sorted[count++] = &blobs[i];
    }
    if (count)
        qsort(sorted, count, sizeof(struct boot_blob *), index_compare);
    for (size_t i = 0; i < count; i++) {
        struct boot_blob *blob = sorted[i];

        if (furthest && blob->base < furthest->base + furthest->size) {
            blob_refuse(b, furthest, "overlaps another module");
            blob_refuse(b, blob, "overlaps another module");
        }
        if (ranges_overlap(blob->base, blob->size, image, image_size))
            blob_refuse(b, blob, "overlaps the hypervisor image");
        else if (is_claimed(b, blob))
            blob_refuse(b, blob, "is not in memory");
        if (furthest == NULL || blob->base + blob->size > furthest->base + furthest->size)
            furthest = blob;
    }
    return 0;
}

static int module_add(struct fw_builder *b, struct arena_array *modules, const char *name,
                      const char *cmdline, uint64_t base, uint64_t size)
{
    struct host_module *module = ARENA_PUSH(b->arena, modules, struct host_module);

    if (module == NULL || name == NULL)
        return -ENOMEM;
    *module = (struct host_module){name, cmdline, hpa(base), size};
    return 0;
}

static int archive_unpack(struct fw_builder *b, struct arena_array *modules, const struct boot_blob *blob,
                          const uint8_t *archive)
{
    struct cpio_file file;
    size_t offset = 0;
    int result;

    while ((result = cpio_next(archive, (size_t)blob->size, &offset, &file)) == 1) {
        int error = module_add(b, modules, text_copy(b->arena, file.name, file.name_length), "",
                               blob->base + file.data, file.size);

        if (error)
            return error;
    }
    if (result)
        fw_warn(b, "boot module \"%.64s\": no newc archive at offset %zu, the rest is ignored", blob->name,
                offset);
    return 0;
}

static int blob_to_modules(struct fw_builder *b, struct arena_array *modules, const struct boot_blob *blob)
{
    const uint8_t *bytes = blob->size ? phys_map(b->reader, blob->base, blob->size) : NULL;

    if (blob->size && bytes == NULL) {
        fw_warn(b, "boot module \"%.64s\" at %#llx cannot be read, refused", blob->name,
                (unsigned long long)blob->base);
        return 0;
    }
    if (blob->unpack && bytes && cpio_probe(bytes, (size_t)blob->size))
        return archive_unpack(b, modules, blob, bytes);
    return module_add(b, modules, blob->name, blob->cmdline, blob->base, blob->size);
}

int fw_modules_settle(struct fw_builder *b, hpa_t image, uint64_t image_size)
{
    const struct boot_blob *blobs = b->blobs.items;
    struct arena_array modules = {0};
    int error = overlaps_refuse(b, image.v, image_size);

    for (size_t i = 0; !error && i < b->blobs.count; i++) {
        if (blobs[i].name == NULL)
            continue;
        error = blob_to_modules(b, &modules, &blobs[i]);
        if (!error)
            error = fw_range_add(b, blobs[i].base, blobs[i].size, HOST_MEM_MODULE);
    }
    b->info->modules = modules.items;
    b->info->module_count = modules.count;
    return error;
}
