/* SPDX-License-Identifier: BSD-2-Clause */
/* The PC around the guest: serial port, memory, command line, the end. */
#include "guest.h"

#define COM1       0x3f8
#define COM1_GSI   4
#define DEBUG_EXIT 0xf4
#define PM_TIMER   0x608
#define SERIAL     0x24
#define IOAPIC     ((volatile uint32_t *)0xfec00000)

struct multiboot_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline;
};

extern uint64_t boot_info;
extern char _end[];

void guest_init(void)
{
    trap_init();
    /* The 8259s stay out of it: what a boot loader left in them must not arrive. */
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
}

void machine_exit(unsigned code)
{
    out32(DEBUG_EXIT, code);
    for (;;)
        __asm__ volatile("cli; hlt");
}

const char *command_line(void)
{
    const struct multiboot_info *info = (const void *)boot_info;

    return info->flags & 4 ? (const char *)(uintptr_t)info->cmdline : NULL;
}

uint32_t memory_upper_kib(void)
{
    return ((const struct multiboot_info *)boot_info)->mem_upper;
}

uintptr_t memory_begin(void)
{
    return 0x100000;
}

uintptr_t memory_end(void)
{
    return memory_begin() + (uintptr_t)memory_upper_kib() * 1024;
}

/* Tables of the machine and of the loader are at the end. */
uintptr_t memory_free_end(void)
{
    return memory_end() - 0x200000;
}

/* A string instruction from a port: the emulator stores. */
void host_write(volatile void *to)
{
    uint64_t count = 4;

    __asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(PM_TIMER) : "memory");
}

void serial_put(char c)
{
    while (!(in8(COM1 + 5) & 0x20))
        cpu_relax();
    out8(COM1, (uint8_t)c);
}

void serial_put_all(const char *from, size_t size)
{
    __asm__ volatile("rep outsb" : "+S"(from), "+c"(size) : "d"(COM1) : "memory");
}

bool serial_can_read(void)
{
    return in8(COM1 + 5) & 1;
}

char serial_read(void)
{
    return (char)in8(COM1);
}

static void on_serial(struct trap *trap)
{
    (void)trap;
    apic_eoi();
}

void serial_irq_init(void)
{
    irq_init();
    trap_set(SERIAL, on_serial);
    IOAPIC[0] = 0x10 + COM1_GSI * 2 + 1;
    IOAPIC[4] = apic_read(APIC_ID) << 24;
    IOAPIC[0] = 0x10 + COM1_GSI * 2;
    IOAPIC[4] = SERIAL;
    out8(COM1 + 4, 0xb);
    out8(COM1 + 1, 1);
}

void *memcpy(void *to, const void *from, size_t size)
{
    void *start = to;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return start;
}

void *memset(void *to, int value, size_t size)
{
    void *start = to;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
    return start;
}
