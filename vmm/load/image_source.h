/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_IMAGE_SOURCE_H
#define VMM_LOAD_IMAGE_SOURCE_H

#include "load.h"

struct image;

/* An image of the host as the loaders want to read it; keeps no reference. */
struct image_source {
    struct load_source source;
    struct image *image;
};

/* `image` may be NULL: an empty source. `name` must live as long. Context: any. */
struct image_source image_source_of(struct image *image, const char *name);

#endif
