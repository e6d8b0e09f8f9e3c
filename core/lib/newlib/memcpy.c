/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <string.h>

/*
 * Copies words whatever the alignment, which all our architectures allow for RAM (AMD APM vol. 1, 3.2.4; Arm
 * ARM, B2.5: normal memory). newlib's portable one falls back to bytes unless both ends are aligned, and
 * payload behind a 54-byte header never is.
 */
typedef uint64_t __attribute__((may_alias, aligned(1))) word;

/* Or the compiler would see what the loop is for, and call memcpy. */
#define keep_loop(pointer) __asm__("" : "+r"(pointer))

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    const uint8_t *s = from;
    uint8_t *d = to;

    for (; n >= 32; n -= 32, s += 32, d += 32) {
        uint64_t a = *(const word *)s, b = *(const word *)(s + 8), c = *(const word *)(s + 16),
                 e = *(const word *)(s + 24);

        *(word *)d = a;
        *(word *)(d + 8) = b;
        *(word *)(d + 16) = c;
        *(word *)(d + 24) = e;
        keep_loop(d);
    }
    for (; n >= 8; n -= 8, s += 8, d += 8) {
        *(word *)d = *(const word *)s;
        keep_loop(d);
    }
    for (; n > 0; n--) {
        *d++ = *s++;
        keep_loop(d);
    }
    return to;
}
