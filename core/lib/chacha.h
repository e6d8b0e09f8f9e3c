/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_LIB_CHACHA_H
#define CORE_LIB_CHACHA_H

#include <stdint.h>

/* The ChaCha20 block function (RFC 8439, 2.3): 64 bytes of key stream. Pure. */
void chacha20_block(const uint32_t key[8], uint32_t counter, const uint32_t nonce[3], uint32_t out[16]);

#endif
