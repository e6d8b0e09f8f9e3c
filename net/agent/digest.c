/* SPDX-License-Identifier: BSD-2-Clause */
#include "digest.h"

#include "base64.h"

#include <errno.h>
#include <string.h>

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

    return error ? error : base64_decode(value.ptr, value.len, out, DIGEST_SIZE);
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
    return base64_decode(value.ptr + 1, value.len - 2, out, DIGEST_SIZE);
}

void digest_to_base64(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_BASE64_SIZE])
{
    base64_encode(digest, DIGEST_SIZE, out);
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
