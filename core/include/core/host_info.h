/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_HOST_INFO_H
#define CORE_HOST_INFO_H

/*
 * What firmware and the boot loader told about this host, in one place and one form, whoever told it (ACPI,
 * EFI, E820, multiboot, PVH, FDT). Built once on the boot CPU, constant afterwards: no lock, any
 * context. Every array is pointer + count and lives in the early arena for ever; every string is
 * NUL-terminated and never NULL unless its comment says so. Addresses are physical; a register that is not
 * there is HPA_NONE.
 */

#include <core/compiler.h>
#include <core/types.h>

enum host_firmware { HOST_FW_UNKNOWN, HOST_FW_BIOS, HOST_FW_UEFI, HOST_FW_PVH, HOST_FW_FDT };

/*
 * Kinds of physical memory, from the least to the most restrictive: where firmware's statements overlap, the
 * later kind wins. What no range covers is unknown: possibly a device, never RAM.
 */
enum host_memory_type {
    HOST_MEM_USABLE, /* RAM, free from the first instruction */
    HOST_MEM_LOADER, /* RAM of the loader or of EFI boot services: free once firmware's page tables, stack and
                        the boot information are no longer needed */
    HOST_MEM_LOW,    /* RAM below 1 MiB: for AP start-up only, never for the allocator */
    HOST_MEM_ACPI_RECLAIM, /* RAM with ACPI tables: free once nobody reads the tables */
    HOST_MEM_MODULE,       /* a boot module's bytes (whole pages around them) */
    HOST_MEM_IMAGE,        /* this program, .bss included */
    HOST_MEM_PERSISTENT,   /* NVDIMM and the like: not to be used as scratch */
    HOST_MEM_ACPI_NVS,     /* firmware's own, to be preserved */
    HOST_MEM_RESERVED,
    HOST_MEM_MMIO, /* device registers that firmware lists (EFI memory-mapped I/O) */
    HOST_MEM_TYPES
};

/* Sorted by base, non-overlapping, base and size multiples of PAGE_SIZE, a range never spans two nodes. */
struct host_memory_range {
    hpa_t base;
    uint64_t size; /* bytes, > 0 */
    enum host_memory_type type;
    uint32_t node; /* index into nodes[] */
};

/* NUMA nodes; there is always at least one. Index = node number used everywhere else. */
struct host_node {
    uint32_t proximity_domain; /* as firmware numbers it */
};

/* What starts a CPU. */
enum host_cpu_start {
    HOST_CPU_START_FIRMWARE, /* the architecture's own way: INIT and SIPI, PSCI */
    HOST_CPU_START_RELEASE,  /* it waits for an address to appear in memory and goes on there */
};

struct host_cpu {
    uint64_t hardware_id; /* x86: APIC ID (32 bits with x2APIC); arm64: MPIDR affinity fields */
    hpa_t release;        /* HOST_CPU_START_RELEASE: the 8 bytes it looks at, in memory that is reserved */
    enum host_cpu_start start;
    uint32_t acpi_uid;
    uint32_t node;
    bool enabled;        /* can be started now */
    bool online_capable; /* may be hot-added later (ACPI 6.3 and later); never set together with enabled */
};

struct host_ioapic {
    hpa_t address;
    uint32_t id;
    uint32_t gsi_base;
};

/* ISA interrupt `irq` arrives as `gsi`. MPS INTI flags, ACPI 6.5 table 5.26. */
struct host_irq_override {
    uint32_t gsi;
    uint8_t irq;
    bool active_low;      /* false also for "conforms to the bus": ISA is active high */
    bool level_triggered; /* false also for "conforms to the bus": ISA is edge-triggered */
};

/* Interrupt input that must be programmed as NMI on an IOAPIC. */
struct host_ioapic_nmi {
    uint32_t gsi;
    bool active_low;
    bool level_triggered;
};

#define HOST_ALL_CPUS 0xffffffffu

/* LINT pin that is wired to NMI. */
struct host_lapic_nmi {
    uint32_t acpi_uid; /* HOST_ALL_CPUS or one processor */
    uint8_t lint;      /* 0 or 1 */
    bool active_low;
    bool level_triggered;
};

