/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/cc.h>
#include <core/checksum.h>

unsigned short net_checksum(const void *bytes, int length)
{
    return length > 0 ? checksum_fold(checksum_add(0, bytes, (size_t)length)) : 0;
}
