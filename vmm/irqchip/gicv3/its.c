/* SPDX-License-Identifier: BSD-2-Clause */
#include "its.h"

#include <errno.h>
#include <stdlib.h>

/* The ITS's registers: IHI 0069H, 12.18 and 12.19. */
#define GITS_CTLR      0x0000
#define GITS_IIDR      0x0004
#define GITS_TYPER     0x0008
#define GITS_CBASER    0x0080
#define GITS_CWRITER   0x0088
#define GITS_CREADR    0x0090
#define GITS_BASER     0x0100
#define GITS_BASER_END 0x0140

#define CTLR_QUIESCENT BIT(31)

/* Physical LPIs; 8-byte ITT entries; 16 bits of EventID and of DeviceID; CIDbits as below (CIL). */
#define TYPER_VALUE \
    (BIT(0) | 7ULL << 4 | (ITS_ID_BITS - 1ULL) << 8 | (ITS_ID_BITS - 1ULL) << 13 | 7ULL << 32 | BIT(36))
_Static_assert(ITS_COLLECTIONS == 1 << 8, "CIDbits in TYPER_VALUE");

#define CBASER_WRITABLE (BIT(63) | MASK(61, 59) | MASK(55, 53) | MASK(51, 10) | MASK(7, 0))
#define OFFSET_MASK     0xfffe0U

#define BASER_WRITABLE (BIT(63) | BIT(62) | MASK(61, 59) | MASK(55, 53) | MASK(47, 0))
#define BASER_TYPE     MASK(58, 56)
#define BASER_ENTRY    (7ULL << 48) /* 8 bytes */

/* Commands in one go; a vCPU that has given more waits for them, and can be interrupted in between. */
#define BATCH 64

static const uint64_t baser_fixed[ITS_BASERS] = {
    1ULL << 56 | BASER_ENTRY, /* devices */
    4ULL << 56 | BASER_ENTRY, /* collections */
};

void its_signal(struct its *its, uint32_t device, uint32_t event)
{
    struct gic_lpi *lpi;

    if (!(atomic_load(&its->ctlr) & ITS_CTLR_ENABLED))
        return;
    lpi = its_event_find(its, device, event);
    if (lpi != NULL)
        its_lpi_signal(its, lpi);
}

/* --- commands --- */

bool its_continue(struct gic_cpu *cpu)
{
    if (!its_commands_run(cpu->chip->its, BATCH))
        return false;
    (void)!gic_attention_raise(cpu, ATTENTION_ITS);
    return true;
}

static void commands_start(struct its *its)
{
    unsigned current;

    if (!its_commands_run(its, BATCH))
        return;
    current = vcpu_current(its->chip);
    if (current < its->chip->cpu_count)
        (void)!gic_attention_raise(&its->chip->cpus[current], ATTENTION_ITS);
    else
        while (its_commands_run(its, BATCH)) /* not a guest: a queue's length at most */
            ;
}

/* --- registers --- */

static uint64_t reg_read(const struct its *its, uint64_t offset)
{
    switch (offset) {
    case GITS_TYPER:
        return TYPER_VALUE;
    case GITS_CBASER:
        return atomic_load(&its->cbaser);
    case GITS_CWRITER:
        return atomic_load(&its->cwriter);
    case GITS_CREADR:
        return atomic_load(&its->creadr);
    case GITS_BASER ... GITS_BASER_END - 1:
        return (offset - GITS_BASER) / 8 < ITS_BASERS ? atomic_load(&its->baser[(offset - GITS_BASER) / 8])
                                                      : 0;
    default:
        return 0;
    }
}

uint64_t its_read(void *device, uint64_t offset, unsigned size)
{
    const struct irqchip *chip = device;
    const struct its *its = chip->its;
    uint32_t ctlr;

    if (size < 4 || !IS_ALIGNED(offset, size))
        return 0;
    switch (offset) {
    case GITS_CTLR:
        ctlr = atomic_load(&its->ctlr);
        /* Enabled and at rest is not quiescent: GITS_CTLR.Quiescent. */
        return size == 4 ? ctlr | (ctlr == 0 && !atomic_load(&its->is_busy) ? CTLR_QUIESCENT : 0) : 0;
    case GITS_IIDR:
        return GIC_IIDR;
    case GIC_PIDR2:
        return size == 4 ? GICV3_PIDR2_REV : 0;
    default:
        return gic_part_get(reg_read(its, offset & ~7ULL), offset, size);
    }
}

static void cwriter_write(struct its *its, uint64_t offset, uint64_t value)
{
    if ((offset & 4) != 0 || (value & OFFSET_MASK) >= its_queue_size(atomic_load(&its->cbaser)))
        return;
    atomic_store(&its->cwriter, (uint32_t)value & OFFSET_MASK);
    commands_start(its);
}

