/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONTRACT_UART_H
#define CONTRACT_UART_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * The host's console, implemented by exactly one linked UART driver (`absent` is one). The log thread is its
 * only user but for panics, which use the polled call from anywhere.
 */

/* Makes the polled call work; called very early, before memory management. */
void uart_early_init(void);

/* Sends all of it, waiting on the transmitter. Bounded: gives up on a dead UART. Context: any. */
void uart_write_polled(const char *text, size_t length);

/*
 * Hands as much as fits to the transmitter and returns how many bytes that was; when room comes again
 * console_writable() is called from interrupt context. Context: thread.
 */
size_t uart_write(const char *text, size_t length);

/* Core's side: the transmitter has room. */
void console_writable(void);

#endif
