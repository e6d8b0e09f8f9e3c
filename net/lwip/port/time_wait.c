/* SPDX-License-Identifier: BSD-2-Clause */
#include <lwip/priv/tcp_priv.h>
#include <net_hooks.h>

err_t net_tcp_time_wait(struct tcp_pcb *pcb, const struct tcp_hdr *header)
{
    /* lwIP has turned the sequence number into the host's byte order already, the flags are bytes. */
    if ((TCPH_FLAGS(header) & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN ||
        !TCP_SEQ_GT(header->seqno, pcb->rcv_nxt))
        return ERR_OK;
    tcp_pcb_remove(&tcp_tw_pcbs, pcb);
    tcp_free(pcb);
    return ERR_ABRT;
}
