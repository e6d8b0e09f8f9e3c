/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages to a GICv2: a frame of registers (GICv2m) has one where a written number becomes an edge of the
 * shared line of that number. Arm Server Base System Architecture (DEN0029), appendix "GICv2m architecture".
 */
#include "gic.h"

#include <core/boot.h>
#include <core/host_info.h>
#include <core/log.h>
#include <core/vmap.h>
#include <errno.h>
#include <platform/mmio.h>
#include <stdlib.h>

#define MSI_TYPER          0x008
#define MSI_SETSPI         0x040
#define FRAME_SIZE         0x1000
#define TYPER_FIRST(typer) FIELD(typer, 25, 16)
#define TYPER_COUNT(typer) FIELD(typer, 9, 0)

/* Frames by their lines; immutable after boot. */
static struct frame {
    hpa_t base;
    unsigned first, end;
} *frames;
static size_t frame_count;

static bool frame_open(struct frame *frame, const struct host_gic_frame *told)
{
    unsigned first = told->first, count = told->count;
    volatile void *registers;
    uint32_t typer;

    if (count == 0) {
        registers = mmio_map(told->base, FRAME_SIZE, MMIO_UNCACHED);
        if (registers == NULL)
            return false;
        typer = mmio_read32(registers, MSI_TYPER);
        first = TYPER_FIRST(typer);
        count = TYPER_COUNT(typer);
    }
    *frame = (struct frame){told->base, first, first + count};
    return first >= GIC_SPI_FIRST && first < gic_lines() && count > 0 && count <= gic_lines() - first;
}

static int v2m_start(void)
{
    const struct host_irqchip_gic *gic = &host_info()->gic;

    frames = calloc(gic->frame_count, sizeof(*frames));
    if (frames == NULL)
        return gic->frame_count > 0 ? -ENOMEM : 0;
    for (size_t i = 0; i < gic->frame_count; i++) {
        struct frame *frame = &frames[frame_count];

        if (frame_open(frame, &gic->frames[i])) {
            log_info("gic: messages are lines %u to %u", frame->first, frame->end - 1);
            frame_count++;
        } else {
            log_error("gic: the message frame at %#llx cannot be used",
                      (unsigned long long)gic->frames[i].base.v);
        }
    }
    return 0;
}

BOOT_STEP(BOOT_IRQ, v2m, v2m_start, NULL);

/* Who sends it does not matter: the line is the message's. The first that nobody has. */
int gic_message_bind(struct irq_action *action, unsigned cpu, uint32_t requester, struct msi_message *out)
{
    (void)requester;
    for (size_t i = 0; i < frame_count; i++) {
        const struct frame *frame = &frames[i];

        for (unsigned intid = frame->first; intid < frame->end; intid++) {
            if (gic_line_bind(action, intid, cpu, true, false) != 0)
                continue;
            *out = (struct msi_message){.address = frame->base.v + MSI_SETSPI, .data = intid};
            return 0;
        }
    }
    return frame_count > 0 ? -ENOSPC : -ENOTSUP;
}

void gic_message_release(struct irq_action *action)
{
    gic_line_unbind(action);
}

/* As lines they have been found already. */
bool gic_message_handle(unsigned intid)
{
    (void)intid;
    return false;
}
