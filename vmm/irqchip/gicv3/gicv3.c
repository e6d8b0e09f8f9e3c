/* SPDX-License-Identifier: BSD-2-Clause */
#include "gicv3.h"

#include "faces.h"
#include "its.h"
#include <errno.h>
#include <stdlib.h>

/* The GICv3 as a whole: what comes in, creation, reset, state record. */

/* --- lines, messages, SGIs --- */

void irqchip_msi_send(struct irqchip *chip, uint32_t requester, const struct msi_message *message)
{
    if (chip->its != NULL && message->address == chip->its_base + GICV3_TRANSLATER)
        its_signal(chip->its, requester, message->data);
    else if (message->address == chip->dist_base + 0x40)
        gic_dist_write(chip, 0x40, 4, message->data);
}

static always_inline void sgi_raise(struct irqchip *chip, unsigned target, unsigned which, unsigned intid)
{
    struct gic_irq *irq = &chip->cpus[target].private_irqs[intid];
    uint32_t flags = atomic_load_explicit(&irq->flags, memory_order_acquire);

    /* ICC_SGI0R_EL1 is for Group 0 only; ICC_SGI1R_EL1 reaches both groups: 12.1, 12.2. Pending already, and
     * nobody has taken it: nothing to add. Guests order what they write before an SGI by a barrier of their
     * own. */
    if ((which == 0 && (flags & IRQ_GROUP1)) || (flags & IRQ_LATCH))
        return;
    gic_private_raise(&chip->cpus[target], intid);
}

static no_inline void sgi_others(struct gic_cpu *cpu, unsigned which, unsigned intid)
{
    for (unsigned i = 0; i < cpu->chip->cpu_count; i++)
        if (i != cpu->index)
            sgi_raise(cpu->chip, i, which, intid);
}

static no_inline void sgi_list(struct irqchip *chip, unsigned first, uint32_t list, unsigned which,
                               unsigned intid)
{
    for (; list != 0; list &= list - 1) {
        unsigned target = first + (unsigned)__builtin_ctz(list);

        if (target < chip->cpu_count)
            sgi_raise(chip, target, which, intid);
    }
}

void gicv3_sgi_write(struct gic_cpu *cpu, unsigned which, uint64_t value)
{
    struct irqchip *chip = cpu->chip;
    unsigned intid = (unsigned)FIELD(value, 27, 24);
    uint32_t list = value & 0xffff,
             cluster = (uint32_t)(FIELD(value, 55, 48) << 24 | FIELD(value, 39, 32) << 16 |
                                  FIELD(value, 23, 16) << 8);
    uint16_t first;

    if (unlikely((value & BIT(40)) != 0)) {
        sgi_others(cpu, which, intid);
        return;
    }
    /* Range selector: there are 16 vCPUs to a cluster (GICD_TYPER.RSS is 0). They are neighbours; who is
     * beyond the last is not there. */
    first = gic_affinity_find(chip, cluster);
    if (unlikely(FIELD(value, 47, 44) != 0 || first == ROUTE_NONE || list == 0))
        return;
    if (unlikely((list & (list - 1)) != 0))
        sgi_list(chip, first, list, which, intid);
    else if (likely(first + (unsigned)__builtin_ctz(list) < chip->cpu_count))
        sgi_raise(chip, first + (unsigned)__builtin_ctz(list), which, intid);
}

/* Any vCPU may deactivate an SPI, wherever it is active; its own private ones. LPIs have no active state. */
void gicv3_dir_write(struct gic_cpu *cpu, uint32_t intid)
{
    struct gic_irq *irq = intid < GIC_SPURIOUS ? gic_irq_find(cpu, intid) : NULL;

    if (irq != NULL)
        gic_irq_deactivate(cpu->chip, irq);
}

/* --- redistributors in the address space; the region's device is its first vCPU --- */

static uint64_t redist_read(void *device, uint64_t offset, unsigned size)
{
    struct gic_cpu *first = device;

    return gic_redist_read(first + offset / GICV3_REDIST_SIZE, offset % GICV3_REDIST_SIZE, size);
}

static void redist_write(void *device, uint64_t offset, unsigned size, uint64_t value)
{
    struct gic_cpu *first = device;

    gic_redist_write(first + offset / GICV3_REDIST_SIZE, offset % GICV3_REDIST_SIZE, size, value);
}

/* --- reset --- */

const char gic_face_name[] = "gicv3";

static void cpu_reset(struct gic_cpu *cpu)
{
    for (unsigned i = 0; i < GIC_PRIVATE; i++)
        gic_irq_reset(cpu->chip, &cpu->private_irqs[i], IRQ_GROUP1);
    atomic_store(&cpu->ctlr, 0);
    atomic_store(&cpu->waker, 0x6);
    atomic_store(&cpu->propbaser, 0);
    atomic_store(&cpu->pendbaser, 0);
}

/* Groups are UNKNOWN after reset (GICD_IGROUPR<n>): Group 1 is what firmware would leave to a kernel started
 * without any. */
void gic_face_reset(struct irqchip *chip)
{
    for (unsigned i = 0; i < chip->cpu_count; i++)
        cpu_reset(&chip->cpus[i]);
    for (unsigned i = 0; i < chip->spi_count; i++) {
        gic_irq_reset(chip, &chip->spis[i], IRQ_GROUP1);
        atomic_store(&chip->irouter[i], 0);
        gic_irq_route_set(chip, &chip->spis[i], 0);
    }
    its_reset(chip);
    gic_lpis_reset(chip);
}

/* --- state record --- */

static void cpu_save(struct gic_cpu *cpu, struct state_writer *writer)
{
    state_put_u32(writer, atomic_load(&cpu->ctlr));
    state_put_u32(writer, atomic_load(&cpu->waker));
    state_put_u64(writer, atomic_load(&cpu->propbaser));
    state_put_u64(writer, atomic_load(&cpu->pendbaser));
}

