/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of an interrupt translation service, its command queue and its tables. */
#include "its.h"

#include <arch/cpu.h>
#include <core/cpu.h>
#include <core/log.h>
#include <core/mm.h>
#include <core/vmap.h>
#include <errno.h>
#include <platform/mmio.h>
#include <string.h>

#include "../boot/boot.h"

#define ITS_SIZE      0x20000
#define GITS_CTLR     0x0000
#define GITS_TYPER    0x0008
#define GITS_CBASER   0x0080
#define GITS_CWRITER  0x0088
#define GITS_CREADR   0x0090
#define GITS_BASER(n) (0x0100 + 8 * (n))
#define BASERS        8

#define CTLR_ENABLED   BIT(0)
#define CTLR_QUIESCENT BIT(31)

/* Fields that GITS_CBASER and GITS_BASERn have in common. */
#define TABLE_VALID      BIT(63)
#define TABLE_CACHED     (7ULL << 59) /* inner: read- and write-allocate, write-back */
#define TABLE_NOCACHE    (1ULL << 59)
#define TABLE_SHARED     (1ULL << 10) /* inner shareable */
#define TABLE_SHARE_MASK (3ULL << 10)
#define BASER_INDIRECT   BIT(62)
#define BASER_TYPE(v)    FIELD(v, 58, 56)
#define BASER_ENTRY(v)   (FIELD(v, 52, 48) + 1)
#define BASER_PAGES(n)   ((n) - 1)
#define BASER_PAGES_MAX  256
#define BASER_4K         0
#define BASER_PAGE_MASK  MASK(9, 8)

#define TYPE_DEVICES     1
#define TYPE_COLLECTIONS 4

#define QUEUE_PAGES   1
#define QUEUE_SIZE    (QUEUE_PAGES * PAGE_SIZE)
#define COMMAND_SIZE  32
#define COMMAND_TRIES 10000000

static uint64_t read64(const struct its *its, unsigned offset)
{
    return mmio_read32(its->registers, offset) | (uint64_t)mmio_read32(its->registers, offset + 4) << 32;
}

static void write64(const struct its *its, unsigned offset, uint64_t value)
{
    *(volatile uint64_t *)(its->registers + offset) = value;
}

void its_publish(const struct its *its, const void *p, size_t size)
{
    if (its == NULL || !its->is_coherent)
        cache_clean_invalidate(p, (const char *)p + size);
    else
        __asm__ volatile("dsb ishst" ::: "memory");
}

/* One command at a time: they are rare, and an answer tells that it has taken effect. */
bool its_command(struct its *its, uint64_t d0, uint64_t d1, uint64_t d2)
{
    uint64_t *slot = its->queue + its->queue_next / sizeof(uint64_t);

    slot[0] = d0;
    slot[1] = d1;
    slot[2] = d2;
    slot[3] = 0;
    its_publish(its, slot, COMMAND_SIZE);
    its->queue_next = (its->queue_next + COMMAND_SIZE) % QUEUE_SIZE;
    write64(its, GITS_CWRITER, its->queue_next);
    for (unsigned i = 0; i < COMMAND_TRIES; i++) {
        uint64_t at = read64(its, GITS_CREADR);

        if ((at & ~1ULL) == its->queue_next)
            return true;
        if (at & 1) /* stalled: a command that it does not take (5.3.2) */
            break;
        arch_relax();
    }
    log_error("its: command %#x was not taken", (unsigned)d0 & 0xff);
    return false;
}

/* Zeroed and contiguous, aligned to its size. NULL: out of memory. */
static void *table_alloc(uint64_t size)
{
    unsigned order = 0;
    hpa_t pages;

    while (PAGE_SIZE << order < size)
        order++;
    pages = order <= PAGE_ORDER_MAX ? page_alloc(order, PAGE_ZERO, NODE_ANY) : HPA_NONE;
    return hpa_valid(pages) ? hpa_to_ptr(pages) : NULL;
}

/* Writes the register with the attributes that it takes. */
static uint64_t table_register_set(struct its *its, unsigned offset, uint64_t value)
{
    uint64_t now;

    write64(its, offset, value | TABLE_VALID | TABLE_CACHED | TABLE_SHARED);
    now = read64(its, offset);
    if (!(now & TABLE_SHARE_MASK)) {
        its->is_coherent = false;
        write64(its, offset, value | TABLE_VALID | TABLE_NOCACHE);
        now = read64(its, offset);
    }
    return now;
}

/* One page of pointers to pages where the ITS can, else as many entries as fit in what a register can name.
 */
