/* SPDX-License-Identifier: BSD-2-Clause */
#include <backend/ich.h>

#include "../arm64.h"
#include <core/host_info.h>
#include <core/vmap.h>
#include <errno.h>

volatile char *ich_base;

/* Guests need both: what we control their interface by, and a page of it that can be theirs. */
static bool has_interface(const struct host_irqchip_gic *gic)
{
    return hpa_valid(gic->hypervisor_interface) && hpa_valid(gic->virtual_cpu_interface) &&
           IS_ALIGNED(gic->virtual_cpu_interface.v, PAGE_SIZE);
}

int ich_prepare(void)
{
    const struct host_irqchip_gic *gic = &host_info()->gic;

    if (ich_base != NULL || !has_interface(gic))
        return 0;
    ich_base = mmio_map(gic->hypervisor_interface, PAGE_SIZE, MMIO_UNCACHED);
    return ich_base != NULL ? 0 : -ENOMEM;
}

/* List registers hold nothing after reset only by luck. */
void ich_cpu_enable(void)
{
    uint32_t vtr;

    if (ich_base == NULL)
        return;
    vtr = ich_read(GICH_VTR);
    arm64_host.lr_count = (uint8_t)MIN((vtr & 63) + 1, (uint32_t)GIC_LRS_MAX);
    arm64_host.lr_pri_bits = (uint8_t)(FIELD(vtr, 28, 26) + 1);
    ich_hcr_write(0);
    for (unsigned i = 0; i < (vtr & 63) + 1; i++)
        ich_lr_write(i, 0);
    ich_sync();
}
