/* SPDX-License-Identifier: BSD-2-Clause */
#include "image_source.h"

#include <core/image.h>
#include <errno.h>
#include <string.h>

static int image_source_read(const struct load_source *source, uint64_t offset, void *to, size_t size)
{
    struct image *image = container_of(source, const struct image_source, source)->image;

    while (size > 0) {
        const void *bytes;
        size_t n = MIN(image_at(image, offset, &bytes), size);

        if (n == 0)
            return -ERANGE;
        memcpy(to, bytes, n);
        to = (char *)to + n;
        offset += n;
        size -= n;
    }
    return 0;
}

struct image_source image_source_of(struct image *image, const char *name)
{
    return (struct image_source){
        .source = {.read = image_source_read, .size = image ? image_size(image) : 0, .name = name},
        .image = image};
}
