/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_CHECKSUM_H
#define CORE_CHECKSUM_H

#include <core/compiler.h>
#include <core/frame.h>
#include <core/types.h>

/* The Internet checksum (RFC 1071). Pure. Context: any. */

/* Adds bytes to a partial sum, which starts at 0. All but the last part must have an even length. */
uint64_t checksum_add(uint64_t sum, const void *bytes, size_t length);

/* The 16-bit ones' complement sum in network byte order as it lies in memory, not complemented. */
uint16_t checksum_fold(uint64_t sum);

/*
 * Does what FRAME_CSUM_NEEDED asks for, then clears it: sums from csum_start to the end, over the pseudo
 * header's sum that the sender has put into the checksum field. A frame whose fields do not fit it is left
 * alone.
 */
void frame_checksum_fill(struct frame *frame);

#endif
