/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_X86_CACHES_H
#define VMM_X86_CACHES_H

#include "decode/decode.h"
#include <core/compiler.h>
#include <core/types.h>

/*
 * What a vCPU remembers of the instructions that were emulated last: the same few access the same device
 * again and again. Nothing here is believed: an entry is used only if what it was made from is still the
 * same.
 */
#define TRANSLATION_ENTRIES 8
#define DECODED_ENTRIES     16

/*
 * A page's translation in long mode for one kind of access: what decided it, and the table entries on the way
 * with what they held. Large pages have fewer entries; the last one is repeated.
 */
struct translation {
    uint64_t linear; /* page number << 12, or 1 in an empty entry */
    uint64_t cr0, cr3, cr4, efer;
    const uint64_t *entry[4]; /* never NULL */
    uint64_t value[4];
    gpa_t gpa;
    const uint8_t *host; /* NULL: no RAM */
    uint32_t cpl;
} aligned_to(128);
_Static_assert(sizeof(struct translation) == 128, "found by a shift");

enum translation_kind { TRANSLATION_READ, TRANSLATION_WRITE, TRANSLATION_FETCH, TRANSLATION_KINDS };

/* An instruction and the bytes that it was decoded from, with those that follow. */
struct decoded {
    uint64_t first, last; /* bytes 0-7 and 7-14 */
    enum x86_mode mode;
    struct x86_insn insn; /* length 0: empty */
};

struct x86_caches {
    struct translation translations[TRANSLATION_KINDS][TRANSLATION_ENTRIES];
    struct decoded decoded[DECODED_ENTRIES];
    struct x86_insn uncached;
};

/* Context: thread that owns the vCPU. */
void x86_caches_clear(struct x86_caches *caches);

#endif
