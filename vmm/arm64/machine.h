/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_ARM64_MACHINE_H
#define VMM_ARM64_MACHINE_H

#include "../irqchip/gic/gic.h"
#include "layout.h"
#include "sysreg.h"

/*
 * The machine an arm64 guest sees: the subset of QEMU's `virt` that guest software knows, at the same
 * addresses.
 *
 *   0x0000_0000  firmware, if that is what is to be started; 0x0400_0000 its variables
 *   0x0800_0000  GIC distributor
 *   GICv3: 0x0808_0000 ITS; 0x080a_0000 redistributors of 123 vCPUs
 *   GICv2: 0x0801_0000 CPU interface; 0x0802_0000 frame for messages, SPIs 48 to 111
 *   0x0900_0000  PL011, 0x0901_0000 PL031, 0x090a_0000 records of stolen time, 0x090f_0000 debug exit
 *   0x1000_0000  PCI window, to 0x3efe_ffff; 0x3eff_0000 I/O ports
 *   0x4000_0000  RAM
 *   0x40_0000_0000  or behind RAM: redistributors of more vCPUs, 256 MiB behind them PCI ECAM, 256 MiB
 */
#define MACHINE_FLASH          0ULL
#define MACHINE_FLASH_MAX      0x04000000ULL
#define MACHINE_VARIABLES      0x04000000ULL
#define MACHINE_VARIABLES_SIZE 0x40000ULL
#define MACHINE_GIC_DIST       0x08000000ULL
#define MACHINE_GIC_CPU        0x08010000ULL
#define MACHINE_GIC_FRAME      0x08020000ULL
#define MACHINE_GIC_FRAME_SPI  48U
#define MACHINE_GIC_FRAME_SPIS 64U
#define MACHINE_GIC_ITS        0x08080000ULL
#define MACHINE_GIC_REDIST     0x080a0000ULL
#define MACHINE_GIC_REDISTS    123U
#define MACHINE_GIC_REDISTS2   512U
#define MACHINE_SPIS           256
#define MACHINE_UART           0x09000000ULL
#define MACHINE_UART_SPI       1
#define MACHINE_RTC            0x09010000ULL
#define MACHINE_RTC_SPI        2
#define MACHINE_STOLEN         0x090a0000ULL
#define MACHINE_STOLEN_SIZE    0x10000ULL
#define MACHINE_STOLEN_STRIDE  64
#define MACHINE_PCI_WINDOW     0x10000000ULL
#define MACHINE_PCI_WINDOW_END 0x3eff0000ULL
#define MACHINE_PCI_IO         0x3eff0000ULL
#define MACHINE_PCI_IO_SIZE    0x10000ULL
#define MACHINE_PCI_SPI        3 /* the first of four */
#define MACHINE_PCI_LINES      4
#define MACHINE_RAM            0x40000000ULL
#define MACHINE_HIGH_MIN       0x4000000000ULL
#define MACHINE_HIGH_ECAM      0x10000000ULL /* behind the redistributors */
#define MACHINE_ECAM_SIZE      0x10000000ULL
#define MACHINE_HIGH_SIZE      (MACHINE_HIGH_ECAM + MACHINE_ECAM_SIZE)

struct machine {
    struct irqchip *irqchip;
    struct machine_layout layout; /* i */
    struct vpci_host *pci;        /* NULL: guest-physical addresses do not reach so far on this host */
    struct device *rtc;           /* one of vm->devices */
    bool has_firmware;            /* the kernel is some */
    uint64_t id[ID_REGISTERS];
};

/* What the guest is told of: the rest of its memory holds the records of stolen time. */
static inline uint64_t machine_ram_size(uint64_t memory)
{
    return memory - MACHINE_STOLEN_SIZE;
}

/* --- gicv3.c, gicv2.c: what there is depends on the host's GIC; one is linked --- */

struct vm;
struct fdt_machine;

/* How many vCPUs a machine can have. */
unsigned machine_gic_vcpus(const struct machine_layout *layout);
/* machine.c: what both kinds are made with. */
struct gic_config machine_gic_config(struct vm *vm);
must_check int machine_gic_create(struct vm *vm);
void machine_gic_describe(const struct vm *vm, struct fdt_machine *machine);
/* Maps the page of hardware's registers that is the guest's own. -ENOENT: none is there; -ENOMEM. Context:
 * vCPU's thread. */
must_check int machine_gic_map(struct vm *vm, gpa_t addr);

#endif
