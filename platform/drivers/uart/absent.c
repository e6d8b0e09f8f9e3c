/* SPDX-License-Identifier: BSD-2-Clause */
#include <contract/uart.h>

/* A host without a serial console: a real choice, what is written is in the log ring. */
void uart_early_init(void)
{
}

void uart_write_polled(const char *text, size_t length)
{
    (void)text;
    (void)length;
}

size_t uart_write(const char *text, size_t length)
{
    (void)text;
    return length;
}
