/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * Images: named, immutable byte sequences in the host's memory (kernels, initial RAM disks, later disks).
 * They lie in blocks as large as memory has them, found through an extent list, so no size needs contiguous
 * memory, and a reader gets pointers, never copies. Context of everything here: thread.
 */

#define IMAGE_NAME_MAX     64
#define IMAGE_SHA256_SIZE  32
#define IMAGE_SIZE_UNKNOWN (~0ULL)

enum image_state { IMAGE_READY, IMAGE_UPLOADING };

struct image_info {
    char name[IMAGE_NAME_MAX + 1];
    enum image_state state;
    uint64_t size_bytes; /* received so far, while uploading */
    uint8_t sha256[IMAGE_SHA256_SIZE];
    uint64_t created_seconds; /* UTC; 0: the date was not known */
    bool is_in_use;
};

/* 1 to 64 of [A-Za-z0-9._-], not starting with '.'. Pure. */
must_check bool image_name_valid(const char *name, size_t length);

/* ---- Reading ---- */

struct image;

/* The ready image of that name; what is replaced or deleted meanwhile stays readable until image_put().
 * -ENOENT. */
must_check int image_get(const char *name, struct image **out);
void image_put(struct image *image);

/* As image_get(), and nobody can delete or replace the image until image_unuse(): for VMs. */
must_check int image_use(const char *name, struct image **out);
void image_unuse(struct image *image);

uint64_t image_size(const struct image *image);

/* How many bytes lie in one piece from `offset` on, and where; 0 at or behind the end. */
must_check size_t image_at(const struct image *image, uint64_t offset, const void **bytes);

void image_info_of(const struct image *image, struct image_info *out);

/* The entry of that name, ready or being uploaded. -ENOENT. */
must_check int image_info_get(const char *name, struct image_info *out);

/* The first entry whose name sorts behind `after` ("": the very first). -ENOENT: no more. */
must_check int image_info_next(const char *after, struct image_info *out);

/* Number of entries, and bytes they hold. */
void image_totals(uint64_t *count, uint64_t *bytes);

/* ---- Writing: nothing is visible as ready before image_upload_commit() ---- */

struct image_upload;

/*
 * Begins an upload and takes memory for all of it, if the size is known. -EINVAL: no valid name. -EALREADY:
 * an upload of that name is under way. -EBUSY: the image is in use. -ENOSPC: so much memory is not free, see
 * image_room(). -ENOMEM.
 */
must_check int image_upload_begin(const char *name, uint64_t size_bytes, struct image_upload **out);

/* Appends. -EFBIG: more than was announced. -ENOSPC: memory is at its reserve. The upload can only be aborted
 * then. One caller at a time. */
must_check int image_upload_append(struct image_upload *upload, const void *bytes, size_t length);

/*
 * Makes what was appended the image of that name and frees the upload; an older image of that name is
 * replaced in the same moment. `is_replaced` tells so. -EBUSY: the older one has come into use; -EPROTO: less
 * than announced. On error the upload is still to be aborted.
 */
must_check int image_upload_commit(struct image_upload *upload, const uint8_t sha256[IMAGE_SHA256_SIZE],
                                   bool *is_replaced);
void image_upload_abort(struct image_upload *upload);

/* Registers memory that is there already (a boot module) and stays. -EEXIST, -EINVAL, -ENOMEM. */
must_check int image_register(const char *name, hpa_t base, uint64_t size_bytes,
                              const uint8_t sha256[IMAGE_SHA256_SIZE]);

/* -ENOENT, -EBUSY: in use, -EALREADY: being uploaded and not ready. */
must_check int image_delete(const char *name);

/* Free memory, what of it is kept back from images, and the largest image that could be uploaded now. */
struct image_room {
    uint64_t free_bytes, reserve_bytes, available_bytes;
};
void image_room(struct image_room *out);

#endif
