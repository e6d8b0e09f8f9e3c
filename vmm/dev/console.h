/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_CONSOLE_H
#define VMM_DEV_CONSOLE_H

#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>
#include <vmm/console.h>

/* The console towards the UART model. */

/* Output bytes kept; a power of two. */
#define CONSOLE_RING_SIZE 65536
/* Input that the guest has not taken yet. */
#define CONSOLE_INPUT_SIZE 4096

struct vm_console {
    _Atomic uint64_t reserved; /* a: next byte number to be given to a writer */
    _Atomic uint64_t written;  /* a: every byte before it is in the ring */
    uint8_t *ring;             /* i */

    _Atomic uint32_t input_head,
        input_tail;         /* a: head is written by consumers of the API, tail by the UART */
    atomic_flag input_lock; /* producers, among themselves */
    uint8_t input[CONSOLE_INPUT_SIZE];

    _Atomic uint64_t wanted; /* a: offset behind which output is to be reported; ~0: nobody waits */
    void (*_Atomic notify)(void *arg);
    void *_Atomic notify_arg;

    atomic_bool wants_room; /* a: somebody waits for the guest to take input */
    void (*_Atomic notify_room)(void *arg);
    void *_Atomic notify_room_arg;

    /* The UART's: called after input has arrived. */
    void (*input_ready)(void *arg);
    void *input_arg;
};

must_check int console_create(struct vm_console **out);
void console_destroy(struct vm_console *console);

/* One byte from the guest. No lock, no allocation: it is on the exit path. Context: any. */
void console_put(struct vm_console *console, uint8_t byte);

/* The next byte of input, or -1. One caller at a time (the UART's). */
int console_take(struct vm_console *console);
bool console_has_input(const struct vm_console *console);

#endif
