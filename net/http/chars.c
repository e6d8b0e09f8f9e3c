/* SPDX-License-Identifier: BSD-2-Clause */
#include "chars.h"

#define V CHAR_VALUE
#define T (V | CHAR_TOKEN)                                /* # ^ ` | */
#define P (V | CHAR_TARGET)                               /* / ? @ */
#define D (V | CHAR_TARGET | CHAR_AUTHORITY)              /* the other delimiters */
#define A (V | CHAR_TOKEN | CHAR_TARGET | CHAR_AUTHORITY) /* letters, digits, ! $ % & ' * + - . _ ~ */

/* clang-format off */
const uint8_t http_char_class[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, V, 0, 0, 0, 0, 0, 0, /* 0x00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x10 */
    V, A, V, T, A, A, A, A, D, D, A, A, D, A, A, P, /* 0x20 */
    A, A, A, A, A, A, A, A, A, A, D, D, V, D, V, P, /* 0x30 */
    P, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* 0x40 */
    A, A, A, A, A, A, A, A, A, A, A, D, V, D, T, A, /* 0x50 */
    T, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* 0x60 */
    A, A, A, A, A, A, A, A, A, A, A, V, T, V, A, 0, /* 0x70 */
    [0x80 ... 0xff] = V,
};
/* clang-format on */
