/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt controllers: Linux bindings arm,gic.yaml and arm,gic-v3.yaml. Pure. */

#include "fdt_walk.h"

#include <errno.h>

#include <libfdt.h>

#define REDISTRIBUTOR_REGIONS_MAX 64
#define ITS_MAX                   64 /* every message map is compared with each */

static int region_add(struct fdt_walk *w, struct arena_array *regions, uint64_t base, uint64_t size)
{
    struct host_gic_region *region = ARENA_PUSH(w->b->arena, regions, struct host_gic_region);

    if (region == NULL)
        return -ENOMEM;
    *region = (struct host_gic_region){.base = hpa(base), .size = size};
    return 0;
}

static hpa_t reg_address(const struct fdt_walk *w, int node, unsigned int nth)
{
    uint64_t base, size;

    return fdt_reg(w, node, nth, &base, &size) ? hpa(base) : HPA_NONE;
}

/* reg: distributor, redistributor regions, then the memory-mapped CPU interfaces that GICv2 guests need. */
static int gicv3_add(struct fdt_walk *w, int node, struct fdt_machine *m)
{
    struct host_irqchip_gic *gic = &w->b->info->gic;
    uint32_t regions = MIN(fdt_u32(w, node, "#redistributor-regions", 1), REDISTRIBUTOR_REGIONS_MAX);
    uint64_t base, size;
    int error = 0;

    gic->version = 3;
    gic->distributor = reg_address(w, node, 0);
    for (uint32_t i = 0; !error && i < regions && fdt_reg(w, node, 1 + i, &base, &size); i++)
        error = region_add(w, &m->redistributors, base, size);
    gic->cpu_interface = reg_address(w, node, regions + 1);
    gic->hypervisor_interface = reg_address(w, node, regions + 2);
    gic->virtual_cpu_interface = reg_address(w, node, regions + 3);
    return error;
}

static void gicv2_add(struct fdt_walk *w, int node)
{
    struct host_irqchip_gic *gic = &w->b->info->gic;
    uint64_t base;

    gic->version = 2;
    gic->distributor = reg_address(w, node, 0);
    gic->cpu_interface = reg_address(w, node, 1);
    if (!fdt_reg(w, node, 1, &base, &gic->cpu_interface_size))
        gic->cpu_interface_size = 0;
    gic->hypervisor_interface = reg_address(w, node, 2);
    gic->virtual_cpu_interface = reg_address(w, node, 3);
}

static int its_add(struct fdt_walk *w, int node, struct fdt_machine *m)
{
    uint64_t base, size;
    uint32_t *phandle;

    if (m->its.count == ITS_MAX || !fdt_reg(w, node, 0, &base, &size))
        return 0;
    phandle = ARENA_PUSH(w->b->arena, &m->its_phandles, uint32_t);
    if (phandle == NULL)
        return -ENOMEM;
    *phandle = fdt_get_phandle(w->fdt, node);
    return region_add(w, &m->its, base, size);
}

/* Linux binding arm,gic.yaml, "v2m-frame". The properties are for frames whose register lies. */
static int frame_add(struct fdt_walk *w, int node, struct fdt_machine *m)
{
    uint64_t base, size;
    struct host_gic_frame *frame;

    if (!fdt_reg(w, node, 0, &base, &size))
        return 0;
    frame = ARENA_PUSH(w->b->arena, &m->frames, struct host_gic_frame);
    if (frame == NULL)
        return -ENOMEM;
    *frame = (struct host_gic_frame){hpa(base), fdt_u32(w, node, "arm,msi-base-spi", 0),
                                     fdt_u32(w, node, "arm,msi-num-spis", 0)};
    return 0;
}

int fdt_gic_visit(struct fdt_walk *w, int node, struct fdt_machine *m)
{
    bool is_level;
    int error = 0;

    if (fdt_is(w, node, "arm,gic-v3-its"))
        return its_add(w, node, m);
    if (fdt_is(w, node, "arm,gic-v2m-frame"))
        return frame_add(w, node, m);
    /* The first is the root of all; others hang below it. */
    if (w->b->info->gic.version != 0)
        return 0;
    if (fdt_is(w, node, "arm,gic-v3"))
        error = gicv3_add(w, node, m);
    else if (fdt_is(w, node, "arm,gic-400") || fdt_is(w, node, "arm,cortex-a15-gic") ||
             fdt_is(w, node, "arm,cortex-a7-gic"))
        gicv2_add(w, node);
    else
        return 0;
    w->b->info->gic.maintenance_irq = fdt_interrupt(w, node, 0, &is_level);
    return error;
}
