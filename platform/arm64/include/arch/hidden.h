/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Included before everything else on arm64: declarations of other files' symbols are hidden too, not only
 * definitions (-fvisibility). Otherwise GCC loads their addresses from the global offset table, which costs
 * an access each and is not relocated yet when the first C code runs.
 */
#ifndef __ASSEMBLER__
#pragma GCC visibility push(hidden)
#endif
