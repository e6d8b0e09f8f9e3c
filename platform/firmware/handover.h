/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_HANDOVER_H
#define FIRMWARE_HANDOVER_H

/* What an entry stub hands to boot_main, and how that becomes struct host_info. */

/* Values of boot_handover.kind, also for assembly. */
#define BOOT_KIND_MULTIBOOT1 1 /* info: multiboot information (Multiboot 0.6.96, 3.3) */
#define BOOT_KIND_PVH        2 /* info: struct hvm_start_info */
#define BOOT_KIND_LINUX      3 /* info: struct boot_params (Linux/x86 boot protocol, zero page) */
#define BOOT_KIND_EFI        4 /* info: struct efi_handover, made by our own EFI stub after ExitBootServices */
#define BOOT_KIND_FDT        5 /* info: flattened device tree, or nothing of the kind if the image has one */

#ifndef __ASSEMBLER__

#include <core/arena.h>
#include <core/host_info.h>

/* Offsets are used by assembly: kind 0, info 8, image 16, image_size 24. */
struct boot_handover {
    uint64_t kind; /* BOOT_KIND_ */
    hpa_t info;
    /* Where this program really lies, .bss included; boot_main fills both from linker symbols. */
    hpa_t image;
    uint64_t image_size;
    hpa_t builtin_tree; /* the board's device tree in the image, which boot_main fills in; 0: it has none */
};
_Static_assert(offsetof(struct boot_handover, image_size) == 24, "entry.S knows these offsets");

/*
 * How pure code reads physical memory. map returns size readable bytes at address, valid until
 * host_info_build returned, or NULL where nothing can be read. Nothing is assumed about alignment. size is
 * never 0.
 */
struct phys_reader {
    const void *(*map)(const struct phys_reader *self, hpa_t address, size_t size);
};

/*
 * The 64-bit entry for callers that already are in long mode with memory identity-mapped (the EFI stub):
 * takes its own stack, descriptor tables and page tables, applies the image's relocations, calls
 * boot_main(handover). handover lies outside the image's .bss. Supplied by platform/<arch>/boot/entry.S.
 */
noreturn_fn void boot_entry64(struct boot_handover *handover);

noreturn_fn void boot_main(struct boot_handover *handover);

/*
 * Fills *out from what handover points at. Nothing of the loader's memory is needed afterwards but the
 * modules' bytes. Broken tables, lies and overlaps become out->warnings, not errors. -EINVAL: boot
 * information unreadable or without a usable memory map; -ENOMEM: the arena is too small (64 KiB plus 256
 * bytes per CPU and per firmware memory range are plenty). Context: boot CPU, once.
 */
int must_check host_info_build(const struct boot_handover *handover, const struct phys_reader *reader,
                               struct arena *arena, struct host_info *out);

/*
 * Hands out->cmdline to the linked boot options (core/cmdline.h); unknown options and bad values are added to
 * the warnings. Context: boot CPU, once, after host_info_build.
 */
void host_info_apply_options(struct host_info *out, struct arena *arena);

/* Makes info what host_info() returns. *info must not change any more. */
void host_info_publish(const struct host_info *info);

/* Adds one warning, printf-like without floating point. Only before host_info_publish. */
void host_info_warn(struct host_info *out, struct arena *arena, const char *format, ...) printf_like(3, 4);

#endif
#endif
