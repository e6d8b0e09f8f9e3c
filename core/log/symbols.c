/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/build_info.h>
#include <core/panic.h>

extern const char image_start[], image_end[];

const char *symbol_lookup(uint64_t pc, uint64_t *offset)
{
    uint64_t rel = pc - (uint64_t)image_start;
    uint32_t low = 0, high = ksyms_count;

    if (pc < (uint64_t)image_start || pc >= (uint64_t)image_end || ksyms_count == 0)
        return NULL;
    /* The last entry at or below rel. */
    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;

        if (ksyms_offsets[mid] <= rel)
            low = mid;
        else
            high = mid;
    }
    if (ksyms_offsets[low] > rel)
        return NULL;
    *offset = rel - ksyms_offsets[low];
    return ksyms_names + ksyms_names_index[low];
}
