/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables. The input is a list of tables: a byte that chooses signature and whether the checksum is made
 * right, two bytes of length, the body. RSDP and XSDT around them are made here, as checksums would keep the
 * fuzzer out.
 */
#include "../../platform/firmware/acpi.h"
#include "fuzz_boot.h"

#define TABLES_MAX 16
#define XSDT_AT    64
#define BODY_AT    512

static const char kinds[8][5] = {"APIC", "FACP", "MCFG", "HPET", "SRAT", "SPCR", "SSDT", "DSDT"};

static void seal(uint8_t *table, size_t length, size_t at)
{
    uint8_t sum = 0;

    table[at] = 0;
    for (size_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + table[i]);
    table[at] = (uint8_t)-sum;
}

static uint32_t length_put(uint8_t *table, const char *signature, uint32_t length)
{
    memcpy(table, signature, 4);
    memcpy(table + 4, &length, 4);
    return length;
}

/* Returns how many bytes of memory are used. */
static size_t tables_lay(uint8_t *memory, size_t capacity, const uint8_t *data, size_t size)
{
    uint64_t dsdt = 0;
    uint32_t count = 0;
    size_t at = BODY_AT;

    while (size >= 3 && count < TABLES_MAX) {
        size_t length = ((size_t)data[1] | (size_t)(data[2] & 0x0f) << 8) + ACPI_HEADER_SIZE;
        size_t body = length - ACPI_HEADER_SIZE < size - 3 ? length - ACPI_HEADER_SIZE : size - 3;
        const char *kind = kinds[data[0] & 7];
        uint64_t address = FUZZ_BASE + at;

        if (length > capacity - at)
            break;
        memcpy(memory + at + ACPI_HEADER_SIZE, data + 3, body);
        memory[at + 8] = data[0] >> 4; /* revision */
        length_put(memory + at, kind, (uint32_t)length);
        if ((data[0] & 7) == 1 && dsdt && length >= 44)
            memcpy(memory + at + 40, &dsdt, 4);
        if (!(data[0] & 8))
            seal(memory + at, length, 9);
        if ((data[0] & 7) == 7)
            dsdt = address;
        memcpy(memory + XSDT_AT + ACPI_HEADER_SIZE + 8 * count++, &address, 8);
        at += length;
        data += 3 + body;
        size -= 3 + body;
    }
    seal(memory + XSDT_AT, length_put(memory + XSDT_AT, "XSDT", ACPI_HEADER_SIZE + 8 * count), 9);
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t arena_memory[1 << 18];
    uint8_t *memory = calloc(1, 1 << 15);
    uint64_t xsdt = FUZZ_BASE + XSDT_AT;
    uint32_t rsdp_length = 36;
    size_t used = tables_lay(memory, 1 << 15, data, size);
    uint8_t *exact;
    struct host_info info = {.rsdp = hpa(FUZZ_BASE)};
    struct arena arena;
    struct host_cpus cpus = {0};

    memcpy(memory, "RSD PTR ", 8);
    memory[15] = 2;
    memcpy(memory + 20, &rsdp_length, 4);
    memcpy(memory + 24, &xsdt, 8);
    seal(memory, 20, 8);
    seal(memory, 36, 32);
    exact = malloc(used);
    memcpy(exact, memory, used);
    free(memory);

    {
        struct fuzz_phys f = {{fuzz_map}, exact, used};
        struct fw_builder b = {.reader = &f.reader, .arena = &arena, .info = &info};

        arena_init(&arena, arena_memory, sizeof(arena_memory));
        if (acpi_parse(&b, &cpus) == 0 && cpus.count && cpus.items == NULL)
            abort();
    }
    free(exact);
    return 0;
}
