/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_X86_64_ARCH_H
#define GUEST_X86_64_ARCH_H

/* A PC: the guest is loaded by multiboot and runs in 64-bit mode, the first 4 GiB mapped one to one. */

/* KiB of RAM above 1 MiB, without a hole. Multiboot 0.6.96, 3.3. */
uint32_t memory_upper_kib(void);

/* --- traps --- */

struct trap {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

/* Calls fn for this vector, on every processor; vectors from 32 on must be acknowledged with apic_eoi(). */
void trap_set(unsigned vector, void (*fn)(struct trap *trap));

/* Sets this processor's IDT. The first one has it already. */
void trap_init(void);

#define NO_FAULT 256
extern volatile uint64_t trap_resume, trap_vector, trap_error, trap_cr2;

/*
 * One instruction that may fault: TRY("rdmsr", : "=a"(low), "=d"(high) : "c"(msr)). Afterwards trap_vector
 * says how it went. First processor only.
 */
#define TRY(instruction, ...)                                               \
    do {                                                                    \
        trap_vector = NO_FAULT;                                             \
        __asm__ volatile("movq $77f, trap_resume(%%rip)\n\t" instruction    \
                         "\n77:\tmovq $0, trap_resume(%%rip)" __VA_ARGS__); \
    } while (0)

/* --- instructions --- */

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint32_t in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline uint16_t in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint64_t msr_read(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

/* The vector of the exception, or NO_FAULT. */
unsigned msr_try_read(uint32_t msr, uint64_t *value);
unsigned msr_try_write(uint32_t msr, uint64_t value);

static inline uint64_t tsc_read(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline uint64_t counter_read(void)
{
    return tsc_read();
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid c;
    __asm__ volatile("cpuid" : "=a"(c.eax), "=b"(c.ebx), "=c"(c.ecx), "=d"(c.edx) : "a"(leaf), "c"(subleaf));
    return c;
}

static inline void irq_on(void)
{
    __asm__ volatile("sti" : : : "memory");
}

static inline void irq_off(void)
{
    __asm__ volatile("cli" : : : "memory");
}

/* Sleeps until the next interrupt, with none lost between the two instructions. */
static inline void wait_irq(void)
{
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" : : : "memory");
}

/* --- time: the ACPI PM timer at 0x608, 3.579545 MHz, 24 bits --- */

#define PM_TIMER_HZ 3579545
uint32_t pm_timer(void);
/* Measured once, over 50 ms. */
uint64_t tsc_hz(void);
/* The same, from so many microseconds: wrong if the machine stands still for seconds meanwhile. */
uint64_t tsc_measure(uint32_t us);

/* --- local APIC, in x2APIC mode --- */

#define X2APIC(reg)        (0x800 + ((reg) >> 4))
#define APIC_ID            0x20
#define APIC_TPR           0x80
#define APIC_EOI           0xb0
#define APIC_SVR           0xf0
#define APIC_ESR           0x280
#define APIC_ICR           0x300
#define APIC_LVT_TIMER     0x320
#define APIC_LVT_LINT0     0x350
#define APIC_LVT_LINT1     0x360
#define APIC_TIMER_INITIAL 0x380
#define APIC_TIMER_CURRENT 0x390
#define APIC_TIMER_DIVIDE  0x3e0

#define TIMER_ONE_SHOT 0
#define TIMER_PERIODIC (1 << 17)
#define TIMER_DEADLINE (2 << 17)
#define LVT_MASKED     (1 << 16)
#define LVT_NMI        0x400
#define ICR_NMI        0x400
#define ICR_INIT       0x4500
#define ICR_SIPI       0x4600
#define ICR_ALL        (2 << 18)
#define ICR_OTHERS     (3 << 18)

void apic_init(void);
void apic_eoi(void);
void apic_ipi(uint32_t target, uint32_t command);
static inline uint32_t apic_read(unsigned reg)
{
    return (uint32_t)msr_read(X2APIC(reg));
}
static inline void apic_write(unsigned reg, uint64_t value)
{
    msr_write(X2APIC(reg), value);
}

#endif
