/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoder's tables against binutils' disassembler, whose answers decode_oracle.py has collected. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"

enum kind { MODRM, PATTERN, LENGTHS, MEMORY, OPCODES, SIZES };

struct record {
    enum kind kind;
    unsigned mode;
    const char *start;
    const char *text;
};

#define ORACLE_MODRM(text)                 {MODRM, 0, "", text},
#define ORACLE_PATTERN(text)               {PATTERN, 0, "", text},
#define ORACLE_LENGTHS(mode, start, text)  {LENGTHS, mode, start, text},
#define ORACLE_MEMORY(mode, start, text)   {MEMORY, mode, start, text},
#define ORACLE_OPCODES(text)               {OPCODES, 0, "", text},
#define ORACLE_SIZES(mode, start, letters) {SIZES, mode, start, letters},

static const struct record records[] = {
#include "decode_oracle.inc"
};

#define PATTERNS_MAX 256
#define MODRMS       128

static unsigned patterns[PATTERNS_MAX][MODRMS];
static unsigned pattern_count;
static uint8_t modrms[MODRMS];

static enum x86_mode mode_of(unsigned bits)
{
    return bits == 16 ? X86_MODE_16 : bits == 32 ? X86_MODE_32 : X86_MODE_64;
}

static unsigned bytes_of(const char *hex, uint8_t *bytes)
{
    unsigned count = 0;

    for (; isxdigit((unsigned char)hex[0]); hex += 2) {
        char digits[3] = {hex[0], hex[1], 0};

        bytes[count++] = strtoul(digits, NULL, 16);
    }
    return count;
}

/* "1*3 2" is 1 1 1 2. */
static void runs_read(const char *text, unsigned *values, unsigned count)
{
    unsigned at = 0;

    while (*text) {
        char *end;
        unsigned value = strtoul(text, &end, 10), times = 1;

        if (*end == '*')
            times = strtoul(end + 1, &end, 10);
        while (times-- > 0) {
            cr_assert(at < count);
            values[at++] = value;
        }
        text = end + strspn(end, " ");
    }
    cr_assert_eq(at, count);
}

static void patterns_read(void)
{
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        if (records[i].kind == MODRM)
            cr_assert_eq(bytes_of(records[i].text, modrms), MODRMS);
        if (records[i].kind == PATTERN) {
            cr_assert(pattern_count < PATTERNS_MAX - 1);
            runs_read(records[i].text, patterns[++pattern_count], MODRMS); /* numbers begin at 1 */
        }
    }
}

/* --- lengths --- */

struct found {
    bool theirs[256], ours[256]; /* opcodes that exist for some ModRM or prefix */
};

/* The map that a legacy row is about; -1: VEX and its kin. */
static int map_of(const char *start)
{
    const char *escape = strstr(start, "0f");

    if (strlen(start) >= 4 && (start[0] == 'c' || start[0] == '8' || (start[0] == '6' && start[1] == '2')))
        return -1;
    return !escape ? 0 : !strcmp(escape, "0f38") ? 2 : !strcmp(escape, "0f3a") ? 3 : 1;
}

/* What the disassembler takes for instructions, and no CPU does. */
static bool is_known_difference(const char *start, uint8_t opcode, uint8_t modrm)
{
    unsigned reg = modrm >> 3 & 7;
    int map = map_of(start);

    if (map == 0 && (opcode == 0x8c || opcode == 0x8e)) /* six segment registers; CS cannot be loaded */
        return reg > 5 || (opcode == 0x8e && reg == 1);
    if (map == 1 && (opcode == 0x20 || opcode == 0x22)) /* CR0, 2, 3, 4, 8 */
        return reg == 1 || reg > 4;
    if (map == 1 && (opcode == 0x24 || opcode == 0x26)) /* test registers of the 486 */
        return true;
    if (map == 1 && opcode == 0xc3) /* MOVNTI has no form for words */
        return start[0] == '6';
    if (map == 1 && (opcode == 0xa6 || opcode == 0xa7)) /* VIA's */
        return true;
    return false;
}

static unsigned row_check(const struct record *row, struct found *found)
{
    unsigned numbers[256], wrong = 0, head;
    uint8_t bytes[32];

    runs_read(row->text, numbers, 256);
    head = bytes_of(row->start, bytes);
    for (unsigned opcode = 0; opcode < 256; opcode++) {
        for (unsigned i = 0; numbers[opcode] && i < MODRMS; i++) {
            unsigned expected = patterns[numbers[opcode]][i];
            struct x86_insn insn;
            int result;

            memset(bytes + head, 0x9e, sizeof(bytes) - head);
            bytes[head] = opcode;
            bytes[head + 1] = modrms[i];
            bytes[head + 2] = modrms[i] & 8 ? 0x25 : 0x20;
            result = x86_decode(bytes, 15, mode_of(row->mode), &insn);
            found->ours[opcode] |= result == 0;
            if (!expected || is_known_difference(row->start, opcode, modrms[i]))
                continue;
            found->theirs[opcode] = true;
            if (result == 0 && insn.length == head + expected)
                continue;
            if (wrong++ < 8)
                cr_log_error("%u bits, %s %02x %02x: %d, length %u, should be %u", row->mode, row->start,
                             opcode, modrms[i], result, result ? 0 : insn.length, head + expected);
        }
    }
    return wrong;
}

Test(decode_tables, lengths)
{
    unsigned wrong = 0, rows = 0;
    static struct found ignored;

    patterns_read();
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        if (records[i].kind != LENGTHS)
            continue;
        wrong += row_check(&records[i], &ignored);
        rows++;
    }
    cr_assert_eq(wrong, 0, "%u lengths differ", wrong);
    cr_assert(rows > 150);
}

