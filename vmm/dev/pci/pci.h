/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_PCI_PCI_H
#define VMM_DEV_PCI_PCI_H

#include "../bus.h"
#include "../device.h"
#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * A PCI function of the guest's bus 0, as device models see it: configuration space, BARs, interrupts. A
 * model embeds struct vpci_device beside its struct device, and calls reset, save and load from its own.
 * PCI Local Bus Specification 3.0; section numbers below are its.
 *
 * Letters: (i) immutable once added, (h) the host's lock, (a) atomic.
 */
struct vpci_device;
struct vpci_host;

#define PCI_CONFIG_SIZE 256 /* no extended space: these are conventional devices */
#define PCI_BARS        6
#define PCI_SLOTS       32
#define PCI_DEVFN(slot) ((slot) << 3)

/* Configuration registers (6.1). */
#define PCI_VENDOR         0x00
#define PCI_DEVICE         0x02
#define PCI_COMMAND        0x04
#define PCI_STATUS         0x06
#define PCI_REVISION       0x08
#define PCI_CLASS          0x09 /* 3 bytes */
#define PCI_BAR0           0x10
#define PCI_SUBSYSTEM      0x2c /* vendor, device */
#define PCI_CAPABILITIES   0x34
#define PCI_INTERRUPT_LINE 0x3c
#define PCI_INTERRUPT_PIN  0x3d
#define PCI_FIRST_FREE     0x40

#define PCI_COMMAND_IO           0x0001
#define PCI_COMMAND_MEMORY       0x0002
#define PCI_COMMAND_MASTER       0x0004
#define PCI_COMMAND_INTX_DISABLE 0x0400
#define PCI_STATUS_INTERRUPT     0x0008
#define PCI_STATUS_CAPABILITIES  0x0010

#define PCI_CAPABILITY_VENDOR 0x09
#define PCI_CAPABILITY_MSIX   0x11

enum vpci_bar_type {
    PCI_BAR_NONE,
    PCI_BAR_IO,
    PCI_BAR_MEMORY32,
    PCI_BAR_MEMORY64, /* takes the next BAR's place too */
};

struct vpci_bar {
    struct bus_region region; /* base is where it is mapped now; the rest (i) */
    enum vpci_bar_type type;  /* i */
    bool is_mapped;           /* h */
};

struct vpci_ids {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint32_t class_code; /* base class, subclass, interface */
    uint8_t revision;
    uint8_t interrupt_pin; /* 1-4: INTA-INTD; 0: none */
};

/* MSI-X (6.8.2): table and pending bits fill a BAR of their own. */
struct vpci_msix {
    unsigned count;            /* i: vectors; 0: no MSI-X */
    uint8_t capability;        /* i: offset */
    uint32_t pending_offset;   /* i: in the BAR */
    _Atomic uint32_t *table;   /* a: 4 words per vector */
    _Atomic uint32_t *pending; /* a: one bit per vector */
};

struct vpci_device_hooks {
    /* After the guest has written configuration bytes [offset, offset + size). The host's lock is held. May
     * be NULL. */
    void (*config_written)(struct vpci_device *device, unsigned offset, unsigned size);
    /*
     * Instead of reading the bytes from config[]: 1, 2 or 4 at `offset`; true if it has set *value. On
     * several vCPUs at once, no lock held. May be NULL.
     */
    bool (*config_read)(struct vpci_device *device, unsigned offset, unsigned size, uint32_t *value);
};

struct vpci_device {
    struct vpci_host *host;                /* i */
    const struct vpci_device_hooks *hooks; /* i; may be NULL */
    uint8_t devfn;                         /* i */
    uint8_t config[PCI_CONFIG_SIZE];       /* read without, written with h */
    uint8_t writable[PCI_CONFIG_SIZE];     /* i: bits that the guest may change */
    uint8_t clearable[PCI_CONFIG_SIZE];    /* i: bits that writing 1 clears */
    uint8_t initial[PCI_CONFIG_SIZE];      /* i: after reset */
    unsigned config_end;                   /* i: where the next capability goes */
    uint8_t last_capability;               /* i */
    struct vpci_bar bars[PCI_BARS];
    struct vpci_msix msix;
    atomic_bool intx_level;     /* a: what the model wants */
    atomic_bool is_intx_raised; /* a: what the line has been told */
};

/*
 * Building a device, in this order: init, BARs and capabilities, add. No vCPU runs. Context: thread.
 * vpci_device_fini() undoes all of it, also half-way.
 */
void vpci_device_init(struct vpci_device *device, struct vpci_host *host, uint8_t devfn,
                      const struct vpci_ids *ids, const struct vpci_device_hooks *hooks);
/* `size`: a power of two, at least 16 (I/O: 4). The region's callbacks are called with offsets from the BAR's
 * start. -EINVAL, -ENOMEM. */
must_check int vpci_bar_add(struct vpci_device *device, unsigned bar, enum vpci_bar_type type,
                            const char *name, uint64_t size, uint64_t (*read)(void *, uint64_t, unsigned),
                            void (*write)(void *, uint64_t, unsigned, uint64_t), void *context);
/* Room for a capability of `size` bytes, which begins with its id and the link; the rest is for the caller to
 * fill in config[], writable[] and clearable[]. The offset, or -ENOSPC. */
must_check int vpci_capability_add(struct vpci_device *device, uint8_t id, unsigned size);
/* MSI-X with `count` vectors (1-2048), its table in `bar`, which becomes a BAR of that kind. -EINVAL,
 * -ENOSPC, -ENOMEM. */
must_check int vpci_msix_add(struct vpci_device *device, unsigned bar, unsigned count);
/* Makes it appear on the bus. -EEXIST: there is one already. */
must_check int vpci_device_add(struct vpci_device *device);
void vpci_device_fini(struct vpci_device *device);

/* For the model's reset, save and load. No vCPU runs. Context: thread. */
void vpci_device_reset(struct vpci_device *device);
void vpci_device_save(struct vpci_device *device, struct state_writer *writer);
must_check int vpci_device_load(struct vpci_device *device, struct state_reader *reader);

/* The level of the device's INTx pin (2.2.6, 6.2.2). Context: any, interrupts included. */
void vpci_intx_set(struct vpci_device *device, bool level);

/* Whether the guest wants messages instead of INTx; false also without MSI-X. Context: any. */
bool vpci_msix_enabled(const struct vpci_device *device);
/* Sends vector's message, or notes it as pending while it is masked. Vectors that do not exist are dropped.
 * Context: any, interrupts included. */
void vpci_msix_send(struct vpci_device *device, unsigned vector);

/* Configuration registers by size, for the code that builds a device; not checked. */
static inline void vpci_put16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static inline void vpci_put32(uint8_t *bytes, uint32_t value)
{
    vpci_put16(bytes, (uint16_t)value);
    vpci_put16(bytes + 2, (uint16_t)(value >> 16));
}

static inline uint16_t vpci_get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t vpci_get32(const uint8_t *bytes)
{
    return vpci_get16(bytes) | (uint32_t)vpci_get16(bytes + 2) << 16;
}

#endif
