/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine around the guest: serial port (PL011, Arm DDI 0183) and the end. */
#include "guest.h"

#define UART       0x09000000UL
#define UART_DR    0x00
#define UART_FR    0x18
#define UART_LCR_H 0x2c
#define UART_CR    0x30
#define UART_IMSC  0x38
#define FR_RXFE    0x10
#define FR_TXFF    0x20
#define IM_RECEIVE 0x50 /* receive, and receive timeout */
#define DEBUG_EXIT 0x090f0000UL

static bool serial_has_irq;

void guest_init(void)
{
    write32(UART + UART_IMSC, 0);
    write32(UART + UART_LCR_H, 0x70); /* 8 bits, FIFOs */
    write32(UART + UART_CR, 0x301);
    __asm__ volatile("msr daifclr, #4"); /* SErrors */
}

/* QEMU's own `virt` has no such register: there the power goes off. */
void machine_exit(unsigned code)
{
    TRY("str %w0, [%1]", : : "r"(code), "r"(DEBUG_EXIT) : TRY_CLOBBERS);
    hvc(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;)
        __asm__ volatile("wfi");
}

void serial_put(char c)
{
    while (read32(UART + UART_FR) & FR_TXFF)
        cpu_relax();
    write32(UART + UART_DR, (uint8_t)c);
}

void serial_put_all(const char *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        write32(UART + UART_DR, (uint8_t)from[i]);
}

bool serial_can_read(void)
{
    if (!(read32(UART + UART_FR) & FR_RXFE))
        return true;
    if (serial_has_irq)
        write32(UART + UART_IMSC, IM_RECEIVE);
    return false;
}

char serial_read(void)
{
    return (char)read32(UART + UART_DR);
}

/* A level: it stays until the bytes have been read. */
static void on_serial(unsigned intid)
{
    (void)intid;
    write32(UART + UART_IMSC, 0);
}

void serial_irq_init(void)
{
    irq_init();
    irq_set(UART_INTID, on_serial);
    serial_has_irq = true;
}

/* Nothing on this machine does. */
void host_write(volatile void *to)
{
    (void)to;
}

void *memcpy(void *to, const void *from, size_t size)
{
    uint8_t *d = to;
    const uint8_t *s = from;

    while (size--)
        *d++ = *s++;
    return to;
}

void *memset(void *to, int value, size_t size)
{
    uint8_t *d = to;

    while (size--)
        *d++ = (uint8_t)value;
    return to;
}
