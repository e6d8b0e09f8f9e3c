/* SPDX-License-Identifier: BSD-2-Clause */
#include "gzip.h"

#include <core/bytes.h>
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP_SIZE_MIN 18 /* header and trailer */
#define GZIP_ONLY     16 /* inflateInit2(): no other format */
#define INPUT_CHUNK   1024
#define OUTPUT_CHUNK  (1U << 30) /* zlib counts in unsigned ints */
#define SKIP_CHUNK    512

struct gzip_source {
    struct load_source source;
    const struct load_source *packed;
    uint64_t read; /* of the packed bytes */
    bool has_ended;
    bool is_damaged;
    z_stream z;
    uint8_t in[INPUT_CHUNK];
};

static void *z_alloc(void *unused, unsigned count, unsigned size)
{
    (void)unused;
    return calloc(count, size);
}

static void z_free(void *unused, void *p)
{
    (void)unused;
    free(p);
}

static int error_of(int status)
{
    return status == Z_OK ? 0 : status == Z_MEM_ERROR ? -ENOMEM : -EINVAL;
}

static int damaged(struct gzip_source *g)
{
    g->is_damaged = true;
    return -EINVAL;
}

/* The next packed bytes, if zlib has none. */
static int input(struct gzip_source *g)
{
    size_t n = MIN(sizeof(g->in), g->packed->size - g->read);
    int error;

    if (g->z.avail_in > 0)
        return 0;
    if (n == 0)
        return damaged(g); /* truncated */
    error = g->packed->read(g->packed, g->read, g->in, n);
    if (error)
        return error;
    g->read += n;
    g->z.next_in = g->in;
    g->z.avail_in = (unsigned)n;
    return 0;
}

/* `size` bytes or those that are left: *done. Each turn consumes input or fills output, or is the last. */
static int unpack(struct gzip_source *g, void *to, size_t size, size_t *done)
{
    int error = 0;

    for (*done = 0; error == 0 && *done < size && !g->has_ended;) {
        unsigned wanted = (unsigned)MIN(size - *done, OUTPUT_CHUNK);
        int status;

        error = input(g);
        if (error)
            break;
        g->z.next_out = (uint8_t *)to + *done;
        g->z.avail_out = wanted;
        status = inflate(&g->z, Z_NO_FLUSH);
        *done += wanted - g->z.avail_out;
        g->has_ended = status == Z_STREAM_END;
        if (!g->has_ended)
            error = error_of(status);
        if (error == -EINVAL)
            error = damaged(g);
    }
    return error;
}

/* Exactly that many bytes, to be kept or not. */
static int take(struct gzip_source *g, void *to, size_t size)
{
    size_t done;
    int error = unpack(g, to, size, &done);

    return error ? error : done == size ? 0 : damaged(g);
}

static int rewind_to_start(struct gzip_source *g)
{
    g->read = 0;
    g->has_ended = false;
    g->z.avail_in = 0;
    return error_of(inflateReset(&g->z));
}

static int seek(struct gzip_source *g, uint64_t offset)
{
    uint8_t unused[SKIP_CHUNK];
    int error = 0;

    if (offset < g->z.total_out)
        error = rewind_to_start(g);
    while (error == 0 && g->z.total_out < offset)
        error = take(g, unused, MIN(sizeof(unused), offset - g->z.total_out));
    return error;
}

/* All has been taken: nothing must follow, and zlib has seen length and checksum. */
static int check_end(struct gzip_source *g)
{
    uint8_t unused;
    size_t done;
    int error = unpack(g, &unused, 1, &done);

    if (error)
        return error;
    return g->has_ended && done == 0 && g->z.avail_in == 0 && g->read == g->packed->size ? 0 : damaged(g);
}

static int gzip_read(const struct load_source *source, uint64_t offset, void *to, size_t size)
{
    struct gzip_source *g = container_of(source, struct gzip_source, source);
    int error = seek(g, offset);

    if (error == 0)
        error = take(g, to, size);
    if (error == 0 && g->z.total_out == source->size)
        error = check_end(g);
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
    struct gzip_source *g;
    uint8_t size[4];
    int error;

    if (packed->size < GZIP_SIZE_MIN)
        return -EINVAL;
    error = packed->read(packed, packed->size - sizeof(size), size, sizeof(size));
    if (error)
        return error;
    g = calloc(1, sizeof(*g));
    if (g == NULL)
        return -ENOMEM;
    g->z.zalloc = z_alloc;
    g->z.zfree = z_free;
    error = error_of(inflateInit2(&g->z, MAX_WBITS + GZIP_ONLY));
    if (error) {
        free(g);
        return error;
    }
    g->packed = packed;
    g->source = (struct load_source){.read = gzip_read, .size = get_u32(size), .name = packed->name};
    *out = g;
    return 0;
}

const struct load_source *gzip_load_source(const struct gzip_source *gzip)
{
    return &gzip->source;
}

bool gzip_is_damaged(const struct gzip_source *gzip)
{
    return gzip->is_damaged;
}

void gzip_close(struct gzip_source *gzip)
{
    if (gzip != NULL)
        (void)inflateEnd(&gzip->z);
    free(gzip);
}
