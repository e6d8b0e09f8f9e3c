/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The stream of all devices. */

static const char magic[8] = "BASALTST";

#define CRC_SIZE       4
#define COUNT_OFFSET   12
#define CRC_POLYNOMIAL 0xedb88320U /* reflected */

uint32_t state_crc32(const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    uint32_t table[16], crc = ~0U;

    /* Half a byte at a time: streams are small, and this needs no table in the image. */
    for (uint32_t i = 0; i < 16; i++) {
        table[i] = i;
        for (unsigned bit = 0; bit < 4; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? CRC_POLYNOMIAL : 0);
    }
    for (size_t i = 0; i < size; i++) {
        crc = crc >> 4 ^ table[(crc ^ p[i]) & 15];
        crc = crc >> 4 ^ table[(crc ^ p[i] >> 4) & 15];
    }
    return ~crc;
}

/* Fills in a number once it is known. */
static void patch(struct state_writer *w, size_t at, uint32_t value)
{
    for (unsigned i = 0; i < 4 && !w->error; i++)
        w->bytes[at + i] = (uint8_t)(value >> 8 * i);
}

static void record_save(struct device *device, struct state_writer *w)
{
    uint8_t name_length = (uint8_t)strlen(device->ops->name);
    size_t start;

    state_put_u8(w, name_length);
    state_put_bytes(w, device->ops->name, name_length);
    state_put_u32(w, device->instance);
    state_put_u32(w, device->ops->version);
    state_put_u32(w, 0);
    start = w->size;
    device->ops->save(device, w);
    patch(w, start - 4, (uint32_t)(w->size - start));
}

int state_save(const struct device_list *devices, struct state_writer *w)
{
    struct device *device;
    size_t start = w->size;
    uint32_t count = 0;

    state_put_bytes(w, magic, sizeof(magic));
    state_put_u32(w, STATE_FORMAT);
    state_put_u32(w, 0);
    TAILQ_FOREACH (device, devices, link) {
        record_save(device, w);
        count++;
    }
    patch(w, start + COUNT_OFFSET, count);
    if (!w->error)
        state_put_u32(w, state_crc32(w->bytes + start, w->size - start));
    return w->error;
}

struct record {
    char name[256];
    uint32_t instance, version;
    const uint8_t *bytes;
    uint32_t size;
};

static int record_next(struct state_reader *r, struct record *record)
{
    uint8_t name_length = state_get_u8(r);

    state_get_bytes(r, record->name, name_length);
    record->name[name_length] = 0;
    record->instance = state_get_u32(r);
    record->version = state_get_u32(r);
    record->size = state_get_u32(r);
    if (r->is_short || record->size > r->size - r->at)
        return -EINVAL;
    record->bytes = r->bytes + r->at;
    r->at += record->size;
    return 0;
}

static bool record_fits(const struct record *record, const struct device *device)
{
    return record->instance == device->instance && strcmp(record->name, device->ops->name) == 0;
}

/* Records mostly come in the order of the devices, so the search begins behind the last one found. */
static struct device *device_find(struct device_list *devices, struct device *from,
                                  const struct record *record)
{
    struct device *device;

    for (device = from; device != NULL; device = TAILQ_NEXT(device, link))
        if (record_fits(record, device))
            return device;
    TAILQ_FOREACH (device, devices, link) {
        if (device == from)
            break;
        if (record_fits(record, device))
            return device;
    }
    return NULL;
}

static int fail(struct state_error *error, int code, const char *what, const struct record *record)
{
    if (record != NULL)
        snprintf(error->detail, sizeof(error->detail), "%s: %.64s, instance %u", what, record->name,
                 (unsigned)record->instance);
    else
        snprintf(error->detail, sizeof(error->detail), "%s", what);
    return code;
}

static int frame_check(struct state_reader *r, uint32_t *count, struct state_error *error)
{
    struct state_reader end;
    char found[sizeof(magic)];
    uint32_t format;

    state_get_bytes(r, found, sizeof(found));
    format = state_get_u32(r);
    *count = state_get_u32(r);
    if (r->is_short || memcmp(found, magic, sizeof(magic)) != 0)
        return fail(error, -EINVAL, "this is not a VM's state", NULL);
    if (format != STATE_FORMAT)
        return fail(error, -ENOTSUP, "the state is of a newer format", NULL);
    if (r->size - r->at < CRC_SIZE)
        return fail(error, -EINVAL, "the state is incomplete", NULL);
    r->size -= CRC_SIZE;
    state_reader_init(&end, r->bytes + r->size, CRC_SIZE);
    if (state_get_u32(&end) != state_crc32(r->bytes, r->size))
        return fail(error, -EINVAL, "the state is damaged", NULL);
    return 0;
}

/* What a record needs: a device, of a version that this build knows. */
struct assignment {
    struct device *device;
    struct record record;
};

/* Finds every record's device; each device may have one record. */
static int assign(struct device_list *devices, struct state_reader *r, struct assignment *to, uint32_t count,
                  struct state_error *error)
{
    struct device *next = TAILQ_FIRST(devices);

    for (uint32_t i = 0; i < count; i++) {
        struct record *record = &to[i].record;

        if (record_next(r, record) != 0)
            return fail(error, -EINVAL, "the state is incomplete", NULL);
        to[i].device = device_find(devices, next, record);
        if (to[i].device == NULL)
            return fail(error, -ENOENT, "the VM has no such device", record);
        if (record->version > to[i].device->ops->version)
            return fail(error, -ENOTSUP, "the record is of a newer version", record);
        for (uint32_t j = 0; j < i; j++)
            if (to[j].device == to[i].device)
                return fail(error, -EINVAL, "there are two records of a device", record);
        next = TAILQ_NEXT(to[i].device, link);
    }
    if (r->at != r->size)
        return fail(error, -EINVAL, "there is something behind the records", NULL);
    return 0;
}

static int record_load(const struct assignment *a, struct state_error *error)
{
    struct state_reader r;
    int result;

    state_reader_init(&r, a->record.bytes, a->record.size);
    result = a->device->ops->load(a->device, &r, a->record.version);
    if (result == 0 && (r.is_short || r.at != r.size))
        result = -EINVAL;
    return result ? fail(error, result, "the device refuses its record", &a->record) : 0;
}

int state_load(struct device_list *devices, const void *bytes, size_t size, struct state_error *error)
{
    struct assignment *assignments;
    struct state_reader r;
    struct device *device;
    uint32_t count, present = 0;
    int result;

    state_reader_init(&r, bytes, size);
    result = frame_check(&r, &count, error);
    if (result)
        return result;
    TAILQ_FOREACH (device, devices, link)
        present++;
    /* The number of devices bounds the memory, whatever the stream says. */
    assignments = calloc(MAX(present, 1U) + 1, sizeof(*assignments));
    if (assignments == NULL)
        return fail(error, -ENOMEM, "there is no memory to read the state", NULL);
    result = assign(devices, &r, assignments, MIN(count, present + 1), error);
    if (result == 0 && count != present)
        result = fail(error, -ENODATA, "the state lacks a device", NULL);
    for (uint32_t i = 0; result == 0 && i < count; i++)
        result = record_load(&assignments[i], error);
    free(assignments);
    return result;
}
