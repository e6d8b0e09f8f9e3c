/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the test guests share, on every architecture. A guest defines guest_name and guest_run(); what it says
 * goes to the serial port, and its end is a value written to the debug exit: 0 passed, 1 failed.
 */
extern const char guest_name[];
void guest_run(void);

/* Says that something is wrong; the guest goes on and fails in the end. print() knows %s %u %x (both 64
 * bits). */
void fail(const char *format, ...);
void print(const char *format, ...);
#define expect(condition, ...) \
    do {                       \
        if (!(condition))      \
            fail(__VA_ARGS__); \
    } while (0)

/* Ends the VM: PASS or FAIL by what was said until now. */
__attribute__((noreturn)) void finish(void);

/* The value of `name=` on the command line. */
uint64_t option(const char *name, uint64_t otherwise);

/* Whether the command line has `name=value`; value NULL: whether it has the name. */
bool option_is(const char *name, const char *value);

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

/* --- what lib/ of the architecture does --- */

/* Traps are ours from now on, and nothing that a loader left switched on interrupts. */
void guest_init(void);
/* Writes the debug exit. */
__attribute__((noreturn)) void machine_exit(unsigned code);
/* NULL: there is none. */
const char *command_line(void);

/* The RAM that the guest is in has no hole between these. */
uintptr_t memory_begin(void);
uintptr_t memory_end(void);
/* Up to here nobody else has anything in it, from the guest's own end on. */
uintptr_t memory_free_end(void);
/* Has the host write 16 bytes there, if there is an operation that does. */
void host_write(volatile void *to);

void serial_put(char c);
/* Without asking whether there is room. */
void serial_put_all(const char *from, size_t size);
bool serial_can_read(void);
char serial_read(void);
/* Reception interrupts from now on; switches the interrupt controller on. */
void serial_irq_init(void);

void delay_us(uint32_t us);

/* The interrupt controller of this processor, so that interrupts can be sent and received. */
void irq_init(void);

/* --- more processors --- */

extern volatile uint32_t ap_arrived;
/* Runs on each further processor: index 0, 1, …; a guest that starts them defines it. */
void ap_run(unsigned index);
/* Starts the others; waits until `count` have arrived. False: they do not come. Behind irq_init(). */
bool smp_start(unsigned count);

/* irq_on(), irq_off(), wait_irq() (sleeps until the next interrupt, takes it, none is lost on the way),
 * cpu_relax(), and whatever only one architecture has. */
#include <arch.h>

#endif
