/* SPDX-License-Identifier: BSD-2-Clause */
#include "rx_pool.h"

#include <core/mm.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUFFERS_PER_PAGE (PAGE_SIZE / RX_BUFFER_SIZE)

/* Buffers that stay come in blocks of this order if there are such blocks. */
#define BLOCK_ORDER 4

/* A page for one trip. */
struct rx_page {
    hpa_t memory;
    atomic_uint out; /* buffers that have not returned */
    struct rx_buffer buffers[BUFFERS_PER_PAGE];
};

static void buffer_return(struct rx_buffer *buffer)
{
    struct rx_pool *pool = buffer->pool;
    struct rx_page *page = buffer->page;

    if (page) {
        if (atomic_fetch_sub_explicit(&page->out, 1, memory_order_acq_rel) == 1) {
            page_free(page->memory, PAGE_ORDER_4K);
            free(page);
            atomic_fetch_sub_explicit(&pool->extra_pages, 1, memory_order_relaxed);
        }
        return;
    }
    buffer->next = atomic_load_explicit(&pool->returned, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&pool->returned, &buffer->next, buffer,
                                                  memory_order_release, memory_order_relaxed))
        ;
}

static void frame_returned(struct frame *frame)
{
    struct rx_buffer *buffer = container_of(frame, struct rx_buffer, frame), *more;
    struct rx_pool *pool = buffer->pool;

    do {
        more = buffer->more;
        buffer->more = NULL;
        buffer_return(buffer);
        buffer = more;
    } while (unlikely(buffer != NULL));
    /* Pairs with rx_pool_take(): it says that it starves, then looks once more. */
    atomic_thread_fence(memory_order_seq_cst);
    if (unlikely(atomic_load_explicit(&pool->is_starved, memory_order_relaxed)) &&
        atomic_exchange(&pool->is_starved, false))
        pool->refill(pool->refill_arg);
}

static void buffer_init(struct rx_buffer *buffer, struct rx_pool *pool, struct rx_page *page, hpa_t memory)
{
    memset(buffer, 0, sizeof(*buffer));
    buffer->frame.release = frame_returned;
    buffer->pool = pool;
    buffer->page = page;
    buffer->address = memory.v;
    buffer->data = hpa_to_ptr(memory);
}

/* Adds up to `count` buffers at `at`; returns how many, 0 when there is no memory. */
static unsigned block_add(struct rx_pool *pool, struct rx_buffer *at, unsigned count)
{
    unsigned order = BLOCK_ORDER, n;
    hpa_t memory;

    while (order > 0 && BUFFERS_PER_PAGE << (order - 1) >= count)
        order--;
    memory = page_alloc(order, 0, NODE_ANY);
    while (!hpa_valid(memory) && order > 0)
        memory = page_alloc(--order, 0, NODE_ANY);
    if (!hpa_valid(memory))
        return 0;
    n = MIN((unsigned)BUFFERS_PER_PAGE << order, count);
    for (unsigned i = 0; i < n; i++) {
        buffer_init(&at[i], pool, NULL, hpa_add(memory, (uint64_t)i * RX_BUFFER_SIZE));
        rx_pool_put(&at[i]);
    }
    return n;
}

/* A sixteenth of memory may wait in frames beyond the ring. */
static unsigned extra_pages_max(void)
{
    struct mm_stats stats;

    mm_stats_get(NODE_ANY, &stats);
    return (unsigned)MIN(stats.total_bytes / 16 / PAGE_SIZE, 1U << 30);
}

int rx_pool_init(struct rx_pool *pool, unsigned count, void (*refill)(void *), void *refill_arg)
{
    memset(pool, 0, sizeof(*pool));
    pool->refill = refill;
    pool->refill_arg = refill_arg;
    pool->extra_pages_max = extra_pages_max();
    pool->buffers = calloc(count, sizeof(*pool->buffers));
    if (!pool->buffers)
        return -ENOMEM;
    for (unsigned made = 0, n; made < count; made += n) {
        n = block_add(pool, &pool->buffers[made], count - made);
        /* Fewer than a ring's worth works too: the rest is made page by page. */
        if (n == 0)
            return made > 0 ? 0 : -ENOMEM;
    }
    return 0;
}

static struct rx_buffer *extra_take(struct rx_pool *pool)
{
    struct rx_page *page;

    if (atomic_load_explicit(&pool->extra_pages, memory_order_relaxed) >= pool->extra_pages_max)
        return NULL;
    page = malloc(sizeof(*page));
    if (!page)
        return NULL;
    page->memory = page_alloc(PAGE_ORDER_4K, 0, NODE_ANY);
    if (!hpa_valid(page->memory)) {
        free(page);
        return NULL;
    }
    atomic_fetch_add_explicit(&pool->extra_pages, 1, memory_order_relaxed);
    atomic_store_explicit(&page->out, BUFFERS_PER_PAGE, memory_order_relaxed);
    for (unsigned i = 0; i < BUFFERS_PER_PAGE; i++) {
        buffer_init(&page->buffers[i], pool, page, hpa_add(page->memory, (uint64_t)i * RX_BUFFER_SIZE));
        if (i > 0)
            rx_pool_put(&page->buffers[i]);
    }
    return &page->buffers[0];
}

static struct rx_buffer *free_take(struct rx_pool *pool)
{
    struct rx_buffer *buffer = pool->free;

    if (!buffer)
        buffer = atomic_exchange_explicit(&pool->returned, NULL, memory_order_acquire);
    if (buffer)
        pool->free = buffer->next;
    return buffer;
}

struct rx_buffer *rx_pool_take(struct rx_pool *pool)
{
    struct rx_buffer *buffer = free_take(pool);

    if (likely(buffer != NULL))
        return buffer;
    buffer = extra_take(pool);
    if (buffer)
        return buffer;
    atomic_store(&pool->is_starved, true);
    atomic_thread_fence(memory_order_seq_cst);
    buffer = free_take(pool);
    if (buffer)
        atomic_store(&pool->is_starved, false);
    return buffer;
}

void rx_pool_put(struct rx_buffer *buffer)
{
    struct rx_pool *pool = buffer->pool;

    buffer->next = pool->free;
    pool->free = buffer;
}
