/* SPDX-License-Identifier: BSD-2-Clause */
/* Damage to ACPI tables (ACPI 6.5, chapter 5.2): found as an operating system finds them, changed in place.
 */
#include "loader.h"

struct rsdp {
    char signature[8];
    uint8_t checksum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    uint32_t length;
    uint64_t xsdt;
} __attribute__((packed));

struct table {
    char signature[4];
    uint32_t length;
    uint8_t revision, checksum;
    char oem[26];
    uint32_t pointers[];
} __attribute__((packed));

static bool is(const char *have, const char *wanted)
{
    for (; *wanted; wanted++, have++)
        if (*have != *wanted)
            return false;
    return true;
}

static void fix_checksum(struct table *table)
{
    uint8_t sum = 0;

    table->checksum = 0;
    for (uint32_t i = 0; i < table->length; i++)
        sum += ((uint8_t *)table)[i];
    table->checksum = (uint8_t)-sum;
}

static struct rsdp *find_rsdp(void)
{
    for (uint32_t at = 0xe0000; at < 0x100000; at += 16)
        if (is((const char *)at, "RSD PTR "))
            return (struct rsdp *)at;
    return 0;
}

static struct table *find_table(struct table *root, const char *signature)
{
    for (uint32_t i = 0; i < (root->length - sizeof(*root)) / 4; i++)
        if (is(((struct table *)root->pointers[i])->signature, signature))
            return (struct table *)root->pointers[i];
    return root; /* damage that, rather than nothing */
}

/* The firmware leaves its segment write-protected: q35's PAM registers, 82Q35 datasheet 5.1.19. */
static void unprotect_bios_segment(void)
{
    for (uint32_t reg = 0x90; reg <= 0x96; reg++) {
        outl(0xcf8, 0x80000000 | (reg & ~3u));
        outb((uint16_t)(0xcfc + (reg & 3)), 0x33);
    }
}

static void damage(struct table *root, const char *line, bool (*has_mode)(const char *, const char *))
{
    struct table *madt = find_table(root, "APIC"), *mcfg = find_table(root, "MCFG"),
                 *fadt = find_table(root, "FACP");
    uint32_t count = (root->length - sizeof(*root)) / 4;

    if (has_mode(line, "acpi-checksums"))
        for (uint32_t i = 0; i < count; i++)
            ((struct table *)root->pointers[i])->checksum ^= 0x55;
    if (has_mode(line, "acpi-root-checksum"))
        root->checksum ^= 0x55;
    if (has_mode(line, "acpi-madt-entry-zero")) {
        ((uint8_t *)madt)[45] = 0; /* length of the first entry */
        fix_checksum(madt);
    }
    if (has_mode(line, "acpi-madt-entry-long")) {
        ((uint8_t *)madt)[45] = 255;
        fix_checksum(madt);
    }
    if (has_mode(line, "acpi-length-zero"))
        madt->length = mcfg->length = fadt->length = 0;
    if (has_mode(line, "acpi-length-huge"))
        madt->length = mcfg->length = fadt->length = 0xfffffff0;
    if (has_mode(line, "acpi-wild-pointers"))
        for (uint32_t i = 0; i < count; i++) {
            root->pointers[i] = i % 2 ? 0xfffffff0 : 0xc0000000 + i;
            fix_checksum(root);
        }
    if (has_mode(line, "acpi-self-pointers"))
        for (uint32_t i = 0; i < count; i++) {
            root->pointers[i] = (uint32_t)root;
            fix_checksum(root);
        }
    if (has_mode(line, "acpi-mcfg-wild")) {
        uint32_t *words = (void *)mcfg;

        words[11] = 0xfffff000; /* base address, 44 */
        words[12] = 0xffffffff;
        fix_checksum(mcfg);
    }
    if (has_mode(line, "acpi-fadt-wild")) {
        for (uint32_t i = 36; i < fadt->length; i++)
            ((uint8_t *)fadt)[i] = (uint8_t)(i * 37 + 11);
        fix_checksum(fadt);
    }
    if (has_mode(line, "acpi-noise")) {
        uint32_t random = 20260101;

        for (uint32_t i = 0; i < count; i++) {
            struct table *table = (struct table *)root->pointers[i];

            for (uint32_t j = sizeof(*table); j < table->length; j++) {
                random = random * 1664525 + 1013904223;
                if ((random >> 24) < 40)
                    ((uint8_t *)table)[j] ^= (uint8_t)(random >> 16);
            }
            fix_checksum(table);
        }
    }
}

void acpi_break(const char *line, bool (*has_mode)(const char *, const char *))
{
    struct rsdp *rsdp = find_rsdp();

    if (!rsdp) {
        say("LOADER: no RSDP\n");
        return;
    }
    unprotect_bios_segment();
    damage((struct table *)rsdp->rsdt, line, has_mode);
    if (has_mode(line, "acpi-rsdp-checksum"))
        rsdp->checksum ^= 0x55;
    if (has_mode(line, "acpi-rsdp-wild")) {
        uint8_t sum = 0;

        rsdp->rsdt = 0xfffffffc;
        rsdp->checksum = 0;
        for (uint32_t i = 0; i < 20; i++)
            sum += ((uint8_t *)rsdp)[i];
        rsdp->checksum = (uint8_t)-sum;
    }
    if (has_mode(line, "acpi-none"))
        rsdp->signature[0] = 'X';
}
