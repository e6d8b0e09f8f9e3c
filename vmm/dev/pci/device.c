/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#include <errno.h>
#include <string.h>

/* Configuration space of one function. */

#define COMMAND_WRITABLE (PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE)

void vpci_device_init(struct vpci_device *d, struct vpci_host *host, uint8_t devfn,
                      const struct vpci_ids *ids, const struct vpci_device_hooks *hooks)
{
    *d = (struct vpci_device){
        .host = host,
        .devfn = devfn,
        .hooks = hooks,
        .config_end = PCI_FIRST_FREE,
    };
    vpci_put16(&d->config[PCI_VENDOR], ids->vendor);
    vpci_put16(&d->config[PCI_DEVICE], ids->device);
    d->config[PCI_REVISION] = ids->revision;
    d->config[PCI_CLASS] = (uint8_t)ids->class_code;
    vpci_put16(&d->config[PCI_CLASS + 1], (uint16_t)(ids->class_code >> 8));
    vpci_put16(&d->config[PCI_SUBSYSTEM], ids->subsystem_vendor);
    vpci_put16(&d->config[PCI_SUBSYSTEM + 2], ids->subsystem);
    d->config[PCI_INTERRUPT_PIN] = ids->interrupt_pin;
    vpci_put16(&d->writable[PCI_COMMAND], COMMAND_WRITABLE);
    d->writable[PCI_INTERRUPT_LINE] = 0xff;
}

int vpci_capability_add(struct vpci_device *d, uint8_t id, unsigned size)
{
    unsigned at = d->config_end;

    size = ALIGN_UP(size, 4U);
    if (size > PCI_CONFIG_SIZE - at)
        return -ENOSPC;
    d->config_end += size;
    d->config[at] = id;
    /* Appended, so that guests meet capabilities in the order in which they were added. */
    d->config[d->last_capability ? d->last_capability + 1U : PCI_CAPABILITIES] = (uint8_t)at;
    d->last_capability = (uint8_t)at;
    d->config[PCI_STATUS] |= PCI_STATUS_CAPABILITIES;
    return (int)at;
}

int vpci_device_add(struct vpci_device *d)
{
    if (d->host->functions[d->devfn] != NULL)
        return -EEXIST;
    memcpy(d->initial, d->config, sizeof(d->initial));
    vpci_device_reset(d);
    d->host->functions[d->devfn] = d;
    return 0;
}

void vpci_device_fini(struct vpci_device *d)
{
    if (d->host == NULL)
        return;
    if (d->host->functions[d->devfn] == d)
        d->host->functions[d->devfn] = NULL;
    vpci_intx_set(d, false);
    vpci_bars_fini(d);
    vpci_msix_fini(d);
    d->host = NULL;
}

/* Bytes are written one by one under the lock; a reader meanwhile sees old and new ones, as in two transfers.
 */
static uint8_t byte_load(const struct vpci_device *d, unsigned offset)
{
    uint8_t value = __atomic_load_n(&d->config[offset], __ATOMIC_RELAXED);

    if (offset == PCI_STATUS && d->intx_level)
        value |= PCI_STATUS_INTERRUPT;
    return value;
}

/* Configuration space is little-endian, and so is every host; an aligned word is one load or store then. */
static always_inline uint32_t word_load(const uint8_t *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

uint32_t vpci_config_read(struct vpci_device *d, unsigned offset, unsigned size)
{
    uint32_t value = 0;

    if (d->hooks != NULL && d->hooks->config_read != NULL && d->hooks->config_read(d, offset, size, &value))
        return value;
    if (likely(size == 4 && offset != PCI_COMMAND)) /* with the status comes a bit that is not in the array */
        return word_load(&d->config[offset]);
    for (unsigned i = 0; i < size; i++)
        value |= (uint32_t)byte_load(d, offset + i) << 8 * i;
    return value;
}

static bool overlaps(unsigned offset, unsigned size, unsigned first, unsigned length)
{
    return offset < first + length && first < offset + size;
}

static void word_write(struct vpci_device *d, unsigned offset, uint32_t value)
{
    uint32_t writable = word_load(&d->writable[offset]), clearable = word_load(&d->clearable[offset]);
    uint32_t word = (word_load(&d->config[offset]) & ~writable) | (value & writable);

    word &= ~(value & clearable);
    memcpy(&d->config[offset], &word, sizeof(word));
}

static void bytes_write(struct vpci_device *d, unsigned offset, unsigned size, uint32_t value)
{
    for (unsigned i = offset; i < offset + size; i++, value >>= 8) {
        uint8_t byte = (uint8_t)((d->config[i] & ~d->writable[i]) | (value & d->writable[i]));

        byte &= (uint8_t)~(value & d->clearable[i]);
        __atomic_store_n(&d->config[i], byte, __ATOMIC_RELAXED);
    }
}

void vpci_config_write(struct vpci_device *d, unsigned offset, unsigned size, uint32_t value)
{
    spin_lock(&d->host->lock);
    if (size == 4)
        word_write(d, offset, value);
    else
        bytes_write(d, offset, size, value);
    if (overlaps(offset, size, PCI_COMMAND, 2) || overlaps(offset, size, PCI_BAR0, 4 * PCI_BARS))
        vpci_bars_update(d);
    if (overlaps(offset, size, PCI_COMMAND, 2))
        vpci_intx_update(d);
    if (d->msix.count != 0 && overlaps(offset, size, d->msix.capability + 2U, 2))
        vpci_msix_control_written(d);
    if (d->hooks != NULL && d->hooks->config_written != NULL)
        d->hooks->config_written(d, offset, size);
    spin_unlock(&d->host->lock);
}

void vpci_device_reset(struct vpci_device *d)
{
    d->intx_level = false;
    spin_lock(&d->host->lock);
    memcpy(d->config, d->initial, sizeof(d->config));
    vpci_bars_update(d);
    vpci_msix_reset(d);
    spin_unlock(&d->host->lock);
    vpci_intx_update(d);
}

void vpci_device_save(struct vpci_device *d, struct state_writer *w)
{
    state_put_bytes(w, d->config, sizeof(d->config));
    state_put_u8(w, d->intx_level);
    vpci_msix_save(d, w);
}

int vpci_device_load(struct vpci_device *d, struct state_reader *r)
{
    uint8_t config[PCI_CONFIG_SIZE];

    state_get_bytes(r, config, sizeof(config));
    d->intx_level = state_get_u8(r) != 0;
    spin_lock(&d->host->lock);
    for (unsigned i = 0; i < PCI_CONFIG_SIZE; i++) {
        uint8_t variable = d->writable[i] | d->clearable[i];

        d->config[i] = (uint8_t)((d->initial[i] & ~variable) | (config[i] & variable));
    }
    vpci_bars_update(d);
    vpci_msix_load(d, r);
    spin_unlock(&d->host->lock);
    vpci_intx_update(d);
    return state_reader_status(r);
}
