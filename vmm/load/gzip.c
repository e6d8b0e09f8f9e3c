/* SPDX-License-Identifier: BSD-2-Clause */
#include "gzip.h"

#include "bytes.h"
#include "inflate.h"

#include <errno.h>
#include <stdlib.h>

#define GZIP_SIZE_MIN 18 /* header and trailer */
#define SKIP_CHUNK    512

struct gzip_source {
    struct load_source source;
    const struct load_source *packed;
    uint64_t read; /* of the packed bytes */
    struct inflate inflate;
};

static int input(void *context, uint8_t *to, size_t max)
{
    struct gzip_source *g = context;
    size_t n = MIN(max, g->packed->size - g->read);
    int error = n ? g->packed->read(g->packed, g->read, to, n) : 0;

    if (error)
        return error;
    g->read += n;
    return (int)n;
}

static int begin(struct gzip_source *g)
{
    g->read = 0;
    return inflate_begin(&g->inflate, input, g);
}

/* Exactly that many bytes, to be kept or not. */
static int take(struct gzip_source *g, void *to, size_t size)
{
    int64_t n = inflate_read(&g->inflate, to, size);

    if (n < 0)
        return (int)n;
    return (size_t)n == size ? 0 : -EINVAL;
}

static int seek(struct gzip_source *g, uint64_t offset)
{
    uint8_t unused[SKIP_CHUNK];
    int error = 0;

    if (offset < g->inflate.total)
        error = begin(g);
    while (error == 0 && g->inflate.total < offset)
        error = take(g, unused, MIN(sizeof(unused), offset - g->inflate.total));
    return error;
}

static int gzip_read(const struct load_source *source, uint64_t offset, void *to, size_t size)
{
    struct gzip_source *g = container_of(source, struct gzip_source, source);
    uint8_t unused;
    int error = seek(g, offset);

    if (error == 0)
        error = take(g, to, size);
    /* The last byte: nothing must follow, and all of it must have been right. */
    if (error == 0 && g->inflate.total == source->size) {
        int64_t n = inflate_read(&g->inflate, &unused, 1);

        error = n == 0 ? 0 : n < 0 ? (int)n : -EINVAL;
    }
    return error;
}

bool gzip_recognise(const struct load_source *source)
{
    uint8_t head[2];

    return source->size >= GZIP_SIZE_MIN && source->read(source, 0, head, sizeof(head)) == 0 &&
           get_u16(head) == 0x8b1f;
}

int gzip_open(const struct load_source *packed, struct gzip_source **out)
{
    struct gzip_source *g = calloc(1, sizeof(*g));
    uint8_t size[4];
    int error = 0;

    if (g == NULL)
        return -ENOMEM;
    g->packed = packed;
    if (packed->size < GZIP_SIZE_MIN)
        error = -EINVAL;
    if (error == 0)
        error = packed->read(packed, packed->size - sizeof(size), size, sizeof(size));
    if (error == 0)
        error = begin(g);
    if (error) {
        free(g);
        return error;
    }
    g->source = (struct load_source){.read = gzip_read, .size = get_u32(size), .name = packed->name};
    *out = g;
    return 0;
}

const struct load_source *gzip_load_source(const struct gzip_source *gzip)
{
    return &gzip->source;
}

void gzip_close(struct gzip_source *gzip)
{
    free(gzip);
}
