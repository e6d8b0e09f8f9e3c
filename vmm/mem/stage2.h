/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_MEM_STAGE2_H
#define VMM_MEM_STAGE2_H

#include <core/compiler.h>
#include <core/pt/walk_types.h>
#include <core/types.h>
#include <stdatomic.h>

/*
 * A VM's second stage of translation: guest-physical to host-physical. Filled by faults, on all vCPUs in
 * parallel and without a lock. stage2.c has what all formats have in common; the linked backend (vmm/backend)
 * supplies the rest.
 */
struct stage2_retired;
struct stage2 {
    struct pt_tree tree;
    uint64_t control; /* immutable: the backend's: what it tells the CPU of the tree's shape */
    _Atomic uint64_t table_bytes;
    _Atomic(struct stage2_retired *) retired; /* tables out of the tree that somebody may still walk */
    _Atomic uint64_t tag;                     /* the backend's: what TLBs know the VM by */
    unsigned node;                            /* immutable */
};

#define STAGE2_LEVEL_MAX 2 /* 0 4K, 1 2M, 2 1G */

enum stage2_flags {
    STAGE2_READ_ONLY = 1 << 0,
    STAGE2_DEVICE = 1 << 1, /* registers, not memory: past the caches, never executed. arm64 */
};

/* For guest-physical addresses of so many bits. -ENOMEM; -EINVAL: the CPU cannot have that many. Context:
 * thread. */
must_check int stage2_init(struct stage2 *s2, unsigned address_bits, unsigned node);
/* Frees every table. No vCPU may use it any more. */
void stage2_fini(struct stage2 *s2);

/* What the backend loads into the control block. */
static inline hpa_t stage2_root(const struct stage2 *s2)
{
    return s2->tree.root;
}

/* The largest page the hardware maps: 0 4K, 1 2M, 2 1G. */
static inline unsigned stage2_max_level(const struct stage2 *s2)
{
    return s2->tree.max_leaf_level;
}

/*
 * Puts one page of `level` (1 or 2) where smaller ones of the same memory are, if there are any. Their tables
 * are kept, because other CPUs may be walking them. Context: thread.
 */
void stage2_merge(struct stage2 *s2, gpa_t gpa, hpa_t hpa, unsigned level, unsigned flags);

/*
 * The tables that merging has left until now; they can be freed when every vCPU has been out of the guest and
 * its handlers, and has flushed its TLB. Context: thread.
 */
struct stage2_retired *stage2_retired_take(struct stage2 *s2);
void stage2_retired_free(struct stage2 *s2, struct stage2_retired *list);

/* --- the backend's --- */

/*
 * Maps one page of 4K << 9 * level. 0: mapped; 1: another page maps it already, and stays; -EEXIST: smaller
 * pages may be mapped there: try a lower level; -ENOMEM without memory for tables. Context: thread; in
 * parallel with itself and with everything below.
 */
must_check int stage2_map_page(struct stage2 *s2, gpa_t gpa, hpa_t hpa, unsigned level, unsigned flags);

/*
 * Takes write access from what maps [gpa, gpa + size), and from all of a page that is larger. The caller
 * flushes the guest's TLBs. Context: thread.
 */
void stage2_write_protect(struct stage2 *s2, gpa_t gpa, uint64_t size);

/*
 * Gives write access back to the page that maps `gpa`, splitting it down to `level` first; *size: of the page
 * that is writable then. -ENOENT: nothing is mapped; -ENOMEM: it cannot be split, and stays as it is.
 * Context: thread.
 */
must_check int stage2_write_allow(struct stage2 *s2, gpa_t gpa, unsigned level, uint64_t *size);

/* Counts the pages of each size that are mapped. Tables must not be freed meanwhile. Context: thread. */
void stage2_count(const struct stage2 *s2, uint64_t pages[STAGE2_LEVEL_MAX + 1]);

/*
 * How far, of [gpa, gpa + size), what is at `gpa` goes on: a page, whose memory there comes back in *page, or
 * nothing: HPA_NONE. Context: thread; tables must not be freed meanwhile.
 */
must_check uint64_t stage2_look(const struct stage2 *s2, gpa_t gpa, uint64_t size, hpa_t *page);

/*
 * What stage2_init(), stage2_merge() and stage2_fini() need of it: the tree's largest page, its top level and
 * number of root tables, and `control` (-EINVAL: too many bits); the exchange of a table of `level` - 1 for a
 * page (false: there is none); and freeing all tables, or one of that level with all that are below it.
 */
must_check int stage2_shape_set(struct stage2 *s2, unsigned address_bits);
must_check bool stage2_table_replace(struct stage2 *s2, gpa_t gpa, hpa_t hpa, unsigned level, unsigned flags,
                                     hpa_t *table);
void stage2_tree_free(struct stage2 *s2);
void stage2_tables_free(struct stage2 *s2, hpa_t table, unsigned level);

#endif
