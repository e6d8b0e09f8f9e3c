/* SPDX-License-Identifier: BSD-2-Clause */
/* What a loader tells in a device tree: memory, command line, files (DTSpec 3.4 to 3.6; Linux's additions).
 * Pure. */

#include "fdt_walk.h"

#include <errno.h>
#include <libfdt.h>

static int domain_add(struct fdt_walk *w, int node, uint64_t base, uint64_t size)
{
    struct memmap_affinity *affinity;
    uint32_t domain;

    if (size == 0 || !fdt_numa_node(w, node, &domain))
        return 0;
    affinity = ARENA_PUSH(w->b->arena, &w->b->memory_domains, struct memmap_affinity);
    if (affinity == NULL)
        return -ENOMEM;
    *affinity = (struct memmap_affinity){base, size, domain};
    return 0;
}

/* memory@x and the children of reserved-memory, whose reg is like any other. */
static int memory_visit(struct fdt_walk *w, int node, void *arg)
{
    const char *type = fdt_getprop(w->fdt, node, "device_type", NULL);
    bool is_ram = type != NULL && strcmp(type, "memory") == 0;
    bool is_reserved = w->depth == 2 && w->path[1].node == *(const int *)arg;
    uint64_t base, size;

    if (!is_ram && !is_reserved)
        return 0;
    for (unsigned int i = 0; fdt_reg(w, node, i, &base, &size); i++) {
        int error;

        if (is_ram) {
            size = MIN(size, w->b->ram_left);
            w->b->ram_left -= size;
        }
        error = fw_range_add(w->b, base, size, is_ram ? HOST_MEM_USABLE : HOST_MEM_RESERVED);
        if (!error && is_ram)
            error = domain_add(w, node, base, size);
        if (error)
            return error;
    }
    return 0;
}

/* The header's own list of reservations (DTSpec 5.3). */
static int reservations_add(struct fdt_walk *w)
{
    int n = fdt_num_mem_rsv(w->fdt);

    for (int i = 0; i < n; i++) {
        uint64_t base, size;
        int error;

        if (fdt_get_mem_rsv(w->fdt, i, &base, &size) != 0)
            continue;
        error = fw_range_add(w->b, base, size, HOST_MEM_RESERVED);
        if (error)
            return error;
    }
    return 0;
}

/* Addresses in /chosen are one cell or two, as their writer liked. */
static uint64_t chosen_address(const struct fdt_walk *w, int chosen, const char *name)
{
    uint32_t n;
    const uint8_t *value = fdt_cell_property(w, chosen, name, &n);

    return value ? fdt_cells(value, MIN(n, 2)) : 0;
}

static int chosen_parse(struct fdt_walk *w)
{
    int chosen = fdt_path_offset(w->fdt, "/chosen"), length = 0;
    const char *arguments = chosen >= 0 ? fdt_getprop(w->fdt, chosen, "bootargs", &length) : NULL;
    uint64_t start, end;
    int error;

    if (arguments != NULL && (length < 1 || arguments[length - 1] != '\0'))
        arguments = NULL;
    error = fw_cmdline_set(w->b, w->b->loader_words ? w->b->loader_words : arguments, false);
    if (error || chosen < 0)
        return error;
    start = chosen_address(w, chosen, "linux,initrd-start");
    end = chosen_address(w, chosen, "linux,initrd-end");
    if (start == 0 || end <= start)
        return 0;
    return fw_blob_add(w->b, start, end - start, NULL, "initrd", true);
}

int bootinfo_fdt_parse(struct fw_builder *b, uint64_t address)
{
    struct fdt_walk w;
    int error, reserved;

    if (!fdt_walk_open(b, &w, address))
        return -EINVAL;
    b->info->firmware = HOST_FW_FDT;
    b->info->loader = "Linux boot protocol";
    reserved = fdt_path_offset(w.fdt, "/reserved-memory");
    error = fdt_walk_all(&w, memory_visit, &reserved);
    if (!error)
        error = reservations_add(&w);
    return error ? error : chosen_parse(&w);
}
