/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_ARM64_ARCH_H
#define GUEST_ARM64_ARCH_H

/*
 * The arm64 machine, which is a subset of QEMU's `virt`; so all guests run there as well. They are at EL1
 * with the first 512 GiB mapped one to one.
 */

/* --- instructions --- */

#define sysreg_read(name)                                     \
    ({                                                        \
        uint64_t value_;                                      \
        __asm__ volatile("mrs %0, " name : "=r"(value_) : :); \
        value_;                                               \
    })
#define sysreg_write(name, value) \
    __asm__ volatile("msr " name ", %x0; isb" : : "rZ"((uint64_t)(value)) : "memory")

static inline void irq_on(void)
{
    __asm__ volatile("msr daifclr, #2" : : : "memory");
}

static inline void irq_off(void)
{
    __asm__ volatile("msr daifset, #2" : : : "memory");
}

static inline void wait_irq(void)
{
    __asm__ volatile("dsb sy; wfi; msr daifclr, #2; isb; msr daifset, #2" : : : "memory");
}

static inline void cpu_relax(void)
{
    __asm__ volatile("yield" : : : "memory");
}

/* One instruction each, of the kind that tells a hypervisor what it does (ESR_EL2.ISV). */
#define MMIO(bits, load, store, w)                                                                  \
    static inline uint##bits##_t read##bits(uintptr_t address)                                      \
    {                                                                                               \
        uint64_t value;                                                                             \
        __asm__ volatile(load " %" w "0, [%1]" : "=r"(value) : "r"(address) : "memory");            \
        return (uint##bits##_t)value;                                                               \
    }                                                                                               \
    static inline void write##bits(uintptr_t address, uint##bits##_t value)                         \
    {                                                                                               \
        __asm__ volatile(store " %" w "0, [%1]" : : "r"((uint64_t)value), "r"(address) : "memory"); \
    }
MMIO(8, "ldrb", "strb", "w")
MMIO(16, "ldrh", "strh", "w")
MMIO(32, "ldr", "str", "w")
MMIO(64, "ldr", "str", "x")
#undef MMIO

/* --- traps --- */

struct trap {
    uint64_t x[31], elr, spsr, esr, far;
};

#define NO_FAULT ~0ULL
extern volatile uint64_t trap_resume, trap_esr, trap_far, trap_elr;
/* Looks at synchronous exceptions first, on every processor; true: goes on at trap->elr. */
extern bool (*volatile fault_handler)(struct trap *trap);
/* SErrors that came in; without serror_expected one is a failure. */
extern volatile unsigned serrors;
extern volatile bool serror_expected;

/*
 * One instruction that may fault: TRY("ldr %0, [%1]", : "=&r"(value) : "r"(at) : TRY_CLOBBERS). Afterwards
 * trap_esr says how it went. First processor only.
 */
#define TRY(instruction, ...)                                                                        \
    do {                                                                                             \
        trap_esr = NO_FAULT;                                                                         \
        __asm__ volatile(                                                                            \
            "adr x16, 77f; adrp x17, trap_resume; str x16, [x17, :lo12:trap_resume]\n\t" instruction \
            "\n77:\tadrp x17, trap_resume; str xzr, [x17, :lo12:trap_resume]" __VA_ARGS__);          \
    } while (0)
#define TRY_CLOBBERS "x16", "x17", "memory"

#define ESR_EC(esr)  ((unsigned)((esr) >> 26) & 0x3f)
#define ESR_FSC(esr) ((unsigned)(esr) & 0x3f)
#define EC_UNKNOWN   0x00
#define EC_SVC       0x15
#define EC_HVC       0x16
#define EC_SYSREG    0x18
#define EC_FETCH     0x21
#define EC_DATA      0x25
#define FSC_EXTERNAL 0x10
#define FSC_ALIGN    0x21

/* --- memory --- */

extern uint64_t page_table[512];
#define PTE_DEVICE  (0x401ULL | 0 << 2)          /* block, accessed, MAIR 0 */
#define PTE_NORMAL  (0x401ULL | 1 << 2 | 3 << 8) /* inner shareable */
#define PTE_NC      (0x401ULL | 2 << 2)
#define PTE_NO_EXEC (3ULL << 53)
void *memory_alias(unsigned alias, unsigned target, uint64_t attributes);

/* The n-th property of this name in nodes whose names begin so; its size, or 0. */
const void *fdt_find(const char *node, const char *property, unsigned n, uint32_t *size);
uint64_t fdt_number(const void *cells, unsigned count);

/* --- SMCCC --- */

struct smccc {
    uint64_t x[4];
};
struct smccc hvc(uint64_t function, uint64_t a, uint64_t b, uint64_t c);

#define PSCI_VERSION       0x84000000
#define PSCI_CPU_SUSPEND   0xc4000001
#define PSCI_CPU_OFF       0x84000002
#define PSCI_CPU_ON        0xc4000003
#define PSCI_AFFINITY_INFO 0xc4000004
#define PSCI_SYSTEM_OFF    0x84000008
#define PSCI_SYSTEM_RESET  0x84000009
#define PSCI_FEATURES      0x8400000a

/* MPIDR's affinity of processor n, from the device tree; ~0: there is none. */
uint64_t cpu_affinity(unsigned n);
unsigned cpu_number(void);
#define CPUS_MAX 64

/* --- GICv3 (Arm IHI 0069), or GICv2 (IHI 0048), if the processor has no system registers for one --- */

#define GICD       0x08000000UL
#define GICC       0x08010000UL /* GICv2 */
#define GICV2M     0x08020000UL
#define GICR       0x080a0000UL
#define GITS       0x08080000UL
#define GICR_STEP  0x20000UL
#define SGI_BASE   0x10000UL
#define LPI_FIRST  8192
#define SPURIOUS   1023
#define PRIORITY   0xa0
#define TIMER_VIRT 27
#define TIMER_PHYS 30
#define UART_INTID 33

bool gic_is_v2(void);
/* Registers with a field per interrupt are at this base plus their offset from GICD_base. */
uintptr_t gic_bank(unsigned intid);
/* By the CPU interface: takes the most urgent interrupt, gives its number, with a source that a GICv2 adds to
 * SGIs; ends it; deactivates it if ending does not do that, as gic_split() says. */
unsigned gic_acknowledge(void);
void gic_end(unsigned word);
void gic_deactivate(unsigned word);
void gic_split(bool on);
void gic_mask(uint8_t priority);
unsigned gic_running(void);
unsigned gic_highest(void);
/* Our group, at the CPU interface, at the distributor; whether an interrupt is of our group. */
void gic_interface_enable(bool on);
void gic_distributor_enable(bool on);
void gic_group(unsigned intid, bool is_ours);
/* Makes it pending, or no longer. */
void irq_pend(unsigned intid, bool on);
void irq_route(unsigned intid, unsigned cpu);
/* A processor's redistributor; this one's. */
uintptr_t gic_redist_of(unsigned cpu);
uintptr_t gic_redist(void);
/* Group 1 (GICv2: 0), routed to this processor, enabled; the handler is called with the interrupt
 * acknowledged, and priority dropped and deactivated behind it. */
void irq_set(unsigned intid, void (*fn)(unsigned intid));
void irq_enable(unsigned intid, bool on);
void irq_priority(unsigned intid, uint8_t priority);
/* All LPIs. */
extern void (*volatile lpi_handler)(unsigned intid);
extern volatile unsigned spurious;
/* To the processors in `targets` (bit n: Aff0 n) of affinity {3, 2, 1} as this one's; or to all others. */
void sgi_send(unsigned intid, uint16_t targets);
void sgi_send_others(unsigned intid);

/* The ITS: `ITS_EVENTS` events of device ITS_DEVICE are LPIs LPI_FIRST + event of a processor. False: there
 * is none. */
#define ITS_DEVICE 8
#define ITS_EVENTS 64
extern uint8_t lpi_config[]; /* by INTID - LPI_FIRST */
bool its_init(unsigned cpu);
/* Into the queue; tells the ITS; tells it and waits until it has done all. */
void its_command(uint64_t a, uint64_t b, uint64_t c);
void its_go(void);
bool its_run(void);

/* --- time --- */

static inline uint64_t counter_read(void)
{
    uint64_t value;

    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(value) : : "memory");
    return value;
}
static inline uint64_t counter_hz(void)
{
    return sysreg_read("cntfrq_el0");
}

#endif
