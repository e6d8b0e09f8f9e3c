/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmid.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VMID_OF(tag)       ((uint32_t)((tag) & (BIT(VMID_SHIFT) - 1)))
#define GENERATION_OF(tag) ((tag) >> VMID_SHIFT << VMID_SHIFT)

int vmid_pool_init(struct vmid_pool *pool, unsigned bits, unsigned cpus, void (*flush_all)(void))
{
    if (cpus >= (1U << bits) - 1)
        return -EINVAL;
    *pool = (struct vmid_pool){.count = 1U << bits, .next = 1, .cpu_count = cpus, .flush_all = flush_all};
    spin_init(&pool->lock, LOCK_RANK_IRQ);
    atomic_init(&pool->generation, BIT(VMID_SHIFT));
    pool->used = calloc(pool->count / 64, sizeof(*pool->used));
    pool->cpus = calloc(cpus, sizeof(*pool->cpus));
    if (pool->used != NULL && pool->cpus != NULL)
        return 0;
    vmid_pool_fini(pool);
    return -ENOMEM;
}

void vmid_pool_fini(struct vmid_pool *pool)
{
    free(pool->used);
    free(pool->cpus);
    pool->used = NULL;
    pool->cpus = NULL;
}

static bool take(struct vmid_pool *pool, uint32_t vmid)
{
    uint64_t bit = BIT(vmid % 64), *word = &pool->used[vmid / 64];

    if (*word & bit)
        return false;
    *word |= bit;
    return true;
}

/* From pool->next on; 0: none is left. VMID 0 is nobody's. */
static uint32_t find_free(struct vmid_pool *pool)
{
    for (uint32_t vmid = pool->next; vmid < pool->count; vmid++) {
        if (vmid % 64 == 0 && pool->used[vmid / 64] == ~0ULL)
            vmid += 63;
        else if (take(pool, vmid)) {
            pool->next = vmid + 1;
            return vmid;
        }
    }
    return 0;
}

/*
 * What a CPU uses now it may go on using: it has been told 0, so that it asks here the next time it looks,
 * and a second roll-over before that still knows what it has.
 */
static void roll_over(struct vmid_pool *pool)
{
    atomic_fetch_add(&pool->generation, BIT(VMID_SHIFT));
    memset(pool->used, 0, pool->count / 8);
    for (unsigned i = 0; i < pool->cpu_count; i++) {
        uint64_t active = atomic_exchange(&pool->cpus[i].active, 0);

        if (active != 0)
            pool->cpus[i].reserved = active;
        if (pool->cpus[i].reserved != 0)
            pool->used[VMID_OF(pool->cpus[i].reserved) / 64] |= BIT(VMID_OF(pool->cpus[i].reserved) % 64);
    }
    pool->next = 1;
    pool->flush_all();
}

/* Whether a CPU runs with this tag since before the roll-over; all that do learn the new one. */
static bool is_reserved(struct vmid_pool *pool, uint64_t tag, uint64_t fresh)
{
    bool is_found = false;

    for (unsigned i = 0; i < pool->cpu_count; i++) {
        if (pool->cpus[i].reserved == tag) {
            pool->cpus[i].reserved = fresh;
            is_found = true;
        }
    }
    return is_found;
}

static uint64_t tag_renew(struct vmid_pool *pool, uint64_t old)
{
    uint64_t generation = atomic_load(&pool->generation);
    uint32_t vmid = VMID_OF(old);

    if (old != 0) {
        if (is_reserved(pool, old, generation | vmid))
            return generation | vmid;
        /* It keeps its number if nobody has taken it yet. */
        if (take(pool, vmid))
            return generation | vmid;
    }
    vmid = find_free(pool);
    if (vmid == 0) {
        roll_over(pool);
        generation = atomic_load(&pool->generation);
        vmid = find_free(pool);
    }
    return generation | vmid;
}

uint32_t vmid_use(struct vmid_pool *pool, unsigned cpu, _Atomic uint64_t *tag)
{
    uint64_t value = atomic_load(tag), active = atomic_load(&pool->cpus[cpu].active);

    /* The exchange fails if a roll-over comes in between: then what it has kept for this CPU is another's. */
    if (active != 0 && GENERATION_OF(value) == atomic_load(&pool->generation) &&
        atomic_compare_exchange_strong(&pool->cpus[cpu].active, &active, value))
        return VMID_OF(value);
    spin_lock_irqoff(&pool->lock);
    value = atomic_load(tag);
    if (GENERATION_OF(value) != atomic_load(&pool->generation)) {
        value = tag_renew(pool, value);
        atomic_store(tag, value);
    }
    atomic_store(&pool->cpus[cpu].active, value);
    spin_unlock_irqoff(&pool->lock);
    return VMID_OF(value);
}
