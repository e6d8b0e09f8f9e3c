/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/layout.h>
#include <contract/arch.h>
#include <core/panic.h>
#include <errno.h>
#include <platform/image.h>
#include <platform/paging.h>

struct pt_tree paging_tree = {.table_alloc = paging_table_alloc};

int arch_map(uint64_t va, hpa_t pa, uint64_t size, unsigned flags)
{
    if (pa.v + size > paging_physical_limit())
        return -ERANGE;
    return paging_tree_map(va, pa, size, flags);
}

bool arch_is_mapped(uint64_t va)
{
    struct pt_mapping mapping;

    return hpa_valid(paging_tree.root) && paging_tree.root.v != 0 && paging_tree_query(va, &mapping);
}

void arch_unmap(uint64_t va, uint64_t size)
{
    /* What was mapped as a whole is unmapped as a whole: nothing is split, so no valid entry is ever replaced
     * by another (which arm64 asks for: break-before-make, D8.16.1), and nothing can fail. */
    ASSERT(paging_tree_unmap(va, size) == 0);
}

/* Maps the parts of [base, end) that are not the image, which has mappings of its own. */
static void map_ram(uint64_t base, uint64_t end)
{
    uint64_t image = (uint64_t)image_start, image_last = (uint64_t)image_end;

    base = MAX(base, PAGE_SIZE); /* page 0 stays unmapped: null pointers fault */
    if (base < image && image < end) {
        map_ram(base, image);
        base = image;
    }
    if (base >= image && base < image_last)
        base = MIN(image_last, end);
    if (base < end && arch_map(ARCH_DIRECT_MAP_BASE + base, hpa(base), end - base, MAP_WRITE) != 0)
        panic("no memory for the host's page tables");
}

static void map_image(const char *from, const char *to, unsigned flags)
{
    if (to > from && arch_map((uint64_t)from, hpa((uint64_t)from), (uint64_t)(to - from), flags) != 0)
        panic("no memory for the image's page tables");
}

void paging_init(const struct host_info *info)
{
    paging_tree.max_leaf_level = paging_leaf_level_max();
    paging_tree.root = paging_table_alloc(&paging_tree);
    if (!hpa_valid(paging_tree.root))
        panic("no memory for the host's page tables");

    for (size_t i = 0; i < info->memory_count;) {
        uint64_t base = info->memory[i].base.v, end = base;

        /* Neighbouring ranges are joined, so that large pages span them. */
        while (i < info->memory_count && info->memory[i].base.v == end &&
               info->memory[i].type < HOST_MEM_RESERVED)
            end += info->memory[i++].size;
        if (end > base)
            map_ram(base, end);
        else
            i++;
    }
    map_image(image_start, text_start, MAP_READ);
    map_image(text_start, text_end, MAP_EXEC);
    map_image(text_end, relro_end, MAP_READ);
    map_image(relro_end, image_end, MAP_WRITE);
}