/* Opcodes that nobody defines are found out, and none is forgotten. */
Test(decode_tables, undefined)
{
    static struct found found[3][4];

    patterns_read();
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
        if (records[i].kind == LENGTHS && map_of(records[i].start) >= 0)
            row_check(&records[i], &found[mode_of(records[i].mode)][map_of(records[i].start)]);
    for (unsigned mode = 0; mode < 3; mode++)
        for (unsigned map = 0; map < 4; map++)
            for (unsigned opcode = 0; opcode < 256; opcode++) {
                bool ours = found[mode][map].ours[opcode], theirs = found[mode][map].theirs[opcode];

                if (map == 0 && opcode == 0xd6 && mode != X86_MODE_64)
                    theirs = true; /* SALC, which the disassembler does not know */
                cr_expect_eq(ours, theirs, "mode %u, map %u, opcode %02x: %d", mode, map, opcode, ours);
            }
}

/* --- memory operands --- */

static uint32_t crc32_of(uint32_t crc, const char *text)
{
    crc = ~crc;
    for (; *text; text++) {
        crc ^= (uint8_t)*text;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static const char *register_name(unsigned reg, unsigned size, char *name)
{
    static const char names[8][3] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};

    if (reg == X86_REG_NONE)
        name[0] = 0;
    else if (reg == X86_REG_RIP)
        strcpy(name, size == 4 ? "eip" : "rip");
    else if (reg < 8)
        sprintf(name, "%s%s", size == 8 ? "r" : size == 4 ? "e" : "", names[reg]);
    else
        sprintf(name, "r%u%s", reg, size == 8 ? "" : "d");
    return name;
}

/* As decode_oracle.py writes the disassembler's operand. */
static void operand_print(const struct x86_insn *insn, char *text)
{
    static const char *const segments[] = {"es", "cs", "ss", "ds", "fs", "gs"};
    const struct x86_memory *mem = &insn->mem;
    char base[8], index[8];
    /* It names a segment when a prefix does. */
    bool named = insn->prefixes & X86_PREFIX_SEGMENT;

    sprintf(text, "%s %s %s %u %x;", named ? segments[mem->segment] : "",
            register_name(mem->base, insn->address_size, base),
            register_name(mem->index, insn->address_size, index),
            mem->index == X86_REG_NONE ? 1 : 1U << mem->scale, (uint32_t)mem->displacement);
}

static uint32_t operands_sum(const struct record *row, uint8_t modrm)
{
    uint32_t sum = 0;

    for (unsigned sib = 0; sib < 256; sib++) {
        uint8_t bytes[16] = {0};
        unsigned head = bytes_of(row->start, bytes);
        const uint8_t tail[] = {0x8b, modrm, sib, 0x12, 0x22, 0x33, 0x94};
        struct x86_insn insn;
        char text[64];

        memcpy(bytes + head, tail, sizeof(tail));
        memset(bytes + head + sizeof(tail), 0x90, sizeof(bytes) - head - sizeof(tail));
        cr_assert_eq(x86_decode(bytes, sizeof(bytes), mode_of(row->mode), &insn), 0);
        operand_print(&insn, text);
        sum = crc32_of(sum, text);
    }
    return sum;
}

Test(decode_tables, memory_operands)
{
    unsigned rows = 0;

    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        const char *text = records[i].text;

        if (records[i].kind != MEMORY)
            continue;
        rows++;
        for (unsigned n = 0; n < 24; n++, text += 9) {
            uint8_t modrm = (n / 8) << 6 | n % 8;

            cr_expect_eq(operands_sum(&records[i], modrm), strtoul(text, NULL, 16), "%u bits, %s, ModRM %02x",
                         records[i].mode, records[i].start, modrm);
        }
    }
    cr_assert(rows >= 15);
}

/* --- operand sizes --- */

static unsigned size_of(char letter)
{
    return letter == 'b' ? 1 : letter == 'w' ? 2 : letter == 'l' ? 4 : 8;
}

static void sizes_check(const struct record *row, const char *opcodes)
{
    for (const char *letter = row->text; *letter; letter++, opcodes += strcspn(opcodes, " ") + 1) {
        uint8_t bytes[24] = {0};
        unsigned head = bytes_of(row->start, bytes);
        struct x86_insn insn;

        bytes_of(opcodes, bytes + head);
        /* ARPL ends with an l, and MOVSLQ with a q whatever its size. */
        if (*letter == '.' || bytes[head] == 0x63)
            continue;
        if (row->start[0] == '6' && !strncmp(opcodes, "0fc3", 4)) /* as above */
            continue;
        cr_assert_eq(x86_decode(bytes, sizeof(bytes), mode_of(row->mode), &insn), 0, "%s %.8s", row->start,
                     opcodes);
        cr_expect_eq(insn.operand_size, size_of(*letter), "%u bits, %s %.8s: %u, should be %c", row->mode,
                     row->start, opcodes, insn.operand_size, *letter);
        cr_expect(insn.op > X86_OP_OTHER && insn.op <= X86_OP_EMULATED_LAST, "%.8s", opcodes);
    }
}

Test(decode_tables, operand_sizes)
{
    const char *opcodes = NULL;
    unsigned rows = 0;

    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        if (records[i].kind == OPCODES)
            opcodes = records[i].text;
        if (records[i].kind != SIZES)
            continue;
        sizes_check(&records[i], opcodes);
        rows++;
    }
    cr_assert(rows >= 15);
}
