/* SPDX-License-Identifier: BSD-2-Clause */
/* A bounded walker over newc cpio archives. Pure. */

#include "cpio.h"

#include <errno.h>
#include <string.h>

/* Header: magic[6], then 13 fields of 8 hexadecimal digits. */
#define HEADER_SIZE    110
#define FIELD_MODE     1
#define FIELD_FILESIZE 6
#define FIELD_NAMESIZE 11

#define MODE_TYPE    0170000
#define MODE_REGULAR 0100000

static const char trailer[] = "TRAILER!!!";

static bool header_field(const uint8_t *header, unsigned int index, uint32_t *out)
{
    const uint8_t *digits = header + 6 + index * 8;

    *out = 0;
    for (unsigned int i = 0; i < 8; i++) {
        uint8_t c = digits[i];

        if (c >= '0' && c <= '9')
            *out = *out << 4 | (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            *out = *out << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
    }
    return true;
}

bool cpio_probe(const uint8_t *archive, size_t size)
{
    return size >= HEADER_SIZE && (memcmp(archive, "070701", 6) == 0 || memcmp(archive, "070702", 6) == 0);
}

static void name_trim(struct cpio_file *file)
{
    while (file->name_length) {
        size_t skip = file->name[0] == '/'                                         ? 1
                      : file->name_length >= 2 && memcmp(file->name, "./", 2) == 0 ? 2
                                                                                   : 0;

        if (skip == 0)
            return;
        file->name += skip;
        file->name_length -= skip;
    }
}

/* One header with name and data; *offset moves behind it. */
static int entry_take(const uint8_t *archive, size_t size, size_t *offset, struct cpio_file *file,
                      uint32_t *mode)
{
    const uint8_t *header = archive + *offset;
    uint32_t name_size, file_size;
    uint64_t data, end;

    if (!cpio_probe(header, size - *offset) || !header_field(header, FIELD_MODE, mode) ||
        !header_field(header, FIELD_FILESIZE, &file_size) ||
        !header_field(header, FIELD_NAMESIZE, &name_size))
        return -EINVAL;
    /* Name and data are each padded to four bytes, counted from the archive's start. */
    data = ALIGN_UP((uint64_t)*offset + HEADER_SIZE + name_size, 4);
    end = data + file_size;
    if (end > size || name_size == 0)
        return -EINVAL;
    file->name = (const char *)header + HEADER_SIZE;
    file->name_length = strnlen(file->name, name_size);
    file->data = (size_t)data;
    file->size = file_size;
    *offset = (size_t)MIN(ALIGN_UP(end, 4), (uint64_t)size);
    return 0;
}

int cpio_next(const uint8_t *archive, size_t size, size_t *offset, struct cpio_file *file)
{
    for (;;) {
        uint32_t mode;
        int error;

        /* Zeros fill the gap between concatenated archives. */
        while (*offset < size && archive[*offset] == 0)
            ++*offset;
        if (*offset >= size)
            return 0;
        error = entry_take(archive, size, offset, file, &mode);
        if (error)
            return error;
        if (file->name_length == sizeof(trailer) - 1 && memcmp(file->name, trailer, file->name_length) == 0)
            continue;
        name_trim(file);
        if ((mode & MODE_TYPE) == MODE_REGULAR && file->name_length)
            return 1;
    }
}
