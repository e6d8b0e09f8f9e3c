/* SPDX-License-Identifier: BSD-2-Clause */
/* As much of a flattened device tree (Devicetree Specification 0.4, 5) as the guests want to know. */
#include "guest.h"

#define BEGIN_NODE 1
#define PROPERTY   3
#define END        9

extern uint64_t boot_info;

uint64_t fdt_number(const void *cells, unsigned count)
{
    const uint8_t *bytes = cells;
    uint64_t value = 0;

    for (unsigned i = 0; i < count * 4; i++)
        value = value << 8 | bytes[i];
    return value;
}

static bool begins(const char *text, const char *with)
{
    while (*with && *text == *with)
        text++, with++;
    return *with == 0;
}

static bool equal(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static size_t length(const char *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}

const void *fdt_find(const char *node, const char *property, unsigned n, uint32_t *size)
{
    const uint8_t *fdt = (const uint8_t *)(uintptr_t)boot_info;
    const uint8_t *at = fdt + fdt_number(fdt + 8, 1);
    const char *strings = (const char *)fdt + fdt_number(fdt + 12, 1);
    bool is_in = false;

    /* Properties come before a node's children. */
    for (uint64_t token; (token = fdt_number(at, 1)) != END;) {
        at += 4;
        if (token == BEGIN_NODE) {
            is_in = begins((const char *)at, node);
            at += (length((const char *)at) + 4) & ~3UL;
        } else if (token == PROPERTY) {
            uint32_t bytes = (uint32_t)fdt_number(at, 1);

            if (is_in && equal(strings + fdt_number(at + 4, 1), property) && n-- == 0) {
                if (size)
                    *size = bytes;
                return at + 8;
            }
            at += 8 + ((bytes + 3) & ~3U);
        }
    }
    return NULL;
}

const char *command_line(void)
{
    return fdt_find("chosen", "bootargs", 0, NULL);
}

uintptr_t memory_begin(void)
{
    const uint8_t *reg = fdt_find("memory", "reg", 0, NULL);

    return fdt_number(reg, 2);
}

uintptr_t memory_end(void)
{
    const uint8_t *reg = fdt_find("memory", "reg", 0, NULL);

    return fdt_number(reg, 2) + fdt_number(reg + 8, 2);
}

/* There is no initrd, so what else is there is the device tree. */
uintptr_t memory_free_end(void)
{
    return boot_info & ~0x1fffffUL;
}

uint64_t cpu_affinity(unsigned n)
{
    uint32_t size;
    const void *reg = fdt_find("cpu@", "reg", n, &size);

    return reg ? fdt_number(reg, size / 4) : ~0ULL;
}
