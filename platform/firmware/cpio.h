/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_CPIO_H
#define FIRMWARE_CPIO_H

/* newc cpio archives (Linux Documentation/driver-api/early-userspace/buffer-format). Pure. */

#include <core/compiler.h>
#include <stdbool.h>
#include <stdint.h>

struct cpio_file {
    const char *name; /* inside the archive, not NUL-terminated; leading "./" and "/" removed */
    size_t name_length;
    size_t data; /* offset in the archive */
    size_t size;
};

/* Does it begin like one? */
bool cpio_probe(const uint8_t *archive, size_t size);

/*
 * The next regular file at or after *offset (0 at first); *offset moves behind it. Archives may follow each
 * other and may lack their trailer. Returns 1: *file is filled; 0: end; -EINVAL: what comes is not an
 * archive.
 */
int must_check cpio_next(const uint8_t *archive, size_t size, size_t *offset, struct cpio_file *file);

#endif
