/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/fake.h>
#include <contract/arch.h>
#include <errno.h>
#include <stdlib.h>

/* Host page tables as a plain list of ranges: nothing is mapped, but every misuse is found. */
static struct fake_mapping mappings[4096];
static size_t n_mappings;
static unsigned map_limit = ~0U;
unsigned fake_tlb_flushes;

const struct fake_mapping *fake_mapping_find(uint64_t va)
{
    for (size_t i = 0; i < n_mappings; i++)
        if (va >= mappings[i].va && va - mappings[i].va < mappings[i].size)
            return &mappings[i];
    return NULL;
}

size_t fake_mapping_count(void)
{
    return n_mappings;
}

void fake_mapping_limit(unsigned count)
{
    map_limit = count;
}

int arch_map(uint64_t va, hpa_t pa, uint64_t size, unsigned flags)
{
    if (!IS_ALIGNED(va | pa.v | size, PAGE_SIZE) || size == 0 || n_mappings == ARRAY_SIZE(mappings))
        abort();
    for (size_t i = 0; i < n_mappings; i++)
        if (va < mappings[i].va + mappings[i].size && mappings[i].va < va + size)
            abort();
    if (map_limit == 0)
        return -ENOMEM;
    map_limit -= map_limit != ~0U;
    mappings[n_mappings++] = (struct fake_mapping){va, pa, size, flags};
    return 0;
}

void arch_unmap(uint64_t va, uint64_t size)
{
    for (size_t i = 0; i < n_mappings; i++) {
        if (mappings[i].va == va && mappings[i].size == size) {
            mappings[i] = mappings[--n_mappings];
            return;
        }
    }
    abort();
}

void arch_tlb_flush_all(void)
{
    fake_tlb_flushes++;
}
