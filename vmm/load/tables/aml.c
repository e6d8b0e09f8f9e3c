/* SPDX-License-Identifier: BSD-2-Clause */
/* ACPI machine language: ACPI 6.5, 20.2. */

#include "aml.h"

#include <core/bytes.h>

enum {
    OP_NAME = 0x08,
    OP_BYTE = 0x0a,
    OP_WORD = 0x0b,
    OP_DWORD = 0x0c,
    OP_STRING = 0x0d,
    OP_QWORD = 0x0e,
    OP_SCOPE = 0x10,
    OP_BUFFER = 0x11,
    OP_PACKAGE = 0x12,
    OP_METHOD = 0x14,
    OP_DUAL_NAME = 0x2e,
    OP_MULTI_NAME = 0x2f,
    OP_EXT = 0x5b,
    OP_DWORD_FIELD = 0x8a,
    OP_IF = 0xa0,
    OP_ELSE = 0xa1,
    OP_EXT_DEVICE = 0x82,
};

#define SEGMENT_SIZE 4
#define UUID_SIZE    16
/* Room for PkgLength in its longest form, until aml_close() knows. */
#define LENGTH_MAX 4

void aml_bytes(struct aml *a, const void *bytes, size_t size)
{
    if (size > a->capacity - a->size) {
        a->is_full = true;
        return;
    }
    memcpy(a->bytes + a->size, bytes, size);
    a->size += size;
}

void aml_byte(struct aml *a, uint8_t byte)
{
    aml_bytes(a, &byte, 1);
}

static size_t segment_length(const char *path)
{
    size_t n = 0;

    while (path[n] && path[n] != '.')
        n++;
    return n;
}

/* 20.2.2: root character, prefix by the number of segments, segments. */
void aml_path(struct aml *a, const char *path)
{
    unsigned segments = 1;

    if (*path == '\\')
        aml_byte(a, (uint8_t)*path++);
    for (const char *p = path; *p; p++)
        segments += *p == '.';
    if (segments == 2)
        aml_byte(a, OP_DUAL_NAME);
    if (segments > 2) {
        aml_byte(a, OP_MULTI_NAME);
        aml_byte(a, (uint8_t)segments);
    }
    while (*path) {
        size_t n = segment_length(path);

        aml_bytes(a, path, MIN(n, SEGMENT_SIZE));
        for (size_t i = n; i < SEGMENT_SIZE; i++)
            aml_byte(a, '_');
        path += n + (path[n] == '.');
    }
}

static void integer_put(struct aml *a, uint8_t op, uint64_t value, size_t size)
{
    aml_byte(a, op);
    aml_bytes(a, &value, size);
}

void aml_integer(struct aml *a, uint64_t value)
{
    if (value <= 1)
        aml_byte(a, (uint8_t)value);
    else if (value <= 0xff)
        integer_put(a, OP_BYTE, value, 1);
    else if (value <= 0xffff)
        integer_put(a, OP_WORD, value, 2);
    else if (value <= 0xffffffff)
        integer_put(a, OP_DWORD, value, 4);
    else
        integer_put(a, OP_QWORD, value, 8);
}

static unsigned hex_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static uint8_t hex_byte(const char *p)
{
    return (uint8_t)(hex_digit(p[0]) << 4 | hex_digit(p[1]));
}

/* Three letters of 5 bits, four hexadecimal digits; most significant byte first. */
void aml_eisaid(struct aml *a, const char *id)
{
    unsigned letters = (unsigned)((id[0] - '@') << 10 | (id[1] - '@') << 5 | (id[2] - '@'));
    uint8_t bytes[4] = {(uint8_t)(letters >> 8), (uint8_t)letters, hex_byte(id + 3), hex_byte(id + 5)};

    aml_byte(a, OP_DWORD);
    aml_bytes(a, bytes, sizeof(bytes));
}

void aml_string(struct aml *a, const char *text)
{
    aml_byte(a, OP_STRING);
    aml_bytes(a, text, strlen(text) + 1);
}

