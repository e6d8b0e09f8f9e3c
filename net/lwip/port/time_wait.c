/* SPDX-License-Identifier: BSD-2-Clause */
#include <lwip/def.h>
#include <lwip/ip.h>
#include <lwip/pbuf.h>
#include <lwip/priv/tcp_priv.h>
#include <net_hooks.h>

/* Undoes what tcp_input() has done to the segment before it looked for a connection. */
static bool segment_restore(struct pbuf *p, struct tcp_hdr *header, u16_t options_length)
{
    header->src = lwip_htons(header->src);
    header->dest = lwip_htons(header->dest);
    header->seqno = lwip_htonl(header->seqno);
    header->ackno = lwip_htonl(header->ackno);
    header->wnd = lwip_htons(header->wnd);
    return pbuf_add_header_force(p, (size_t)TCP_HLEN + options_length) == 0;
}

err_t net_tcp_time_wait(struct tcp_pcb *pcb, struct tcp_hdr *header, u16_t options_length,
                        const void *second_options, struct pbuf *p)
{
    /* lwIP has turned the sequence number into the host's byte order already, the flags are bytes. */
    if ((TCPH_FLAGS(header) & (TCP_SYN | TCP_ACK | TCP_RST)) != TCP_SYN ||
        !TCP_SEQ_GT(header->seqno, pcb->rcv_nxt))
        return ERR_OK;
    tcp_pcb_remove(&tcp_tw_pcbs, pcb);
    tcp_free(pcb);
    /* tcp_input() leaves us with nothing to do but to free its reference, so it may be called again. A header
     * in two pieces is not put together: the peer's retransmission finds nothing in its way. */
    if (!second_options && segment_restore(p, header, options_length)) {
        pbuf_ref(p);
        tcp_input(p, ip_current_input_netif());
    }
    return ERR_ABRT;
}
