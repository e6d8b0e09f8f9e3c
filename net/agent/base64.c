/* SPDX-License-Identifier: BSD-2-Clause */
#include "base64.h"

#include <errno.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int digit_value(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

void base64_encode(const void *bytes, size_t size, char *out)
{
    const uint8_t *from = bytes;
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;

    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | from[i];
        n_bits += 8;
        while (n_bits >= 6) {
            n_bits -= 6;
            out[n++] = alphabet[bits >> n_bits & 63];
        }
    }
    if (n_bits > 0)
        out[n++] = alphabet[bits << (6 - n_bits) & 63];
    while (n % 4 != 0)
        out[n++] = '=';
    out[n] = '\0';
}

int base64_decode(const char *text, size_t length, void *out, size_t size)
{
    size_t n_digits = (size * 8 + 5) / 6, n = 0;
    uint32_t bits = 0;
    unsigned n_bits = 0;

    if (length != BASE64_SIZE(size) - 1)
        return -EINVAL;
    for (size_t i = 0; i < n_digits; i++) {
        int value = digit_value(text[i]);

        if (value < 0)
            return -EINVAL;
        bits = bits << 6 | (uint32_t)value;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            ((uint8_t *)out)[n++] = (uint8_t)(bits >> n_bits);
        }
    }
    for (size_t i = n_digits; i < length; i++)
        if (text[i] != '=')
            return -EINVAL;
    return (bits & ((1U << n_bits) - 1)) == 0 ? 0 : -EINVAL;
}
