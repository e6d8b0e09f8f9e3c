/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_LWIP_TX_H
#define NET_LWIP_TX_H

struct frame;
struct pbuf;

/* A frame over the bytes of `p`, which stay where they are until it is released. NULL: no memory. */
struct frame *tx_frame_make(struct pbuf *p);

#endif
