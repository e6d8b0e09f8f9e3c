/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_EFI_TEXT_H
#define FIRMWARE_EFI_TEXT_H

/* What the EFI stub computes without touching firmware. Pure. */

#include "efi.h"

/*
 * Load options (UTF-16, size bytes) as ASCII, a NUL after it; a first word that is the image's own name (it
 * ends in
 * ".efi") is dropped. out has room for size / 2 + 1 bytes. Returns the length, or -EINVAL when the options
 * are not text: firmware also stores binary data there (its own boot entries do).
 */
int must_check efi_options_to_text(const void *options, uint32_t size, char *out);

/*
 * The file name in a device path, its nodes' texts joined, NUL-terminated. At most size units of out are
 * used. Returns the number of units before the NUL, 0 when the path names no file or is too long. max bounds
 * the bytes looked at.
 */
uint32_t efi_path_file_name(const struct efi_device_path *path, uint32_t max, uint16_t *out, uint32_t size);

/*
 * The data of the first node of that type and subtype, *size bytes of it; NULL: there is none. max bounds the
 * bytes looked at.
 */
const uint8_t *efi_path_node(const struct efi_device_path *path, uint32_t max, uint8_t type, uint8_t subtype,
                             uint32_t *size);

/* Seconds since 1970-01-01 UTC, or 0 when the fields are not a time. */
int64_t efi_time_to_unix(const struct efi_time *t);

#endif
