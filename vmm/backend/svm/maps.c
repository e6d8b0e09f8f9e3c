/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/msr.h>
#include <core/mm.h>
#include <errno.h>
#include <string.h>

#include "svm.h"

/*
 * I/O permission map: 12 KiB, a bit per port (APM vol. 2, 15.10.1); MSR permission map: 8 KiB, two bits per
 * MSR (15.11). One of each serves all guests: every port exits, and every MSR but those that VMLOAD/VMSAVE
 * and VMRUN switch.
 */
#define IO_MAP_ORDER  2
#define MSR_MAP_ORDER 1

static hpa_t io_map = {~0ULL}, msr_map = {~0ULL};

static const uint32_t direct_msrs[] = {
    0x174,      0x175,      0x176,      /* SYSENTER_CS, _ESP, _EIP */
    0xc0000081, 0xc0000082, 0xc0000083, /* STAR, LSTAR, CSTAR */
    0xc0000084,                         /* SFMASK */
    0xc0000100, 0xc0000101, 0xc0000102, /* FS, GS, kernel GS base */
};

/* Byte offset of the first of an MSR's two bits, in bits; the three ranges of APM vol. 2, table 15-9. */
static uint32_t msr_bit(uint32_t msr)
{
    if (msr < 0x2000)
        return msr * 2;
    if (msr - 0xc0000000 < 0x2000)
        return 0x800 * 8 + (msr - 0xc0000000) * 2;
    return 0x1000 * 8 + (msr - 0xc0010000) * 2;
}

int backend_init(void)
{
    uint8_t *bits;

    io_map = page_alloc(IO_MAP_ORDER, 0, NODE_ANY);
    msr_map = page_alloc(MSR_MAP_ORDER, 0, NODE_ANY);
    if (!hpa_valid(io_map) || !hpa_valid(msr_map))
        return -ENOMEM;
    memset(hpa_to_ptr(io_map), 0xff, PAGE_SIZE << IO_MAP_ORDER);
    bits = hpa_to_ptr(msr_map);
    memset(bits, 0xff, PAGE_SIZE << MSR_MAP_ORDER);
    for (unsigned i = 0; i < ARRAY_SIZE(direct_msrs); i++) {
        uint32_t bit = msr_bit(direct_msrs[i]);

        bits[bit / 8] &= (uint8_t)~(3U << bit % 8);
    }
    return 0;
}

hpa_t svm_io_map(void)
{
    return io_map;
}

hpa_t svm_msr_map(void)
{
    return msr_map;
}
