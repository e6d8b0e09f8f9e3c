/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_MEM_DIRTY_H
#define VMM_MEM_DIRTY_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * The dirty log: which 4K pages of a VM's RAM have been written, by the guest or by the host for it. One bit
 * per page, 64 to a word, numbered by the offset in RAM; a slot's pages are those from its ram_offset on.
 *
 * It works by write protection. Starting takes write access from all of stage 2; the first write to a page
 * faults, splits what is larger than 4K, sets the bit and gives the access back. Reading clears bits and
 * takes the access away again. What the host writes sets bits in gmem_mark_dirty().
 *
 * All calls: with the VM's lock held, so one at a time; the VM may run. Context: thread.
 */
struct vm;

/* Starts with no page dirty: what was written before is not in the log. -EALREADY: it is on; -ENOMEM. */
must_check int dirty_log_start(struct vm *vm);

/*
 * Copies `count` words from word `first` on, and clears them. When it returns, whatever has set one of these
 * bits is in memory: a copy of the page made from now on has it, and what is written after that sets the bit
 * again. -EINVAL: the log is off, or there are not that many words.
 */
must_check int dirty_log_read(struct vm *vm, uint64_t first, uint64_t *words, uint64_t count);

/* The same without clearing anything: a look in passing. */
must_check int dirty_log_peek(struct vm *vm, uint64_t first, uint64_t *words, uint64_t count);

/* Ends it, if it is on. Pages that were split become large again. */
void dirty_log_stop(struct vm *vm);

bool dirty_log_is_on(const struct vm *vm);
/* Words of the whole log. */
uint64_t dirty_log_words(const struct vm *vm);

#endif
