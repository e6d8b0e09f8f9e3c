/* SPDX-License-Identifier: BSD-2-Clause */
#include "port.h"

#include <lwip/opt.h>
#include <net/net.h>
#include <stdlib.h>
#include <string.h>

/*
 * lwIP's memory: malloc with a ceiling over all of it. At the ceiling lwIP gets NULL: it drops packets, and
 * for a new connection it first gives up one in TIME-WAIT, a closing one or the longest idle one.
 */
struct block {
    uint64_t size;
    uint8_t bytes[];
};

_Static_assert(sizeof(struct block) % MEM_ALIGNMENT == 0, "blocks keep malloc's alignment");

static uint64_t used_bytes, limit_bytes = MIB(16), refused;

void net_memory_limit_set(uint64_t limit)
{
    limit_bytes = limit;
}

/*
 * Received frames lie in buffers of the NIC's, which lwIP keeps while they are out of order or not taken yet.
 * They are bounded on their own, each counted as a page.
 */
uint64_t net_memory_frames_max(void)
{
    return limit_bytes / PAGE_SIZE;
}

void *net_memory_alloc(size_t size)
{
    struct block *block = NULL;

    if (size <= limit_bytes && used_bytes <= limit_bytes - size)
        block = malloc(sizeof(*block) + size);
    if (!block) {
        refused++;
        return NULL;
    }
    block->size = size;
    used_bytes += size;
    return block->bytes;
}

/* As calloc(). */
void *net_memory_calloc(size_t count, size_t size)
{
    void *bytes = size && count > SIZE_MAX / size ? NULL : net_memory_alloc(count * size);

    if (bytes)
        memset(bytes, 0, count * size);
    return bytes;
}

void net_memory_free(void *bytes)
{
    struct block *block = container_of(bytes, struct block, bytes);

    used_bytes -= block->size;
    free(block);
}

void net_memory_get(struct net_memory *out)
{
    *out = (struct net_memory){.used_bytes = used_bytes,
                               .limit_bytes = limit_bytes,
                               .rx_held_frames = netif_port_rx_held(),
                               .refused = refused};
}
