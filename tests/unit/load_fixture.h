/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LOAD_FIXTURE_H
#define LOAD_FIXTURE_H

/* A VM to load kernels into: memory, a memory map, files made of bytes. One per program. */

#include "../../vmm/load/load.h"
#include "../../vmm/x86/regs.h"
#include "fake_gmem.h"

struct bytes_source {
    struct load_source source;
    uint8_t *bytes;
    unsigned reads_left; /* then -EIO */
};

static inline int bytes_read(const struct load_source *source, uint64_t offset, void *to, size_t size)
{
    struct bytes_source *b =
        container_of((struct load_source *)(uintptr_t)source, struct bytes_source, source);

    /* The contract: inside, and not nothing. */
    if (size == 0 || offset > source->size || size > source->size - offset)
        abort();
    if (b->reads_left == 0)
        return -EIO;
    b->reads_left--;
    memcpy(to, b->bytes + offset, size);
    return 0;
}

/* A file of zeroes. */
static inline void bytes_source_init(struct bytes_source *b, const char *name, uint64_t size)
{
    b->source = (struct load_source){bytes_read, size, name};
    b->bytes = calloc(1, size ? size : 1);
    b->reads_left = ~0U;
    if (b->bytes == NULL)
        abort();
}

static inline void bytes_source_free(struct bytes_source *b)
{
    free(b->bytes);
    b->bytes = NULL;
}

/* Shortens the file so that ASan sees a read beyond its end. */
static inline void bytes_source_cut(struct bytes_source *b, uint64_t size)
{
    uint8_t *shorter = malloc(size ? size : 1);

    if (shorter == NULL)
        abort();
    memcpy(shorter, b->bytes, MIN(size, b->source.size));
    free(b->bytes);
    b->bytes = shorter;
    b->source.size = size;
}

static struct bytes_source kernel, initrd;
static struct load_range memory_map[200];
static struct load_params params;
static struct x86_regs regs;
static struct load_error load_error;

static inline void map_add(uint64_t base, uint64_t end, uint32_t type)
{
    memory_map[params.memory_map_count++] = (struct load_range){base, end - base, type};
}

/* A machine with `low` bytes of RAM below 4 GiB and `high` above, the last 64 KiB of low RAM being tables. */
static inline void machine_init(uint64_t low, uint64_t high)
{
    fake_gmem_empty();
    fake_gmem_slot(0, 0xa0000);
    fake_gmem_slot(0xc0000, low);
    params = (struct load_params){.kernel = &kernel.source, .memory_map = memory_map};
    map_add(0, 0x9fc00, LOAD_RAM);
    map_add(0x9fc00, 0xa0000, LOAD_RESERVED);
    map_add(0xe0000, MIB(1), LOAD_RESERVED);
    map_add(MIB(1), low - ACPI_TABLES_ROOM, LOAD_RAM);
    map_add(low - ACPI_TABLES_ROOM, low, LOAD_ACPI);
    map_add(0xb0000000, 0xc0000000, LOAD_RESERVED);
    if (high) {
        fake_gmem_slot(GIB(4), GIB(4) + high);
        map_add(GIB(4), GIB(4) + high, LOAD_RAM);
    }
}

static inline int fixture_load(void)
{
    memset(&regs, 0xa5, sizeof(regs));
    return load_kernel(&fake_gmem.gmem, &params, &regs, &load_error);
}

static inline void file_u8(uint64_t at, uint8_t v)
{
    kernel.bytes[at] = v;
}

static inline void file_u16(uint64_t at, uint16_t v)
{
    memcpy(kernel.bytes + at, &v, sizeof(v));
}

static inline void file_u32(uint64_t at, uint32_t v)
{
    memcpy(kernel.bytes + at, &v, sizeof(v));
}

static inline void file_u64(uint64_t at, uint64_t v)
{
    memcpy(kernel.bytes + at, &v, sizeof(v));
}

static inline uint64_t guest_word(uint64_t address, size_t size)
{
    uint64_t v = 0;

    if (gmem_read(&fake_gmem.gmem, gpa(address), &v, size))
        abort();
    return v;
}

#define guest_u8(address)  ((uint8_t)guest_word((address), 1))
#define guest_u32(address) ((uint32_t)guest_word((address), 4))
#define guest_u64(address) guest_word((address), 8)

/* The string at `address` is `text`. */
static inline bool guest_is_string(uint64_t address, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    bool is_equal;

    if (copy == NULL || gmem_read(&fake_gmem.gmem, gpa(address), copy, size))
        abort();
    is_equal = memcmp(copy, text, size) == 0;
    free(copy);
    return is_equal;
}

#endif