static bool device_table_make(struct its *its, unsigned offset)
{
    uint64_t kind = read64(its, offset) & ~(TABLE_VALID | BASER_INDIRECT | MASK(47, 0));
    uint64_t entry = BASER_ENTRY(kind), count = BIT(FIELD(its->type, 17, 13) + 1), now;
    uint64_t size = MIN(ALIGN_UP(count * entry, PAGE_SIZE), BASER_PAGES_MAX * PAGE_SIZE);

    kind &= ~TABLE_CACHED;
    write64(its, offset, kind | BASER_INDIRECT);
    if ((read64(its, offset) & BASER_INDIRECT) && count * entry > PAGE_SIZE) {
        its->device_span = PAGE_SIZE / entry;
        size = ALIGN_UP(count / its->device_span * sizeof(uint64_t), PAGE_SIZE);
        size = MIN(size, BASER_PAGES_MAX * PAGE_SIZE);
        kind |= BASER_INDIRECT;
    }
    its->devices = table_alloc(size);
    if (its->devices == NULL)
        return false;
    its->device_count =
        (uint32_t)MIN(count, its->device_span ? size / sizeof(uint64_t) * its->device_span : size / entry);
    its_publish(NULL, its->devices, size);
    now = table_register_set(its, offset, kind | ptr_to_hpa(its->devices).v | BASER_PAGES(size / PAGE_SIZE));
    return (now & BASER_PAGE_MASK) == BASER_4K && (now & TABLE_VALID);
}

static bool collection_table_make(struct its *its, unsigned offset)
{
    uint64_t kind = read64(its, offset) & ~(TABLE_VALID | BASER_INDIRECT | TABLE_CACHED | MASK(47, 0)), now;
    void *table = table_alloc(PAGE_SIZE);

    if (table == NULL)
        return false;
    its_publish(NULL, table, PAGE_SIZE);
    now = table_register_set(its, offset, kind | ptr_to_hpa(table).v | BASER_PAGES(1));
    return (now & BASER_PAGE_MASK) == BASER_4K && (now & TABLE_VALID);
}

static bool tables_make(struct its *its)
{
    for (unsigned i = 0; i < BASERS; i++) {
        unsigned type = (unsigned)BASER_TYPE(read64(its, GITS_BASER(i)));

        if (type == TYPE_DEVICES && !device_table_make(its, GITS_BASER(i)))
            return false;
        if (type == TYPE_COLLECTIONS && !collection_table_make(its, GITS_BASER(i)))
            return false;
    }
    return its->device_count > 0;
}

/* Quiescent before its tables are given to it (5.5.2, "ITS registers": they may only change while it is off).
 */
static bool stop(struct its *its)
{
    mmio_write32(its->registers, GITS_CTLR, mmio_read32(its->registers, GITS_CTLR) & ~(uint32_t)CTLR_ENABLED);
    for (unsigned i = 0; i < COMMAND_TRIES; i++) {
        if (mmio_read32(its->registers, GITS_CTLR) & CTLR_QUIESCENT)
            return true;
        arch_relax();
    }
    return false;
}

bool its_open(struct its *its, hpa_t base)
{
    *its = (struct its){.base = base, .is_coherent = true};
    its->registers = mmio_map(base, ITS_SIZE, MMIO_UNCACHED);
    if (its->registers == NULL || !stop(its))
        return false;
    its->type = read64(its, GITS_TYPER);
    its->queue = table_alloc(QUEUE_SIZE);
    if (its->queue == NULL || !tables_make(its))
        return false;
    its_publish(NULL, its->queue, QUEUE_SIZE);
    table_register_set(its, GITS_CBASER, ptr_to_hpa(its->queue).v | BASER_PAGES(QUEUE_PAGES));
    write64(its, GITS_CWRITER, 0);
    mmio_write32(its->registers, GITS_CTLR, CTLR_ENABLED);
    return true;
}

int its_device_room(struct its *its, uint32_t id)
{
    uint64_t *slot;
    void *page;

    if (id >= its->device_count)
        return -ENOSPC;
    if (its->device_span == 0)
        return 0;
    slot = &its->devices[id / its->device_span];
    if (*slot & TABLE_VALID)
        return 0;
    page = table_alloc(PAGE_SIZE);
    if (page == NULL)
        return -ENOMEM;
    its_publish(NULL, page, PAGE_SIZE);
    *slot = ptr_to_hpa(page).v | TABLE_VALID;
    its_publish(its, slot, sizeof(*slot));
    return 0;
}
