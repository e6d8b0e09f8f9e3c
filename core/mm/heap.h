/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_MM_HEAP_H
#define CORE_MM_HEAP_H

#include "slab.h"

/*
 * malloc() and friends under names that do not collide with a C library's, for tests on the build host;
 * malloc.c gives them their own. Memory is aligned to 16 bytes. Context: thread, boot.
 */

/* Boot, after slab_init(). */
void heap_init(void);

must_check void *heap_alloc(size_t size);
must_check void *heap_alloc_zeroed(size_t count, size_t size);
must_check void *heap_alloc_aligned(size_t align, size_t size); /* align: any power of two */
/* size 0 frees and yields NULL, as newlib's does. */
must_check void *heap_realloc(void *ptr, size_t size);
void heap_free(void *ptr);

/* Bytes that may be used at `ptr`. */
size_t heap_usable_size(const void *ptr);

/* Bytes handed out, by block size. */
uint64_t heap_bytes(void);

#endif
