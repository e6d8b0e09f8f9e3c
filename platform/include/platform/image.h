/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PLATFORM_IMAGE_H
#define PLATFORM_IMAGE_H

/* Where the image is linked; where it runs is the address of image_start. */
#define IMAGE_LINK_BASE 0x200000

#ifndef __ASSEMBLER__

/* The image, as the linker script lays it out (platform/boot/image.lds.h). All page-aligned but the last. */
extern char image_start[], text_start[], text_end[], rodata_end[], relro_start[], relro_end[], data_end[],
    image_end[];
extern char boot_stack[], boot_stack_top[];
extern char boot_percpu_area[]; /* the boot CPU's: room for a copy of the template */

/*
 * Applies the image's relative relocations. No pointer in static data is right before. A second run at the
 * same place changes nothing. Boot CPU, with an MMU that lets it write all but the text.
 */
void image_relocate(void);

#endif
#endif
