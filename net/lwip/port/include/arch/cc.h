/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

/* What lwIP needs to know of compiler and system. */

#include <core/log.h>
#include <core/panic.h>
#include <core/random.h>
#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

/* The C library has ssize_t; lwIP makes its own unless there is a SSIZE_MAX. */
#ifndef SSIZE_MAX
#define SSIZE_MAX LONG_MAX
#endif
#define LWIP_NO_UNISTD_H 1

#ifndef BYTE_ORDER
#define BYTE_ORDER __BYTE_ORDER__
#endif

#define LWIP_RAND() random_u32()

/* lwIP's diagnostics end in newlines; ours are lines. They are off unless LWIP_DEBUG is defined. */
#define LWIP_PLATFORM_DIAG(x)   lwip_platform_diag x
#define LWIP_PLATFORM_ASSERT(x) panic("lwip: %s (%s:%d)", x, __FILE__, __LINE__)

#define lwip_platform_diag(...) log_debug(__VA_ARGS__)

/* Sums more bytes at a time than lwIP's own, and without branches on alignment (checksum.c). */
unsigned short net_checksum(const void *bytes, int length);
#define LWIP_CHKSUM net_checksum

/* Bounded memory for lwIP (memory.c). */
void *net_memory_alloc(size_t size);
void *net_memory_calloc(size_t count, size_t size);
void net_memory_free(void *block);

#endif
