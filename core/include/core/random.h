/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * Random numbers that outsiders cannot predict from others they saw (sequence numbers, request ids, hash
 * keys): ChaCha20 with a key that every call replaces. As good as its seed, which is the processor's
 * generator where there is one and the clock otherwise; not meant for long-lived keys. Context: any.
 */
void random_bytes(void *to, size_t length);
uint32_t random_u32(void);
uint64_t random_u64(void);

#endif
