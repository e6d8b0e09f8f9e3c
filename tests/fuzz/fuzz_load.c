/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernels of any bytes. The first bytes choose the machine and what comes with the kernel; then the kernel.
 * Whatever is loaded must lie in RAM of the memory map, and the registers must lead there.
 */

#include "../unit/load_fixture.h"

#define HEAD 8

static struct load_module modules[3];
static char cmdline[4096];

/* Small machines, so that clearing a BSS of gigabytes is not what the fuzzer spends its time on. */
static void machine_choose(const uint8_t *head)
{
    machine_init(MIB(4) + MIB(2) * (head[0] & 15), head[0] & 0x80 ? MIB(2) : 0);
    params.rsdp = 0xe0000;
    memset(cmdline, 'x', sizeof(cmdline) - 1);
    cmdline[(size_t)head[1] << 4 & 0xfff] = 0;
    params.cmdline = head[0] & 0x40 ? cmdline : NULL;
    initrd.source =
        (struct load_source){bytes_read, (uint64_t)(head[2] | head[3] << 8) << (head[4] % 10), "initrd"};
    initrd.reads_left = ~0U;
    if (head[0] & 0x20)
        params.initrd = &initrd.source;
    for (unsigned i = 0; i < ARRAY_SIZE(modules); i++)
        modules[i] = (struct load_module){&initrd.source, i ? cmdline : NULL};
    params.modules = modules;
    params.module_count = head[5] & 3;
}

static bool is_ram(uint64_t address)
{
    for (unsigned i = 0; i < params.memory_map_count; i++) {
        const struct load_range *r = &memory_map[i];

        if (r->type == LOAD_RAM && address >= r->base && address - r->base < r->size)
            return true;
    }
    return false;
}

static void check(int status)
{
    if (status) {
        if (!load_error.field[0] || !load_error.detail[0])
            abort();
        return;
    }
    if (!is_ram(regs.rip) || !(is_ram(regs.gpr[X86_RSI]) || is_ram(regs.gpr[X86_RBX])) || regs.rip >= GIB(4))
        abort();
    if (regs.efer && !is_ram(regs.cr3))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t *initrd_bytes;

    if (size < HEAD)
        return 0;
    if (initrd_bytes == NULL)
        initrd_bytes = calloc(1, 0x10000ULL << 9);
    initrd.bytes = initrd_bytes;
    machine_choose(data);
    bytes_source_init(&kernel, "kernel", size - HEAD);
    memcpy(kernel.bytes, data + HEAD, size - HEAD);
    if (data[6] == 0)
        kernel.reads_left = data[7];
    check(fixture_load());
    bytes_source_free(&kernel);
    return 0;
}
