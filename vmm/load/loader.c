/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages, and bytes on their way from a file into guest memory. */

#include "loader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int load_fail(struct loader *l, const char *field, const char *format, ...)
{
    va_list arguments;

    l->error->field = field;
    va_start(arguments, format);
    vsnprintf(l->error->detail, sizeof(l->error->detail), format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static int read_failed(struct loader *l, const char *field, const struct load_source *source, uint64_t offset,
                       int status)
{
    load_fail(l, field, "%s cannot be read at offset %llu (error %d)", source->name,
              (unsigned long long)offset, -status);
    return status;
}

static int range_check(struct loader *l, const char *field, const struct load_source *source, uint64_t offset,
                       uint64_t size)
{
    if (offset <= source->size && size <= source->size - offset)
        return 0;
    return load_fail(l, field, "%s is truncated: it has %llu bytes, but its headers speak of %llu at %llu",
                     source->name, (unsigned long long)source->size, (unsigned long long)size,
                     (unsigned long long)offset);
}

int load_read(struct loader *l, const char *field, const struct load_source *source, uint64_t offset,
              void *to, size_t size)
{
    int status = range_check(l, field, source, offset, size);

    if (status || size == 0)
        return status;
    status = source->read(source, offset, to, size);
    return status ? read_failed(l, field, source, offset, status) : 0;
}

/* A piece of guest memory; the map says RAM, so its absence is the machine's mistake, not the file's. */
static void *window(struct loader *l, uint64_t address, uint64_t size, size_t *length)
{
    void *to;

    *length = size > SIZE_MAX ? SIZE_MAX : (size_t)size;
    to = gmem_ptr(l->gmem, gpa(address), length, true);
    if (to == NULL)
        load_fail(l, "memory", "the memory map says RAM at %#llx, but there is none",
                  (unsigned long long)address);
    return to;
}

int load_copy(struct loader *l, const char *field, const struct load_source *source, uint64_t offset,
              uint64_t address, uint64_t size)
{
    int status = range_check(l, field, source, offset, size);

    while (!status && size) {
        size_t length;
        void *to = window(l, address, size, &length);

        if (to == NULL)
            return -EINVAL;
        status = source->read(source, offset, to, length);
        if (status)
            return read_failed(l, field, source, offset, status);
        offset += length;
        address += length;
        size -= length;
    }
    return status;
}

int load_write(struct loader *l, uint64_t address, const void *from, size_t size)
{
    const uint8_t *bytes = from;

    while (size) {
        size_t length;
        void *to = window(l, address, size, &length);

        if (to == NULL)
            return -EINVAL;
        memcpy(to, bytes, length);
        bytes += length;
        address += length;
        size -= length;
    }
    return 0;
}

int load_fill(struct loader *l, uint64_t address, uint64_t size)
{
    while (size) {
        size_t length;
        void *to = window(l, address, size, &length);

        if (to == NULL)
            return -EINVAL;
        memset(to, 0, length);
        address += length;
        size -= length;
    }
    return 0;
}
