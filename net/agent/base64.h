/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_BASE64_H
#define AGENT_BASE64_H

#include <core/compiler.h>
#include <core/types.h>

/* What n bytes become, with the terminating 0. */
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

/* Base 64 with padding (RFC 4648, 4). `out` has room for BASE64_SIZE(size). Pure. */
void base64_encode(const void *bytes, size_t size, char *out);

/*
 * Decodes exactly `size` bytes from text that has nothing but their digits and padding; bits that are left
 * over must be zero. -EINVAL. Pure.
 */
must_check int base64_decode(const char *text, size_t length, void *out, size_t size);

#endif
