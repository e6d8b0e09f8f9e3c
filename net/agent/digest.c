/* SPDX-License-Identifier: BSD-2-Clause */
#include "digest.h"

#include <errno.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

/* 32 bytes are 43 digits and one '=' (RFC 4648, 4). The two bits that are left over must be zero. */
static int digest_decode(struct http_str text, uint8_t out[DIGEST_SIZE])
{
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;

    if (text.len != 44 || text.ptr[43] != '=')
        return -EINVAL;
    for (size_t i = 0; i < 43; i++) {
        int value = base64_value(text.ptr[i]);

        if (value < 0)
            return -EINVAL;
        bits = bits << 6 | (uint32_t)value;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[n++] = (uint8_t)(bits >> n_bits);
        }
    }
    return (bits & ((1U << n_bits) - 1)) == 0 ? 0 : -EINVAL;
}

/* The value of member `sha-256` in a list of NAME=VALUE. */
static int find_sha256(struct http_str list, struct http_str *value)
{
    struct http_str element;

    while (http_list_next(&list, &element)) {
        const char *equals = memchr(element.ptr, '=', element.len);
        size_t name_length;

        if (!equals)
            continue;
        name_length = (size_t)(equals - element.ptr);
        if (!http_str_eq_nocase((struct http_str){element.ptr, name_length}, HTTP_STR("sha-256")))
            continue;
        *value = (struct http_str){equals + 1, element.len - name_length - 1};
        return 0;
    }
    return -ENOENT;
}

int digest_from_rfc3230(struct http_str field, uint8_t out[DIGEST_SIZE])
{
    struct http_str value;
    int error = find_sha256(field, &value);

    return error ? error : digest_decode(value, out);
}

int digest_from_rfc9530(struct http_str field, uint8_t out[DIGEST_SIZE])
{
    struct http_str value;
    int error = find_sha256(field, &value);

    if (error)
        return error;
    /* A byte sequence of structured fields stands between colons (RFC 8941, 3.3.5). */
    if (value.len < 2 || value.ptr[0] != ':' || value.ptr[value.len - 1] != ':')
        return -EINVAL;
    return digest_decode((struct http_str){value.ptr + 1, value.len - 2}, out);
}

void digest_to_base64(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_BASE64_SIZE])
{
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;

    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        bits = bits << 8 | digest[i];
        n_bits += 8;
        while (n_bits >= 6) {
            n_bits -= 6;
            out[n++] = alphabet[bits >> n_bits & 63];
        }
    }
    out[n++] = alphabet[bits << (6 - n_bits) & 63];
    out[n++] = '=';
    out[n] = '\0';
}

void digest_to_hex(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < DIGEST_SIZE; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[2 * DIGEST_SIZE] = '\0';
}
