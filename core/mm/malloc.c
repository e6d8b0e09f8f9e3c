/* SPDX-License-Identifier: BSD-2-Clause */
#include "heap.h"
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

/* The C library's names for the heap. (What newlib itself would allocate: core/lib/newlib/port.c.) */

void *malloc(size_t size)
{
    return heap_alloc(size);
}

void *calloc(size_t count, size_t size)
{
    return heap_alloc_zeroed(count, size);
}

void *realloc(void *ptr, size_t size)
{
    return heap_realloc(ptr, size);
}

void free(void *ptr)
{
    heap_free(ptr);
}

void *aligned_alloc(size_t align, size_t size)
{
    return heap_alloc_aligned(align, size);
}

void *memalign(size_t align, size_t size)
{
    return heap_alloc_aligned(align, size);
}

int posix_memalign(void **out, size_t align, size_t size)
{
    void *ptr = heap_alloc_aligned(align, size);

    if (ptr == NULL)
        return ENOMEM;
    *out = ptr;
    return 0;
}

size_t malloc_usable_size(void *ptr)
{
    return ptr != NULL ? heap_usable_size(ptr) : 0;
}
