/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

/* Interrupt pins: each line is the OR of the functions that are wired to it. */

static bool wants_line(const struct vpci_device *d)
{
    uint8_t disable = __atomic_load_n(&d->config[PCI_COMMAND + 1], __ATOMIC_SEQ_CST);

    return d->intx_level && !(disable & PCI_COMMAND_INTX_DISABLE >> 8);
}

/* Others may change the count between the look and the act, so look again. */
static void line_update(struct vpci_host *host, unsigned line)
{
    bool level;

    do {
        level = host->intx_count[line] > 0;
        irqchip_line_set(host->config.irqchip, host->config.intx_gsi + line, level);
    } while (level != (host->intx_count[line] > 0));
}

void vpci_intx_update(struct vpci_device *d)
{
    unsigned pin = d->config[PCI_INTERRUPT_PIN], line;
    bool level;

    if (pin == 0)
        return;
    line = vpci_intx_line(d->host, d->devfn >> 3, pin - 1);
    do {
        level = wants_line(d);
        /* Whoever makes the change counts it, so each is counted once. */
        if (atomic_exchange(&d->is_intx_raised, level) == level)
            continue;
        d->host->intx_count[line] += level ? 1 : -1;
        line_update(d->host, line);
    } while (level != wants_line(d));
}

void vpci_intx_set(struct vpci_device *d, bool level)
{
    d->intx_level = level;
    vpci_intx_update(d);
}
