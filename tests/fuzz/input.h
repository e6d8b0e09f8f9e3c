/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <core/compiler.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What the fuzzer gives, taken number by number; behind its end there are zeroes. */
struct input {
    const uint8_t *bytes;
    size_t size;
};

static inline uint64_t next(struct input *input, unsigned bytes)
{
    uint64_t value = 0;
    size_t n = MIN(bytes, input->size);

    memcpy(&value, input->bytes, n);
    input->bytes += n;
    input->size -= n;
    return value;
}

#endif
