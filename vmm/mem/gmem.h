/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_MEM_GMEM_H
#define VMM_MEM_GMEM_H

#include <core/compiler.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * A VM's guest-physical memory: RAM in chunks of 2 MiB, and slots that say which guest-physical ranges show
 * which part of it. Everything in the host that touches guest memory does it through the checked calls here;
 * an address outside RAM is -EFAULT, never a host fault.
 *
 * Slots change only while no vCPU runs (creation, reset, later hot-plug with all vCPUs stopped), so readers
 * take no lock.
 */
#define GMEM_CHUNK_SHIFT 21
#define GMEM_CHUNK_SIZE  BIT(GMEM_CHUNK_SHIFT)
#define GMEM_BLOCK_SHIFT 30
#define GMEM_BLOCK_SIZE  BIT(GMEM_BLOCK_SHIFT)

/* Where a chunk is on its way from "reserved" to "the guest may see it". */
enum gmem_chunk_state {
    GMEM_CHUNK_STALE, /* still holds what the host had there: must be cleared first */
    GMEM_CHUNK_CLEARING,
    GMEM_CHUNK_READY,
};

struct gmem_chunk {
    hpa_t base;            /* immutable */
    _Atomic uint8_t state; /* enum gmem_chunk_state */
};

/* 1 GiB of chunks. */
struct gmem_block {
    bool is_contiguous;     /* immutable: aligned and in a row in the host, too */
    _Atomic uint16_t ready; /* chunks that are GMEM_CHUNK_READY */
};

struct gmem_slot {
    gpa_t base;
    uint64_t size;
    uint64_t
        ram_offset; /* of base in RAM; congruent to base modulo the chunk size where large pages are wanted */
    bool is_read_only; /* writes are an MMIO exit (ROM) */
};

struct gmem {
    struct gmem_chunk *chunks; /* immutable */
    struct gmem_block *blocks; /* immutable: whole ones only */
    uint64_t size;             /* immutable: bytes of RAM */
    struct gmem_slot *slots;   /* sorted by base, not overlapping */
    unsigned slot_count;
    uint32_t generation; /* changes with the slots: what was remembered of them is void */
    unsigned node;       /* immutable */
    _Atomic(uint64_t *)
        dirty;            /* one bit per 4K page of RAM while logging; NULL otherwise (vmm/mem/dirty.h) */
    uint64_t *dirty_bits; /* the VM's lock; that memory, kept once it was needed */
};

/* Reserves `size` bytes (a multiple of the chunk size) of RAM. -ENOMEM with nothing taken. Context: thread.
 */
must_check int gmem_init(struct gmem *gmem, uint64_t size, unsigned node);
/* Gives everything back. No vCPU may run. Context: thread. */
void gmem_fini(struct gmem *gmem);

/* Adds a slot. -EEXIST: overlaps another; -EINVAL: beyond RAM, not page-aligned, empty. Context: thread, no
 * vCPU runs. */
must_check int gmem_slot_add(struct gmem *gmem, const struct gmem_slot *slot);

/* The slot that holds `gpa`, or NULL. Logarithmic. Context: any. */
const struct gmem_slot *gmem_slot_find(const struct gmem *gmem, gpa_t gpa);

/*
 * Host address of guest RAM at `gpa`, valid for *length bytes (at most what was asked for in *length; at
 * least 1); NULL if there is no RAM (or it is read-only and `is_write`). Cleared on first touch; marks the
 * pages dirty if `is_write`. Guests write the memory at any time: read each value once, check the copy.
 * Context: thread.
 */
void *gmem_ptr(struct gmem *gmem, gpa_t gpa, size_t *length, bool is_write);

/* All or nothing: -EFAULT if a byte of [gpa, gpa + size) is not RAM (nothing is written then). Context:
 * thread. */
must_check int gmem_read(struct gmem *gmem, gpa_t gpa, void *to, size_t size);
must_check int gmem_write(struct gmem *gmem, gpa_t gpa, const void *from, size_t size);

/*
 * Notes that [ram_offset, ram_offset + size) of RAM has been written, if dirty logging is on. gmem_ptr() does
 * so beforehand; that is enough on a vCPU's thread, which whoever reads the log waits for. Other threads note
 * it (again) when they have written. Context: any.
 */
void gmem_mark_dirty(struct gmem *gmem, uint64_t ram_offset, uint64_t size);

/* Clears a chunk if it still is stale, waiting for another CPU that does so. Context: thread. */
hpa_t gmem_chunk_ready(struct gmem *gmem, uint64_t chunk);

/* Whether the GiB of RAM from `ram_offset` on is one GiB in the host, aligned, with nothing stale in it.
 * Context: any. */
bool gmem_block_is_whole(const struct gmem *gmem, uint64_t ram_offset);

#endif