struct host_irqchip_x86 {
    hpa_t lapic_base; /* HPA_NONE without a MADT: then IA32_APIC_BASE decides */
    bool has_8259;    /* MADT PCAT_COMPAT: the legacy PICs exist and must be masked */
    const struct host_ioapic *ioapics;
    size_t ioapic_count;
    const struct host_irq_override *overrides;
    size_t override_count;
    const struct host_ioapic_nmi *ioapic_nmis;
    size_t ioapic_nmi_count;
    const struct host_lapic_nmi *lapic_nmis;
    size_t lapic_nmi_count;
};

struct host_gic_region {
    hpa_t base;
    uint64_t size; /* 0: not told */
    uint32_t id;   /* of a translation service: ACPI's number for it */
};

/* A page of registers that turns messages into shared lines of a GICv2 (Arm SBSA, "GICv2m"). */
struct host_gic_frame {
    hpa_t base;
    uint32_t first, count; /* lines; count 0: the frame's own register tells */
};

struct host_irqchip_gic {
    uint32_t version; /* 0: no GIC */
    hpa_t distributor;
    hpa_t cpu_interface;         /* GICv2 */
    uint64_t cpu_interface_size; /* 0: not told */
    hpa_t hypervisor_interface;  /* GICv2 GICH */
    hpa_t virtual_cpu_interface; /* GICv2 GICV */
    uint32_t maintenance_irq;    /* INTID, 0: not told */
    const struct host_gic_region *redistributors;
    size_t redistributor_count;
    const struct host_gic_region *its;
    size_t its_count;
    const struct host_gic_frame *frames;
    size_t frame_count;
};

/* INTIDs of the generic timer's private interrupts. 0: not told. */
struct host_timer_arm {
    uint32_t el1_physical, el1_virtual, el2_physical, el2_virtual;
};

/*
 * INTx pin `pin` (1: INTA) of the functions whose address, bus << 16 | device << 11 | function << 8, matches
 * under the mask arrives as `gsi`.
 */
struct host_pci_route {
    uint32_t address, mask;
    uint32_t gsi;
    uint16_t segment;
    uint8_t pin;
    bool active_low;
    bool level_triggered;
};

/* Addresses that a root bridge of a segment passes on to its devices' BARs, unchanged. */
struct host_pci_window {
    uint64_t base, size;
    uint16_t segment;
    bool prefetchable;
};

/*
 * Requesters [base, base + count) of a segment (bus << 8 | device << 3 | function) are devices [device,
 * device + count) to the GIC's translation service at `its`.
 */
struct host_msi_map {
    hpa_t its;
    uint32_t base, count, device;
    uint16_t segment;
};

/* One PCI segment's enhanced configuration window. base is that of bus 0 even when first_bus is not 0. */
struct host_ecam {
    hpa_t base;
    uint16_t segment;
    uint8_t first_bus;
    uint8_t last_bus; /* included */
};

enum host_space { HOST_SPACE_NONE, HOST_SPACE_MEMORY, HOST_SPACE_IO, HOST_SPACE_PCI };

/* ACPI generic address structure, reduced to what a driver needs. ACPI 6.5, 5.2.3.2. */
struct host_register {
    enum host_space space; /* NONE: the register does not exist */
    uint8_t width_bits;
    uint8_t access_bytes; /* 1, 2, 4 or 8 */
    uint64_t address;     /* port, hpa, or (device << 32 | function << 16 | offset) on bus 0 for PCI */
};

/* Facts of the FADT (and \_S5). All registers NONE when there is no FADT. */
struct host_power {
    struct host_register pm_timer; /* 3.579545 MHz */
    bool pm_timer_32bit;           /* else it wraps at 24 bits */
    struct host_register reset;
    uint8_t reset_value;
    struct host_register pm1a_event, pm1b_event;     /* status, then enable at half the length */
    struct host_register pm1a_control, pm1b_control; /* SLP_TYP, SLP_EN */
    struct host_register sleep_control;              /* hardware-reduced ACPI */
    struct host_register sleep_status;
    bool has_s5; /* the next two are known */
    uint8_t s5_slp_typ_a, s5_slp_typ_b;
    struct host_register
        smi_command; /* write acpi_enable there unless SCI_EN is set; NONE: always in ACPI mode */
    uint8_t acpi_enable;
    uint16_t sci_gsi;
    bool has_fadt;
    bool hardware_reduced;
    bool has_8042;
    bool has_legacy_devices;
    bool has_vga;
    bool has_cmos_rtc;
    bool msi_unsupported;
    uint8_t rtc_century; /* CMOS index of the century byte; 0: none */
    bool psci;           /* arm64 */
    bool psci_hvc;
};

