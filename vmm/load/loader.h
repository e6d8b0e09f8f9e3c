/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_LOADER_H
#define VMM_LOAD_LOADER_H

#include "load.h"

/*
 * What the formats share while load_kernel() runs: one context, found on its stack. Functions that fail have
 * filled *error. Context of everything here: thread.
 */

/* Page tables, 32-bit entry points and every structure of the boot protocols live below this. */
#define LOAD_LIMIT_4G GIB(4)
/* Boot structures go above what real-mode code and its tables would use. */
#define LOAD_LOW_MIN 0x10000ULL

/* The kernel's hull, boot structures, initrd or modules; more is never taken. */
#define LOAD_TAKEN_MAX 4

struct loader {
    struct gmem *gmem;
    const struct load_params *params;
    struct x86_regs *regs;
    struct load_error *error;
    struct {
        uint64_t base, end;
    } taken[LOAD_TAKEN_MAX];
    unsigned taken_count;
};

/* Says why, returns -EINVAL. `field` is a string constant. */
int load_fail(struct loader *l, const char *field, const char *format, ...) printf_like(3, 4);

/* Reads [offset, offset + size) of a source; what is not in the file is -EINVAL, "truncated". */
must_check int load_read(struct loader *l, const char *field, const struct load_source *source,
                         uint64_t offset, void *to, size_t size);

/* The same straight into guest memory at `address`, which is RAM as the caller has checked. */
must_check int load_copy(struct loader *l, const char *field, const struct load_source *source,
                         uint64_t offset, uint64_t address, uint64_t size);

/* Bytes of our own into guest memory that space_*() said is RAM. */
must_check int load_write(struct loader *l, uint64_t address, const void *from, size_t size);
must_check int load_fill(struct loader *l, uint64_t address, uint64_t size);

/* --- Space: RAM of the memory map that nothing has been put into yet. Pure. --- */

#define SPACE_NONE (~0ULL)

/* Every byte of [base, base + size) is RAM; taken or not. */
bool space_is_ram(const struct loader *l, uint64_t base, uint64_t size);

/* The lowest, highest place for `size` bytes within [min, limit), at a multiple of `align` (a power of two);
 * SPACE_NONE. */
typedef uint64_t space_find_fn(const struct loader *l, uint64_t size, uint64_t align, uint64_t min,
                               uint64_t limit);
uint64_t space_lowest(const struct loader *l, uint64_t size, uint64_t align, uint64_t min, uint64_t limit);
uint64_t space_highest(const struct loader *l, uint64_t size, uint64_t align, uint64_t min, uint64_t limit);

/* Size of the largest free piece within [min, limit), for messages. */
uint64_t space_largest(const struct loader *l, uint64_t min, uint64_t limit);

void space_take(struct loader *l, uint64_t base, uint64_t size);

/* --- Modules: the initrd, if any, then the modules of the request --- */

unsigned modules_count(const struct loader *l);
struct load_module module_at(const struct loader *l, unsigned index);

/* Where module `index` is when they lie one after the other from `base`. */
static inline uint64_t module_next(uint64_t address, uint64_t size)
{
    return ALIGN_UP(address + size, PAGE_SIZE);
}

/*
 * Copies them, each on its own pages, to a place above 1 MiB that `find`, one of the two above, finds for all
 * together; *base is where the first lies, if there is any.
 */
must_check int modules_load(struct loader *l, space_find_fn *find, uint64_t *base);

/* --- Boot information: a fixed part, the memory map, the list of modules, strings --- */

#define INFO_ENTRY_MAX 32

/* How a protocol writes it. An entry is of zeroes when it is to be filled. */
struct info_format {
    uint64_t fixed_size, strings_size; /* strings: of its own, besides command lines */
    size_t range_size, module_size;    /* at most INFO_ENTRY_MAX */
    void (*range_put)(uint8_t *entry, const struct load_range *range);
    void (*module_put)(uint8_t *entry, const struct load_module *module, uint64_t address, uint64_t cmdline);
};

/* Where it is. */
struct info_layout {
    uint64_t modules; /* the files */
    uint64_t info, map, list, strings;
};

/* Takes room for it where every kernel sees it; `modules` stays. */
must_check int info_place(struct loader *l, const struct info_format *format, struct info_layout *layout);

/* Writes map and list; the modules' command lines go to *cursor, which moves on. */
must_check int info_lists_write(struct loader *l, const struct info_format *format,
                                const struct info_layout *layout, uint64_t *cursor);

/* Appends `text` and its NUL at *cursor and moves that on; *at is where it begins. */
must_check int string_put(struct loader *l, const char *text, uint64_t *cursor, uint64_t *at);

/* --- The formats --- */

/* "HdrS" where a bzImage has it; false also when the file is too short. */
must_check int linux_recognise(struct loader *l, bool *is_linux);
must_check int linux_load(struct loader *l);

struct elf_image;
must_check int pvh_load(struct loader *l, const struct elf_image *elf);

struct multiboot_header {
    uint64_t offset; /* in the file; 0 with flags 0: none */
    uint32_t flags;
    uint32_t header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr;
    bool is_found;
};

#define MULTIBOOT_HAS_ADDRESSES BIT(16)

must_check int multiboot_find(struct loader *l, struct multiboot_header *header);
/* `elf` may be NULL when the header has the addresses. */
must_check int multiboot_load(struct loader *l, const struct multiboot_header *header,
                              const struct elf_image *elf);

/* --- Registers --- */

/* Flat 32-bit protected mode, paging and interrupts off; selectors 0x10 and 0x18. */
void entry_flat32(struct x86_regs *regs, uint64_t entry);
/* 64-bit mode under the page tables at `cr3`. */
void entry_long(struct x86_regs *regs, uint64_t entry, uint64_t cr3);

/* The GDT that the selectors above are loaded from: 4 descriptors. */
#define BOOT_CS       0x10
#define BOOT_DS       0x18
#define BOOT_GDT_SIZE 32
extern const uint64_t boot_gdt32[4], boot_gdt64[4];

#endif
