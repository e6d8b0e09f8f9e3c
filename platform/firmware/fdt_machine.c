/* SPDX-License-Identifier: BSD-2-Clause */
/* CPUs, timer, console, power, and who takes care of the rest. Pure. */

#include "fdt_walk.h"

#include <errno.h>
#include <libfdt.h>
#include <stdlib.h>

#define MPIDR_AFFINITY_MASK 0xff00ffffffULL

/*
 * DTSpec 3.8.1 and Linux binding arm/cpus.yaml; the first method that is known counts. Without the property
 * it is the machine's, PSCI. Whether the release address can be one is looked at when all memory is known.
 */
static void cpu_method_take(struct fdt_walk *w, int node, struct host_cpu *cpu)
{
    int length = 0;
    uint32_t n;
    const uint8_t *address = fdt_cell_property(w, node, "cpu-release-addr", &n);

    if (fdt_getprop(w->fdt, node, "enable-method", &length) == NULL ||
        fdt_stringlist_search(w->fdt, node, "enable-method", "psci") >= 0)
        return;
    if (fdt_stringlist_search(w->fdt, node, "enable-method", "spin-table") < 0) {
        fw_warn(w->b, "device tree: the CPU with affinity %#llx is started in a way that is not known",
                (unsigned long long)cpu->hardware_id);
        cpu->enabled = false;
        return;
    }
    /* 64 bits, whatever #address-cells is; some trees have one cell. */
    cpu->start = HOST_CPU_START_RELEASE;
    cpu->release = address ? hpa(fdt_cells(address, MIN(n, 2))) : HPA_NONE;
}

static int cpu_domain_add(struct fdt_walk *w, int node, uint64_t hardware_id)
{
    struct cpu_affinity *affinity;
    uint32_t domain;

    if (!fdt_numa_node(w, node, &domain))
        return 0;
    affinity = ARENA_PUSH(w->b->arena, &w->b->cpu_domains, struct cpu_affinity);
    if (affinity == NULL)
        return -ENOMEM;
    *affinity = (struct cpu_affinity){hardware_id, domain};
    return 0;
}

/* /cpus/cpu@x: reg is MPIDR's affinity (Linux binding arm/cpus.yaml), in one cell or two. */
static int cpu_add(struct fdt_walk *w, int node, struct fdt_machine *m)
{
    const char *type = fdt_getprop(w->fdt, node, "device_type", NULL);
    uint32_t n, cells;
    const uint8_t *reg = fdt_cell_property(w, node, "reg", &n);
    struct host_cpu *cpu;

    if (type == NULL || strcmp(type, "cpu") != 0 || w->depth == 0 || reg == NULL)
        return 0;
    cells = w->path[w->depth - 1].address_cells;
    if (cells < 1 || cells > 2 || n < cells)
        return 0;
    cpu = ARENA_PUSH(w->b->arena, &m->cpus, struct host_cpu);
    if (cpu == NULL)
        return -ENOMEM;
    *cpu = (struct host_cpu){.hardware_id = fdt_cells(reg, cells) & MPIDR_AFFINITY_MASK,
                             .acpi_uid = (uint32_t)m->cpus.count - 1,
                             .enabled = true};
    cpu_method_take(w, node, cpu);
    return cpu_domain_add(w, node, cpu->hardware_id);
}

/* Linux binding timer/arm,arch_timer.yaml: secure, physical, virtual, EL2 physical, EL2 virtual. */
static void timer_take(struct fdt_walk *w, int node)
{
    struct host_timer_arm *timer = &w->b->info->timer;
    bool is_level;

    timer->el1_physical = fdt_interrupt(w, node, 1, &is_level);
    timer->el1_virtual = fdt_interrupt(w, node, 2, &is_level);
    timer->el2_physical = fdt_interrupt(w, node, 3, &is_level);
    timer->el2_virtual = fdt_interrupt(w, node, 4, &is_level);
}

static void psci_take(struct fdt_walk *w, int node)
{
    const char *method = fdt_getprop(w->fdt, node, "method", NULL);

    w->b->info->power.psci = method != NULL;
    w->b->info->power.psci_hvc = method != NULL && strcmp(method, "hvc") == 0;
}

static void console_take(struct fdt_walk *w, int node)
{
    struct host_console *console = &w->b->info->console;
    uint64_t base, size;
    bool is_level;

    if (!fdt_reg(w, node, 0, &base, &size))
        return;
    console->base = (struct host_register){HOST_SPACE_MEMORY, 32, 4, base};
    console->gsi = fdt_interrupt(w, node, 0, &is_level);
    if (fdt_is(w, node, "arm,pl011"))
        console->kind = HOST_CONSOLE_PL011;
    else if (fdt_is(w, node, "cdns,uart-r1p12") || fdt_is(w, node, "cdns,uart-r1p8"))
        console->kind = HOST_CONSOLE_CADENCE;
    else
        console->kind = fdt_is(w, node, "ns16550a") ? HOST_CONSOLE_16550 : HOST_CONSOLE_OTHER;
}

