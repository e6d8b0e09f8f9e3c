/* SPDX-License-Identifier: BSD-2-Clause */
#include "port/port.h"
int http_tcp_start(void)
{
    return 0;
}
uint64_t http_tcp_next_deadline(void)
{
    return ~0ULL;
}
void http_tcp_tick(void)
{
}