/* While the ITS is enabled the bases stay: GITS_BASER<n> and GITS_CBASER call a change UNPREDICTABLE. */
static void base_write(struct its *its, uint64_t offset, unsigned size, uint64_t value)
{
    unsigned table = (unsigned)(offset - GITS_BASER) / 8;

    if (atomic_load(&its->ctlr) != 0 || atomic_load(&its->is_busy))
        return;
    if (offset < GITS_BASER) {
        value = gic_part_set(atomic_load(&its->cbaser), offset, size, value);
        atomic_store(&its->cbaser, value & CBASER_WRITABLE);
        atomic_store(&its->creadr, 0);
        atomic_store(&its->cwriter, 0);
    } else if (table < ITS_BASERS) {
        value = gic_part_set(atomic_load(&its->baser[table]), offset, size, value);
        atomic_store(&its->baser[table], (value & BASER_WRITABLE) | baser_fixed[table]);
    }
}

void its_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct irqchip *chip = device;
    struct its *its = chip->its;

    /* A device's write is irqchip_msi_send(); a CPU has no DeviceID, so its own goes nowhere. */
    if (size < 4 || !IS_ALIGNED(offset, size))
        return;
    switch (offset & ~7ULL) {
    case GITS_CTLR:
        if (offset != GITS_CTLR || size != 4)
            break;
        atomic_store(&its->ctlr, (uint32_t)value & ITS_CTLR_ENABLED);
        if (value & ITS_CTLR_ENABLED)
            commands_start(its);
        break;
    case GITS_CWRITER:
        cwriter_write(its, offset, value);
        break;
    case GITS_CBASER:
    case GITS_BASER ... GITS_BASER_END - 1:
        base_write(its, offset, size, value);
        break;
    default:
        break;
    }
}

/* --- life --- */

static void registers_reset(struct its *its)
{
    atomic_store(&its->ctlr, 0);
    atomic_store(&its->cbaser, 0);
    atomic_store(&its->cwriter, 0);
    atomic_store(&its->creadr, 0);
    for (unsigned i = 0; i < ITS_BASERS; i++)
        atomic_store(&its->baser[i], baser_fixed[i]);
}

void its_reset(struct irqchip *chip)
{
    if (chip->its == NULL)
        return;
    registers_reset(chip->its);
    its_map_clear(chip->its);
}

int its_create(struct irqchip *chip)
{
    struct its *its = calloc(1, sizeof(*its));

    if (its == NULL)
        return -ENOMEM;
    its->chip = chip;
    spin_init(&its->lock, LOCK_RANK_ITS);
    RB_INIT(&its->events);
    RB_INIT(&its->devices);
    atomic_init(&its->epoch, 1);
    chip->its = its;
    its_reset(chip);
    return 0;
}

uint64_t its_bytes(const struct irqchip *chip)
{
    if (chip->its == NULL)
        return 0;
    return sizeof(*chip->its) + atomic_load(&chip->its->device_count) * sizeof(struct its_device);
}

void its_destroy(struct irqchip *chip)
{
    if (chip->its == NULL)
        return;
    its_map_clear(chip->its);
    free(chip->its);
    chip->its = NULL;
}

/* --- state record: registers; the map is its_map.c's --- */

void its_save(struct irqchip *chip, struct state_writer *writer)
{
    const struct its *its = chip->its;
    uint32_t size = its_queue_size(atomic_load(&its->cbaser)), cwriter = atomic_load(&its->cwriter),
             creadr = atomic_load(&its->creadr);

    state_put_u32(writer, atomic_load(&its->ctlr));
    state_put_u64(writer, atomic_load(&its->cbaser));
    /* One CPU may have made the queue shorter while another moved in it. */
    state_put_u32(writer, cwriter < size ? cwriter : 0);
    state_put_u32(writer, creadr < size ? creadr : 0);
    for (unsigned i = 0; i < ITS_BASERS; i++)
        state_put_u64(writer, atomic_load(&its->baser[i]));
    its_map_save(chip->its, writer);
}

int its_load(struct irqchip *chip, struct state_reader *reader)
{
    struct its *its = chip->its;
    uint32_t size;

    its_reset(chip);
    atomic_store(&its->ctlr, state_get_u32(reader) & ITS_CTLR_ENABLED);
    atomic_store(&its->cbaser, state_get_u64(reader) & CBASER_WRITABLE);
    size = its_queue_size(atomic_load(&its->cbaser));
    atomic_store(&its->cwriter, state_get_u32(reader) & OFFSET_MASK);
    atomic_store(&its->creadr, state_get_u32(reader) & OFFSET_MASK);
    if (atomic_load(&its->cwriter) >= size || atomic_load(&its->creadr) >= size)
        return -EINVAL;
    for (unsigned i = 0; i < ITS_BASERS; i++)
        atomic_store(&its->baser[i], (state_get_u64(reader) & BASER_WRITABLE) | baser_fixed[i]);
    return its_map_load(its, reader);
}
