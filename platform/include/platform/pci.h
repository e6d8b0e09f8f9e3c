/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_PCI_H
#define PLATFORM_PCI_H

#include <core/compiler.h>
#include <core/irq.h>
#include <core/types.h>
#include <platform/pci_regs.h>
#include <sys/queue.h>

/*
 * PCI and PCI Express functions of the host. The tree is built once at BOOT_BUS and constant afterwards; a
 * function belongs to the driver that is bound to it.
 */
struct pci_address {
    uint16_t segment;
    uint8_t bus;
    uint8_t devfn; /* device << 3 | function */
};

#define PCI_DEVFN(device, function) ((uint8_t)((device) << 3 | (function)))
#define PCI_SLOT(devfn)             ((devfn) >> 3)
#define PCI_FUNCTION(devfn)         ((devfn) & 7)

#define PCI_BARS 6
/* A capability is at least a dword, and they lie in [0x40, 0x100). */
#define PCI_CAPS_MAX 48

enum pci_bar_kind { PCI_BAR_ABSENT, PCI_BAR_PORTS, PCI_BAR_MEMORY };

struct pci_bar {
    uint64_t address; /* 0: firmware left it unassigned */
    uint64_t size;    /* power of two */
    enum pci_bar_kind kind;
    bool is_64bit; /* the next BAR register is the upper half, absent by itself */
    bool is_prefetchable;
};

/* What a bridge passes on; base > limit: nothing. Both inclusive. PCI-to-PCI Bridge 1.2, 3.2.5.6 – 3.2.5.10.
 */
struct pci_window {
    uint64_t base, limit;
};

struct pci_bridge {
    uint8_t primary, secondary, subordinate;
    struct pci_window ports, memory, prefetch;
};

struct pci_cap {
    uint8_t id, offset;
};

struct pci_caps {
    unsigned count;
    bool is_broken; /* the list looped or pointed outside; what came before is kept */
    struct pci_cap list[PCI_CAPS_MAX];
};

enum pci_irq_mode { PCI_IRQ_NONE, PCI_IRQ_INTX, PCI_IRQ_MSI, PCI_IRQ_MSIX };
#define PCI_IRQ_ALLOW(mode) (1U << (mode))
#define PCI_IRQ_ALLOW_ALL   (~0U)

struct pci_driver;

struct pci_device {
    TAILQ_ENTRY(pci_device) link; /* list of all, parents before children */
    struct pci_device *parent;    /* the bridge above; NULL on a root bus */
    struct pci_address address;
    uint16_t vendor, device;
    uint16_t subsystem_vendor, subsystem;
    uint32_t class_code; /* base << 16 | sub << 8 | interface */
    uint8_t revision;
    uint8_t header_type; /* without the multi-function bit */
    bool is_multifunction;
    uint8_t interrupt_line, interrupt_pin; /* pin: 0 none, 1 INTA … */
    struct pci_bar bars[PCI_BARS];
    struct pci_bridge bridge; /* header type 1 only */
    struct pci_caps caps;
    volatile void *bar_maps[PCI_BARS]; /* made on demand; owner: pci_bar_map() */

    const struct pci_driver *driver; /* NULL: none */
    void *driver_data;               /* owner: the driver */

    enum pci_irq_mode irq_mode; /* these four: owner pci_irq_request() */
    unsigned irq_count;
    struct irq_action *irq_actions;
    volatile void *msix_table;
};

TAILQ_HEAD(pci_device_list, pci_device);

/* --- configuration space ----------------------------------------------------------------------------------
 */

/*
 * Reads/writes 1, 2 or 4 bytes at a naturally aligned offset. A function that is not there, or an offset
 * beyond what the access method reaches (0x100 without ECAM), reads as all ones; such writes vanish. Context:
 * any; serialised inside where the method needs it.
 */
must_check uint32_t pci_config_read(struct pci_address at, unsigned offset, unsigned size);
void pci_config_write(struct pci_address at, unsigned offset, unsigned size, uint32_t value);

static inline uint32_t pci_read(const struct pci_device *dev, unsigned offset, unsigned size)
{
    return pci_config_read(dev->address, offset, size);
}

static inline void pci_write(const struct pci_device *dev, unsigned offset, unsigned size, uint32_t value)
{
    pci_config_write(dev->address, offset, size, value);
}

/* --- devices ----------------------------------------------------------------------------------------------
 */

/* Offset of the nth (from 0) capability `id`, or 0. Context: any. */
unsigned pci_cap_find(const struct pci_device *dev, uint8_t id, unsigned nth);

/* Powers the function up (D0) and turns on its decoders and bus mastering, in bridges above it too. Context:
 * thread (may sleep 10 ms). */
void pci_enable(struct pci_device *dev);

/* Stops DMA and memory decoding. Context: thread. */
void pci_disable(struct pci_device *dev);

/*
 * A memory BAR's registers, mapped uncached once; [0, size) are valid. NULL: no such BAR, unassigned, ports,
 * or out of memory. Context: thread.
 */
must_check volatile void *pci_bar_map(struct pci_device *dev, unsigned bar);

/*
 * Binds interrupts, of the best kind among `allowed` (PCI_IRQ_ALLOW bits) that works: `count` MSI-X vectors,
 * vector i to actions[i], all on `cpu`; else one MSI or INTx to actions[0], which then stands for everything
 * and, with INTx, shares its line. Returns how many are bound (count or 1) or a negative errno; dev->irq_mode
 * tells the kind. `actions` must stay until pci_irq_release(). Context: thread.
 */
must_check int pci_irq_request(struct pci_device *dev, struct irq_action *actions, unsigned count,
                               unsigned cpu, unsigned allowed);
void pci_irq_release(struct pci_device *dev);

/* --- drivers ----------------------------------------------------------------------------------------------
 */

#define PCI_ANY 0xffffu

struct pci_match {
    uint16_t vendor, device; /* PCI_ANY matches every one */
    uint32_t class_code;     /* compared under class_mask */
    uint32_t class_mask;     /* 0: any class */
};

struct pci_driver {
    const char *name;
    const struct pci_match *matches; /* ends with vendor 0 */
    /* Takes the function or says why not (it is then offered to the next driver). Context: thread, BOOT_BUS.
     */
    int (*probe)(struct pci_device *dev);
    /* Quiesces and gives it back; host shutdown. Context: thread. NULL: nothing to do. */
    void (*remove)(struct pci_device *dev);
};

/* Registration is by linking. */
#define PCI_DRIVER(driver)                                                                            \
    static const struct pci_driver *const pci_driver_##driver in_section("pci_drivers") keep_symbol = \
        &(driver)

#endif
