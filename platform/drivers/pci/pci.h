/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DRIVERS_PCI_PCI_H
#define DRIVERS_PCI_PCI_H

#include <platform/pci.h>

/* Inside of the PCI driver. */

/* --- access methods (config.c chooses) --- */

/* Buses that configuration accesses can reach. */
struct pci_root {
    uint16_t segment;
    uint8_t first_bus, last_bus; /* both included */
};

/* Finds the access method; fills `roots` (at most `max`) and returns how many there are. Context: boot
 * thread. */
size_t pci_config_init(struct pci_root *roots, size_t max);

/* CF8/CFC; linked on machines that have I/O ports, otherwise ports_absent.c says there is none. */
bool pci_ports_present(void);
uint32_t pci_ports_read(struct pci_address at, unsigned offset, unsigned size);
void pci_ports_write(struct pci_address at, unsigned offset, unsigned size, uint32_t value);

/* --- reading a function (function.c, bar.c: touch nothing but pci_config_read/write) --- */

/* Fills everything the configuration space says, BAR sizes included. False: nothing answers there. Decoding
 * is off for a moment. */
must_check bool pci_function_read(struct pci_address at, struct pci_device *out);

/* The capability list; bounded however broken it is. PCI 3.0, 6.7. */
void pci_caps_read(struct pci_address at, struct pci_caps *out);

/*
 * What a BAR is, from its value and what it reads after all ones were written; `high` ones are those of the
 * next register and only count for 64-bit BARs (has_next: there is one). Pure. Returns how many registers it
 * takes.
 */
unsigned pci_bar_decode(const uint32_t value[2], const uint32_t sized[2], bool has_next, struct pci_bar *out);

/* Reads and sizes BARs 0 … count - 1; decoding must be off. */
void pci_bars_read(struct pci_address at, unsigned count, struct pci_bar *bars);

/* Writes a BAR's address back to its registers; decoding must be off. */
void pci_bar_write(struct pci_address at, unsigned index, const struct pci_bar *bar);

/* --- the tree (enumerate.c) --- */

/* Appends all functions below `root` to `list`. -ENOMEM leaves those found so far. */
must_check int pci_enumerate(const struct pci_root *root, struct pci_device_list *list);

/* Gives addresses to BARs that have none (assign.c). */
void pci_assign(struct pci_device_list *list);

/*
 * The lowest multiple of `size` in [base, limit] with [result, result + size) clear of the n used windows, or
 * 0. Pure; `size` is a power of two, base > 0.
 */
uint64_t pci_range_find(struct pci_window within, uint64_t size, const struct pci_window *used, size_t n);

#endif