/* Seconds since 1970, by convention: Arm PL031 (DDI 0224), 3.3.1; Zynq UltraScale+ register reference
 * (UG1087), module RTC. */
#define PL031_DR                0x00
#define ZYNQMP_RTC_CURRENT_TIME 0x10

static int visit(struct fdt_walk *w, int node, void *arg)
{
    struct fdt_machine *m = arg;
    uint64_t base, size;
    int error;

    if (node == m->console)
        console_take(w, node);
    if (fdt_is(w, node, "arm,armv8-timer"))
        timer_take(w, node);
    else if (fdt_is(w, node, "arm,psci-0.2") || fdt_is(w, node, "arm,psci-1.0"))
        psci_take(w, node);
    else if (fdt_is(w, node, "arm,pl031") && fdt_reg(w, node, 0, &base, &size))
        w->b->info->rtc = hpa(base + PL031_DR);
    else if (fdt_is(w, node, "xlnx,zynqmp-rtc") && fdt_reg(w, node, 0, &base, &size))
        w->b->info->rtc = hpa(base + ZYNQMP_RTC_CURRENT_TIME);
    error = cpu_add(w, node, m);
    if (!error)
        error = fdt_gic_visit(w, node, m);
    if (!error)
        error = fdt_device_visit(w, node, m);
    return error ? error : fdt_pci_visit(w, node, m);
}

/* The root interrupt controller is asked for by others before the walk comes to it. */
static void gic_find(struct fdt_walk *w)
{
    static const char *const names[] = {"arm,gic-v3", "arm,gic-400", "arm,cortex-a15-gic",
                                        "arm,cortex-a7-gic"};

    for (size_t i = 0; i < ARRAY_SIZE(names) && w->gic_phandle == 0; i++) {
        int node = fdt_node_offset_by_compatible(w->fdt, -1, names[i]);

        if (node < 0)
            continue;
        w->gic_phandle = fdt_get_phandle(w->fdt, node);
        w->gic_cells = fdt_u32(w, node, "#interrupt-cells", 3);
    }
    if (w->gic_cells < 3 || w->gic_cells > 8)
        w->gic_phandle = 0;
}

/* /chosen's stdout-path: a path or an alias, then ":" and the line's settings (DTSpec 3.6). */
static int console_find(const struct fdt_walk *w)
{
    int chosen = fdt_path_offset(w->fdt, "/chosen"), length = 0;
    const char *path = chosen >= 0 ? fdt_getprop(w->fdt, chosen, "stdout-path", &length) : NULL;

    if (path == NULL || length < 1)
        return -1;
    return fdt_path_offset_namelen(w->fdt, path, (int)strcspn(path, ":"));
}

/* Phandles become addresses; maps to something else that takes messages are left out. */
static void msi_maps_settle(struct fdt_machine *m)
{
    struct host_msi_map *maps = m->msi_maps.items;
    const struct host_gic_region *its = m->its.items;
    const uint32_t *phandles = m->its_phandles.items;
    size_t kept = 0;

    for (size_t i = 0; i < m->msi_maps.count; i++) {
        for (size_t k = 0; k < m->its.count; k++) {
            if (phandles[k] != 0 && maps[i].its.v == phandles[k]) {
                maps[kept] = maps[i];
                maps[kept++].its = its[k].base;
                break;
            }
        }
    }
    m->msi_maps.count = kept;
}

static void publish(struct host_info *info, struct fdt_machine *m, struct host_cpus *cpus)
{
    msi_maps_settle(m);
    info->gic.redistributors = m->redistributors.items;
    info->gic.redistributor_count = m->redistributors.count;
    info->gic.its = m->its.items;
    info->gic.its_count = m->its.count;
    info->gic.frames = m->frames.items;
    info->gic.frame_count = m->frames.count;
    info->ecams = m->ecams.items;
    info->ecam_count = m->ecams.count;
    info->pci_routes = m->routes.items;
    info->pci_route_count = m->routes.count;
    info->pci_windows = m->windows.items;
    info->pci_window_count = m->windows.count;
    info->msi_maps = m->msi_maps.items;
    info->msi_map_count = m->msi_maps.count;
    info->devices = m->devices.items;
    info->device_count = m->devices.count;
    *cpus = (struct host_cpus){m->cpus.items, m->cpus.count};
}

int fdt_machine_parse(struct fw_builder *b, uint64_t address, struct host_cpus *cpus)
{
    struct fdt_machine m = {.console = -1};
    struct fdt_walk w;
    int error;

    if (!fdt_walk_open(b, &w, address))
        return -EINVAL;
    gic_find(&w);
    m.console = console_find(&w);
    /* Without ACPI's legacy flags there is nothing of a PC. */
    b->info->power.has_8042 = b->info->power.has_legacy_devices = false;
    b->info->power.has_vga = b->info->power.has_cmos_rtc = false;
    error = fdt_walk_all(&w, visit, &m);
    if (error)
        return error;
    publish(b->info, &m, cpus);
    if (cpus->count == 0)
        fw_warn(b, "device tree: no CPUs, only the boot CPU is known");
    return host_cpus_unique(b->arena, cpus);
}
