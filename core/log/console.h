/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_LOG_CONSOLE_H
#define CORE_LOG_CONSOLE_H

/* A line has been added to the ring. Context: any, under any lock. */
void console_log_written(void);

/* From here on everything goes out at once, by the writer, without interrupts (panic). */
void console_enter_panic(void);

#endif
