/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#include <errno.h>
#include <stdlib.h>

/*
 * MSI-X (6.8.2). Vectors are sent from any context while vCPUs change the table. A guest that changes an
 * entry without masking it gets a message put together from old and new words, as it would from hardware.
 */
#define CONTROL_ENABLE 0x8000
#define CONTROL_MASK   0x4000
#define VECTORS_MAX    2048

#define ENTRY_WORDS 4
#define ENTRY_LOW   0
#define ENTRY_HIGH  1
#define ENTRY_DATA  2
#define ENTRY_FLAGS 3
#define FLAG_MASKED 1

#define CAPABILITY_SIZE 12
#define BAR_SIZE_MIN    4096

static uint64_t msix_read(void *context, uint64_t offset, unsigned size);
static void msix_write(void *context, uint64_t offset, unsigned size, uint64_t value);

int vpci_msix_add(struct vpci_device *d, unsigned bar, unsigned count)
{
    struct vpci_msix *m = &d->msix;
    unsigned words = (count + 31) / 32;
    uint64_t half = BAR_SIZE_MIN / 2;
    int error;

    if (count == 0 || count > VECTORS_MAX || m->count != 0)
        return -EINVAL;
    while (half < count * ENTRY_WORDS * 4ULL)
        half *= 2;
    m->table = calloc((size_t)count * ENTRY_WORDS + words, sizeof(*m->table));
    if (m->table == NULL)
        return -ENOMEM;
    m->pending = m->table + (size_t)count * ENTRY_WORDS;
    m->pending_offset = (uint32_t)half;
    error = vpci_bar_add(d, bar, PCI_BAR_MEMORY32, "msix", half * 2, msix_read, msix_write, d);
    if (error == 0)
        error = vpci_capability_add(d, PCI_CAPABILITY_MSIX, CAPABILITY_SIZE);
    if (error < 0)
        return error; /* vpci_device_fini() frees */
    m->count = count;
    m->capability = (uint8_t)error;
    vpci_put16(&d->config[m->capability + 2], (uint16_t)(count - 1));
    vpci_put16(&d->writable[m->capability + 2], CONTROL_ENABLE | CONTROL_MASK);
    vpci_put32(&d->config[m->capability + 4], bar);
    vpci_put32(&d->config[m->capability + 8], m->pending_offset | bar);
    return 0;
}

void vpci_msix_fini(struct vpci_device *d)
{
    free((void *)d->msix.table);
    d->msix = (struct vpci_msix){0};
}

/* The upper byte of the control word, which has both bits. */
static uint8_t control(const struct vpci_device *d)
{
    return __atomic_load_n(&d->config[d->msix.capability + 3], __ATOMIC_SEQ_CST);
}

bool vpci_msix_enabled(const struct vpci_device *d)
{
    return d->msix.count != 0 && (control(d) & CONTROL_ENABLE >> 8);
}

static bool is_masked(const struct vpci_device *d, unsigned vector)
{
    uint8_t both = control(d) & (CONTROL_ENABLE | CONTROL_MASK) >> 8;

    return both != CONTROL_ENABLE >> 8 || (d->msix.table[vector * ENTRY_WORDS + ENTRY_FLAGS] & FLAG_MASKED);
}

static void message_send(struct vpci_device *d, unsigned vector)
{
    const _Atomic uint32_t *entry = &d->msix.table[(size_t)vector * ENTRY_WORDS];
    struct msi_message message = {
        .address = (uint64_t)entry[ENTRY_HIGH] << 32 | entry[ENTRY_LOW],
        .data = entry[ENTRY_DATA],
    };

    irqchip_msi_send(d->host->config.irqchip, d->devfn, &message);
}

