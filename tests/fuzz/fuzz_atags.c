/* SPDX-License-Identifier: BSD-2-Clause */
/* A list of tags beside a device tree of the image's own; that tree does not come from outside. */
#include "../../platform/firmware/builder.h"
#include "fuzz_boot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[1 << 16];
    struct fuzz_phys f = {{fuzz_map}, data, size};
    struct arena arena;
    struct host_info info = {0};
    struct fw_builder b = {.reader = &f.reader, .arena = &arena, .info = &info, .ram_left = ~0ULL};

    arena_init(&arena, memory, sizeof(memory));
    if (bootinfo_atags_parse(&b, FUZZ_BASE) == 0 && b.loader_words && strlen(b.loader_words) > size)
        abort();
    return 0;
}
