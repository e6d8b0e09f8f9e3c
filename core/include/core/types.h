/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_TYPES_H
#define CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Addresses are distinct types, so that a mix-up does not compile:
 *   hpa_t  host-physical, what goes into a host page table or a DMA descriptor
 *   gpa_t  guest-physical, only ever turned into host memory by a checked lookup
 * Host-virtual addresses are plain pointers.
 */
typedef struct {
    uint64_t v;
} hpa_t;

typedef struct {
    uint64_t v;
} gpa_t;

/* No address at all: above every physical address width that exists. */
#define HPA_NONE ((hpa_t){~0ULL})

static inline hpa_t hpa(uint64_t v)
{
    return (hpa_t){v};
}

static inline gpa_t gpa(uint64_t v)
{
    return (gpa_t){v};
}

static inline hpa_t hpa_add(hpa_t a, uint64_t offset)
{
    return (hpa_t){a.v + offset};
}

static inline gpa_t gpa_add(gpa_t a, uint64_t offset)
{
    return (gpa_t){a.v + offset};
}

static inline bool hpa_valid(hpa_t a)
{
    return a.v != ~0ULL;
}

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define PAGE_SHIFT 12
#define PAGE_SIZE  ((uint64_t)1 << PAGE_SHIFT)

#define NSEC_PER_SEC  1000000000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_USEC 1000ULL

#endif