/* Both who notes a message as pending and who unmasks do it after their own step, so one of them sends it. */
static void pending_send(struct vpci_device *d, unsigned vector)
{
    uint32_t bit = 1U << vector % 32;

    if (!(d->msix.pending[vector / 32] & bit) || is_masked(d, vector))
        return;
    if (atomic_fetch_and(&d->msix.pending[vector / 32], ~bit) & bit)
        message_send(d, vector);
}

void vpci_msix_send(struct vpci_device *d, unsigned vector)
{
    if (vector >= d->msix.count)
        return;
    if (likely(!is_masked(d, vector))) {
        message_send(d, vector);
        return;
    }
    if (!vpci_msix_enabled(d))
        return;
    atomic_fetch_or(&d->msix.pending[vector / 32], 1U << vector % 32);
    pending_send(d, vector);
}

void vpci_msix_control_written(struct vpci_device *d)
{
    for (unsigned i = 0; i < d->msix.count; i++)
        pending_send(d, i);
}

static uint32_t word_read(const struct vpci_device *d, uint64_t offset)
{
    const struct vpci_msix *m = &d->msix;

    if (offset < (uint64_t)m->count * ENTRY_WORDS * 4)
        return m->table[offset / 4];
    if (offset >= m->pending_offset && (offset - m->pending_offset) / 4 < (m->count + 31) / 32)
        return m->pending[(offset - m->pending_offset) / 4];
    return 0;
}

static void word_write(struct vpci_device *d, uint64_t offset, uint32_t value)
{
    unsigned word = (unsigned)(offset / 4) % ENTRY_WORDS;

    if (offset >= (uint64_t)d->msix.count * ENTRY_WORDS * 4)
        return; /* pending bits are read-only */
    if (word == ENTRY_FLAGS)
        value &= FLAG_MASKED;
    d->msix.table[offset / 4] = value;
    if (word == ENTRY_FLAGS)
        pending_send(d, (unsigned)(offset / 4 / ENTRY_WORDS));
}

/* Other than aligned words and double words are undefined. */
static bool is_proper(uint64_t offset, unsigned size)
{
    return size >= 4 && offset % size == 0;
}

static uint64_t msix_read(void *context, uint64_t offset, unsigned size)
{
    const struct vpci_device *d = context;
    uint64_t value;

    if (!is_proper(offset, size))
        return ~0ULL;
    value = word_read(d, offset);
    if (size == 8)
        value |= (uint64_t)word_read(d, offset + 4) << 32;
    return value;
}

static void msix_write(void *context, uint64_t offset, unsigned size, uint64_t value)
{
    struct vpci_device *d = context;

    if (!is_proper(offset, size))
        return;
    word_write(d, offset, (uint32_t)value);
    if (size == 8)
        word_write(d, offset + 4, (uint32_t)(value >> 32));
}

void vpci_msix_reset(struct vpci_device *d)
{
    for (unsigned i = 0; i < d->msix.count * ENTRY_WORDS; i++)
        d->msix.table[i] = i % ENTRY_WORDS == ENTRY_FLAGS ? FLAG_MASKED : 0;
    for (unsigned i = 0; i < (d->msix.count + 31) / 32; i++)
        d->msix.pending[i] = 0;
}

void vpci_msix_save(struct vpci_device *d, struct state_writer *w)
{
    for (unsigned i = 0; i < d->msix.count * ENTRY_WORDS; i++)
        state_put_u32(w, d->msix.table[i]);
    for (unsigned i = 0; i < (d->msix.count + 31) / 32; i++)
        state_put_u32(w, d->msix.pending[i]);
}

void vpci_msix_load(struct vpci_device *d, struct state_reader *r)
{
    for (unsigned i = 0; i < d->msix.count * ENTRY_WORDS; i++)
        d->msix.table[i] = state_get_u32(r) & (i % ENTRY_WORDS == ENTRY_FLAGS ? FLAG_MASKED : ~0U);
    for (unsigned i = 0; i < (d->msix.count + 31) / 32; i++)
        d->msix.pending[i] = state_get_u32(r);
}