void aml_name(struct aml *a, const char *path)
{
    aml_byte(a, OP_NAME);
    aml_path(a, path);
}

static size_t package_open(struct aml *a, uint8_t op)
{
    static const uint8_t room[LENGTH_MAX];
    size_t at;

    aml_byte(a, op);
    at = a->size;
    aml_bytes(a, room, sizeof(room));
    return at;
}

/* PkgLength (20.2.4) counts itself: one byte up to 63, else 4 bits in the first and 8 in each that follows.
 */
void aml_close(struct aml *a, size_t at)
{
    size_t body, length;
    unsigned more = 0;

    if (a->is_full)
        return;
    body = a->size - at - LENGTH_MAX;
    if (body + 1 > 0x3f)
        more = body + 2 <= 0xfff ? 1 : body + 3 <= 0xfffff ? 2 : 3;
    length = body + 1 + more;
    memmove(a->bytes + at + 1 + more, a->bytes + at + LENGTH_MAX, body);
    a->bytes[at] = (uint8_t)(more ? more << 6 | (length & 0xf) : length);
    for (unsigned i = 0; i < more; i++)
        a->bytes[at + 1 + i] = (uint8_t)(length >> (4 + 8 * i));
    a->size = at + length;
}

size_t aml_scope(struct aml *a, const char *path)
{
    size_t at = package_open(a, OP_SCOPE);

    aml_path(a, path);
    return at;
}

size_t aml_device(struct aml *a, const char *path)
{
    size_t at;

    aml_byte(a, OP_EXT);
    at = package_open(a, OP_EXT_DEVICE);
    aml_path(a, path);
    return at;
}

/* Methods that create named objects are not reentrant: serialized. */
size_t aml_method(struct aml *a, const char *path, unsigned arguments)
{
    size_t at = package_open(a, OP_METHOD);

    aml_path(a, path);
    aml_byte(a, (uint8_t)(arguments | BIT(3)));
    return at;
}

size_t aml_package(struct aml *a, uint8_t elements)
{
    size_t at = package_open(a, OP_PACKAGE);

    aml_byte(a, elements);
    return at;
}

size_t aml_if(struct aml *a)
{
    return package_open(a, OP_IF);
}

size_t aml_else(struct aml *a)
{
    return package_open(a, OP_ELSE);
}

void aml_uuid(struct aml *a, const char *text)
{
    /* Where the bytes of aabbccdd-eeff-gghh-iijj-kkllmmnnoopp are in the text. */
    static const uint8_t order[UUID_SIZE] = {6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34};
    size_t at = package_open(a, OP_BUFFER);

    aml_integer(a, UUID_SIZE);
    for (unsigned i = 0; i < UUID_SIZE; i++)
        aml_byte(a, hex_byte(text + order[i]));
    aml_close(a, at);
}

void aml_dword_field(struct aml *a, uint8_t buffer_op, uint64_t offset, const char *name)
{
    aml_byte(a, OP_DWORD_FIELD);
    aml_byte(a, buffer_op);
    aml_integer(a, offset);
    aml_path(a, name);
}

struct aml_resources aml_resources(struct aml *a, const char *path)
{
    struct aml_resources r;

    aml_name(a, path);
    r.package = package_open(a, OP_BUFFER);
    /* The buffer's size, as a word: known when closed. */
    r.size_at = a->size + 1;
    integer_put(a, OP_WORD, 0, 2);
    r.first = a->size;
    return r;
}

void aml_resources_close(struct aml *a, struct aml_resources r)
{
    /* End tag; checksum 0 means "not computed" (6.4.2.9). */
    static const uint8_t end[] = {0x79, 0};

    aml_bytes(a, end, sizeof(end));
    if (!a->is_full)
        put_u16(a->bytes + r.size_at, (uint16_t)(a->size - r.first));
    aml_close(a, r.package);
}
