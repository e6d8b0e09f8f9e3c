/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_BYTES_H
#define CORE_BYTES_H

#include <core/types.h>
#include <string.h>

/* Numbers in files and tables: unaligned, little-endian as all our architectures are. */

static inline uint16_t get_u16(const void *p)
{
    uint16_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline uint32_t get_u32(const void *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline uint64_t get_u64(const void *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline void put_u16(void *p, uint16_t v)
{
    memcpy(p, &v, sizeof(v));
}

static inline void put_u32(void *p, uint32_t v)
{
    memcpy(p, &v, sizeof(v));
}

static inline void put_u64(void *p, uint64_t v)
{
    memcpy(p, &v, sizeof(v));
}

#endif
