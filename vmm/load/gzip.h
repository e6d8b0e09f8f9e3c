/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_GZIP_H
#define VMM_LOAD_GZIP_H

#include "load.h"

/*
 * What is packed in another source, as a source: loaders need not know. Cheap when read from front to back;
 * going back begins anew. The size is what the file says of itself, and reading all of it fails unless its
 * checksum holds.
 */
struct gzip_source;

/* Whether the source begins like gzip. */
bool gzip_recognise(const struct load_source *source);

/* `packed` must live as long, and is not copied. -EINVAL: no gzip; -ENOMEM. Context: thread. */
must_check int gzip_open(const struct load_source *packed, struct gzip_source **out);
const struct load_source *gzip_load_source(const struct gzip_source *gzip);

/* Whether a read has failed because of what is packed, not of the source it is read from. */
bool gzip_is_damaged(const struct gzip_source *gzip);
void gzip_close(struct gzip_source *gzip); /* NULL: nothing */

#endif
