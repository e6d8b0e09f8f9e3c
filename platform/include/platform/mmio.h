/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_MMIO_H
#define PLATFORM_MMIO_H

#include <core/compiler.h>
#include <stdint.h>

/*
 * Device registers, little-endian, one access of exactly that width each. The compiler keeps register
 * accesses in order among themselves; against normal memory (descriptors) order them with <arch/barrier.h>.
 */
static always_inline uint8_t mmio_read8(const volatile void *base, uint32_t offset)
{
    return *(const volatile uint8_t *)((const volatile char *)base + offset);
}

static always_inline uint16_t mmio_read16(const volatile void *base, uint32_t offset)
{
    return *(const volatile uint16_t *)((const volatile char *)base + offset);
}

static always_inline uint32_t mmio_read32(const volatile void *base, uint32_t offset)
{
    return *(const volatile uint32_t *)((const volatile char *)base + offset);
}

static always_inline void mmio_write8(volatile void *base, uint32_t offset, uint8_t value)
{
    *(volatile uint8_t *)((volatile char *)base + offset) = value;
}

static always_inline void mmio_write16(volatile void *base, uint32_t offset, uint16_t value)
{
    *(volatile uint16_t *)((volatile char *)base + offset) = value;
}

static always_inline void mmio_write32(volatile void *base, uint32_t offset, uint32_t value)
{
    *(volatile uint32_t *)((volatile char *)base + offset) = value;
}

#endif