enum host_console_kind {
    HOST_CONSOLE_NONE,
    HOST_CONSOLE_16550,
    HOST_CONSOLE_PL011,
    HOST_CONSOLE_CADENCE,
    HOST_CONSOLE_OTHER
};

/* The serial console that firmware used (SPCR). */
struct host_console {
    enum host_console_kind kind;
    struct host_register base; /* width_bits: register stride */
    uint32_t gsi;              /* 0: none told */
    uint32_t baud;             /* 0: leave as firmware set it */
};

/* A device that no bus finds: firmware's tables tell of it. */
enum host_device_kind {
    HOST_DEVICE_CADENCE_GEM, /* Ethernet */
    HOST_DEVICE_VIRTIO_MMIO, /* a slot: what is in it, if anything, its registers tell */
};

struct host_device {
    enum host_device_kind kind;
    hpa_t base;
    uint64_t size;
    uint32_t gsi; /* 0: not told */
    bool level_triggered;
    bool is_coherent; /* what it reads and writes goes through the CPUs' caches */
    bool has_mac;
    uint8_t mac[6];
};

/* A file the boot loader brought. Not necessarily page-aligned; pages around it are HOST_MEM_MODULE. */
struct host_module {
    const char *name; /* base name, e.g. "tokens" */
    const char *cmdline;
    hpa_t base;
    uint64_t size; /* bytes; may be 0 */
};

struct host_warning {
    struct host_warning *next;
    const char *text; /* one line, no newline */
};

struct host_info {
    enum host_firmware firmware;
    const char *loader; /* what the loader calls itself, "" if it does not */
    const char
        *cmdline; /* built-in options, a space, the loader's; loader's own words (image name) removed */
    int64_t boot_time_seconds; /* Unix time at hand-over, 0: firmware did not tell */
    hpa_t rsdp;
    hpa_t efi_system_table;

    const struct host_memory_range *memory;
    size_t memory_count;
    hpa_t ap_trampoline; /* HOST_AP_TRAMPOLINE_SIZE bytes of HOST_MEM_LOW, page-aligned; HPA_NONE: no room */

    const struct host_node *nodes;
    size_t node_count;
    const struct host_cpu *cpus; /* firmware's order; empty without MADT: only the boot CPU is known */
    size_t cpu_count;
    struct host_irqchip_x86 x86;
    struct host_irqchip_gic gic;
    struct host_timer_arm timer;

    const struct host_ecam *ecams;
    size_t ecam_count;
    const struct host_pci_route *pci_routes; /* empty: the Interrupt Line registers tell */
    size_t pci_route_count;
    const struct host_pci_window *pci_windows; /* empty: not told, firmware has placed what it needs */
    size_t pci_window_count;
    const struct host_msi_map
        *msi_maps; /* empty: one ITS at most, and it knows devices by their requester ID */
    size_t msi_map_count;
    struct host_power power;
    hpa_t hpet; /* HPA_NONE: no HPET */
    hpa_t rtc;  /* register of 32 bits that counts seconds since 1970 UTC; HPA_NONE: none */
    struct host_console console;
    const struct host_device *devices; /* as firmware lists them */
    size_t device_count;

    const struct host_module *modules;
    size_t module_count;

    struct host_warning *warnings;       /* in the order they were noticed */
    struct host_warning *newest_warning; /* where host_info_warn appends */
    size_t warnings_dropped;             /* did not fit into the arena */
};

#define HOST_AP_TRAMPOLINE_SIZE (4 * PAGE_SIZE)

/* The host's facts. Never NULL after boot_main published them; before that NULL. Context: any. */
const struct host_info *host_info(void);

/* The module of that name, or NULL. Context: any. */
const struct host_module *host_module_find(const char *name);

/* For messages: "bios", "uefi", …. */
const char *host_firmware_name(enum host_firmware firmware);

#endif
