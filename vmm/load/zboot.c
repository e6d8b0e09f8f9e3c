/* SPDX-License-Identifier: BSD-2-Clause */
#include "zboot.h"

#include <core/bytes.h>
#include <ctype.h>
#include <errno.h>
#include <string.h>

#define HEADER_SIZE   64
#define HEADER_MAGIC  4
#define HEADER_OFFSET 8 /* of the payload */
#define HEADER_LENGTH 12
#define HEADER_METHOD 24
#define DOS_MAGIC     0x5a4d     /* "MZ" */
#define MAGIC         0x676d697a /* "zimg" */

static int payload_read(const struct load_source *source, uint64_t offset, void *to, size_t size)
{
    const struct zboot *z = container_of(source, struct zboot, payload);

    return z->program->read(z->program, z->offset + offset, to, size);
}

static bool head_read(const struct load_source *program, uint8_t head[HEADER_SIZE])
{
    return program->size >= HEADER_SIZE && program->read(program, 0, head, HEADER_SIZE) == 0;
}

/* It is shown to operators. */
static bool is_word(const char *text)
{
    while (isgraph((unsigned char)*text))
        text++;
    return *text == '\0';
}

bool zboot_recognise(const struct load_source *program)
{
    uint8_t head[HEADER_SIZE];

    return head_read(program, head) && get_u16(head) == DOS_MAGIC && get_u32(head + HEADER_MAGIC) == MAGIC;
}

int zboot_open(const struct load_source *program, struct zboot *out)
{
    uint8_t head[HEADER_SIZE];

    if (!head_read(program, head))
        return -EINVAL;
    *out = (struct zboot){.program = program, .offset = get_u32(head + HEADER_OFFSET)};
    out->payload = (struct load_source){
        .read = payload_read, .size = get_u32(head + HEADER_LENGTH), .name = program->name};
    memcpy(out->method, head + HEADER_METHOD, ZBOOT_METHOD_MAX);
    if (out->offset > program->size || out->payload.size > program->size - out->offset)
        return -EINVAL;
    return out->method[0] != '\0' && is_word(out->method) ? 0 : -ENOEXEC;
}
