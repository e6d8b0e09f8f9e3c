/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_LOG_LISTENER_H
#define CORE_LOG_LISTENER_H

/* A line is complete: calls the listeners that were armed, soon. One load when there are none. Context: any.
 */
void log_listeners_wake(void);

#endif