static void cpu_load(struct gic_cpu *cpu, struct state_reader *reader)
{
    atomic_store(&cpu->ctlr, state_get_u32(reader) & ((uint32_t)(RCTLR_DPG0 | RCTLR_DPG1NS) |
                                                      (cpu->chip->its ? RCTLR_ENABLE_LPIS : 0)));
    atomic_store(&cpu->waker, state_get_u32(reader) & 6);
    atomic_store(&cpu->propbaser, state_get_u64(reader));
    atomic_store(&cpu->pendbaser, state_get_u64(reader));
}

/* Pending ones; whether they are enabled is read from the guest's table again. */
static void lpis_save(struct irqchip *chip, struct state_writer *writer)
{
    const struct gic_irq *irq;
    uint32_t count = 0;

    for (irq = gic_lpi_pending_next(chip, GIC_LPI_FIRST); irq != NULL;
         irq = gic_lpi_pending_next(chip, irq->intid + 1))
        count++;
    state_put_u32(writer, count);
    for (irq = gic_lpi_pending_next(chip, GIC_LPI_FIRST); irq != NULL;
         irq = gic_lpi_pending_next(chip, irq->intid + 1)) {
        state_put_u32(writer, irq->intid);
        state_put_u32(writer, atomic_load(&irq->route));
    }
}

static int lpis_load(struct irqchip *chip, struct state_reader *reader)
{
    uint32_t count = state_get_u32(reader);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t intid = state_get_u32(reader), vcpu = state_get_u32(reader);
        struct gic_lpi *lpi;

        if (state_reader_status(reader) != 0 || intid - GIC_LPI_FIRST >= GIC_LPIS || vcpu >= chip->cpu_count)
            return -EINVAL;
        lpi = gic_lpi_ensure(chip, intid);
        if (lpi == NULL)
            return -ENOMEM;
        gic_lpi_trigger(chip, lpi, vcpu);
    }
    return 0;
}

void gic_face_save(struct irqchip *chip, struct state_writer *writer)
{
    state_put_u32(writer, chip->its != NULL);
    for (unsigned i = 0; i < chip->cpu_count; i++)
        cpu_save(&chip->cpus[i], writer);
    for (unsigned i = 0; i < chip->spi_count; i++)
        state_put_u64(writer, atomic_load(&chip->irouter[i]));
    if (chip->its == NULL)
        return;
    its_save(chip, writer);
    lpis_save(chip, writer);
}

int gic_face_load(struct irqchip *chip, struct state_reader *reader)
{
    int err;

    if (state_get_u32(reader) != (chip->its != NULL))
        return -EINVAL;
    for (unsigned i = 0; i < chip->cpu_count; i++)
        cpu_load(&chip->cpus[i], reader);
    for (unsigned i = 0; i < chip->spi_count; i++)
        gic_dist_write(chip, 0x6000 + (GIC_PRIVATE + i) * 8, 8, state_get_u64(reader));
    if (chip->its == NULL)
        return 0;
    err = its_load(chip, reader);
    return err != 0 ? err : lpis_load(chip, reader);
}

/* --- life --- */

static int regions_add(struct irqchip *chip, const struct gicv3_config *config)
{
    int err = gic_region_add(
        chip, chip->dist_base, GIC_DIST_SIZE,
        &(struct bus_region){
            .read = gic_dist_read, .write = gic_dist_write, .device = chip, .name = "gicv3-distributor"});

    if (err == 0 && chip->its != NULL)
        err = gic_region_add(
            chip, config->its_base, GICV3_ITS_SIZE,
            &(struct bus_region){.read = its_read, .write = its_write, .device = chip, .name = "gicv3-its"});
    for (unsigned i = 0, first = 0; i < GICV3_REDIST_PARTS && err == 0; i++) {
        unsigned count = MIN(config->redist[i].count, chip->cpu_count - first);

        if (count == 0)
            break;
        chip->region_first[chip->region_count] = first;
        err = gic_region_add(chip, config->redist[i].base, count * GICV3_REDIST_SIZE,
                             &(struct bus_region){.read = redist_read,
                                                  .write = redist_write,
                                                  .device = &chip->cpus[first],
                                                  .name = "gicv3-redistributors"});
        first += count;
    }
    return err;
}

uint64_t gic_face_bytes(const struct irqchip *chip)
{
    return chip->spi_count * sizeof(*chip->irouter) + gic_lpis_bytes(chip) + its_bytes(chip);
}

void gic_face_free(struct irqchip *chip)
{
    its_destroy(chip);
    gic_lpis_destroy(chip);
    free(chip->irouter);
}

static int parts_create(struct irqchip *chip, const struct gicv3_config *config)
{
    int err = 0;

    chip->irouter = calloc(chip->spi_count, sizeof(*chip->irouter));
    if (chip->irouter == NULL)
        return -ENOMEM;
    if (config->its_base != 0)
        err = gic_lpis_create(chip);
    if (err == 0 && config->its_base != 0)
        err = its_create(chip);
    return err != 0 ? err : regions_add(chip, config);
}

int gicv3_create(const struct gicv3_config *config, struct irqchip **out)
{
    struct irqchip *chip;
    uint64_t room = 0;
    int err;

    for (unsigned i = 0; i < GICV3_REDIST_PARTS; i++)
        room += config->redist[i].count;
    if (config->gic.vcpu_count > room)
        return -EINVAL;
    err = gic_chip_create(&config->gic, &chip);
    if (err != 0)
        return err;
    chip->its_base = config->its_base;
    return gic_chip_finish(chip, parts_create(chip, config), out);
}
