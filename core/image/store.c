/* SPDX-License-Identifier: BSD-2-Clause */
#include "extents.h"

#include <core/image.h>
#include <core/mm.h>
#include <core/sync.h>
#include <core/time.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/tree.h>

/* Upload memory grows in steps of this size while its end is not known. */
#define GROW_STEP MIB(2)

struct entry;

struct image {
    struct extents extents; /* immutable */
    uint64_t size_bytes;    /* immutable */
    uint64_t created_seconds;
    uint8_t sha256[IMAGE_SHA256_SIZE]; /* immutable */
    char name[IMAGE_NAME_MAX + 1];     /* immutable */
    atomic_uint references;            /* the store's, and one per reader */
    unsigned n_users;                  /* lock: store */
};

struct image_upload {
    struct entry *entry;     /* immutable */
    struct extents extents;  /* owner: the uploader */
    uint64_t expected_bytes; /* immutable; IMAGE_SIZE_UNKNOWN */
    uint64_t received_bytes; /* written by the uploader; atomic, relaxed */
};

/* A name. It has an image, an upload, or both. */
struct entry {
    RB_ENTRY(entry) node;
    char name[IMAGE_NAME_MAX + 1]; /* immutable */
    struct image *image;           /* lock: store */
    struct image_upload *upload;   /* lock: store */
};

static int entry_compare(const struct entry *a, const struct entry *b)
{
    return strcmp(a->name, b->name);
}

RB_HEAD(entry_tree, entry);
RB_GENERATE_STATIC(entry_tree, entry, node, entry_compare)

static struct {
    struct spinlock lock;
    struct entry_tree entries; /* lock */
} store = {.lock = SPINLOCK_INIT(LOCK_RANK_AGENT), .entries = RB_INITIALIZER(store.entries)};

/* Lock held. */
static struct entry *entry_find(const char *name)
{
    struct entry key;

    if (strlen(name) > IMAGE_NAME_MAX)
        return NULL;
    strcpy(key.name, name);
    return RB_FIND(entry_tree, &store.entries, &key);
}

/* Lock held. */
static struct entry *entry_find_or_add(const char *name)
{
    struct entry *entry = entry_find(name);

    if (entry)
        return entry;
    entry = calloc(1, sizeof(*entry));
    if (!entry)
        return NULL;
    strcpy(entry->name, name);
    RB_INSERT(entry_tree, &store.entries, entry);
    return entry;
}

/* Removes a name that has become empty. Lock held. */
static void entry_settle(struct entry *entry)
{
    if (entry->image || entry->upload)
        return;
    RB_REMOVE(entry_tree, &store.entries, entry);
    free(entry);
}

/* ---- reading ---- */

static int image_take(const char *name, unsigned users, struct image **out)
{
    struct entry *entry;
    int error = -ENOENT;

    spin_lock(&store.lock);
    entry = entry_find(name);
    if (entry && entry->image) {
        atomic_fetch_add_explicit(&entry->image->references, 1, memory_order_relaxed);
        entry->image->n_users += users;
        *out = entry->image;
        error = 0;
    }
    spin_unlock(&store.lock);
    return error;
}

int image_get(const char *name, struct image **out)
{
    return image_take(name, 0, out);
}

int image_use(const char *name, struct image **out)
{
    return image_take(name, 1, out);
}

void image_put(struct image *image)
{
    if (!image || atomic_fetch_sub_explicit(&image->references, 1, memory_order_acq_rel) != 1)
        return;
    extents_free(&image->extents);
    free(image);
}

void image_unuse(struct image *image)
{
    spin_lock(&store.lock);
    image->n_users--;
    spin_unlock(&store.lock);
    image_put(image);
}

uint64_t image_size(const struct image *image)
{
    return image->size_bytes;
}

size_t image_at(const struct image *image, uint64_t offset, const void **bytes)
{
    void *at;
    size_t length;

    if (offset >= image->size_bytes)
        return 0;
    length = extents_at(&image->extents, offset, &at);
    *bytes = at;
    return MIN(length, image->size_bytes - offset);
}

/* ---- information ---- */

void image_info_of(const struct image *image, struct image_info *out)
{
    *out = (struct image_info){.state = IMAGE_READY,
                               .size_bytes = image->size_bytes,
                               .created_seconds = image->created_seconds,
                               .is_in_use = __atomic_load_n(&image->n_users, __ATOMIC_RELAXED) > 0};
    strcpy(out->name, image->name);
    memcpy(out->sha256, image->sha256, sizeof(out->sha256));
}

/* Lock held. */
static void entry_info(const struct entry *entry, struct image_info *out)
{
    if (entry->image) {
        image_info_of(entry->image, out);
        return;
    }
    *out =
        (struct image_info){.state = IMAGE_UPLOADING,
                            .size_bytes = __atomic_load_n(&entry->upload->received_bytes, __ATOMIC_RELAXED)};
    strcpy(out->name, entry->name);
}

int image_info_get(const char *name, struct image_info *out)
{
    struct entry *entry;

    spin_lock(&store.lock);
    entry = entry_find(name);
    if (entry)
        entry_info(entry, out);
    spin_unlock(&store.lock);
    return entry ? 0 : -ENOENT;
}

int image_info_next(const char *after, struct image_info *out)
{
    struct entry key, *entry;

    if (strlen(after) > IMAGE_NAME_MAX)
        return -ENOENT;
    strcpy(key.name, after);
    spin_lock(&store.lock);
    entry = RB_NFIND(entry_tree, &store.entries, &key);
    if (entry && strcmp(entry->name, after) == 0)
        entry = RB_NEXT(entry_tree, &store.entries, entry);
    if (entry)
        entry_info(entry, out);
    spin_unlock(&store.lock);
    return entry ? 0 : -ENOENT;
}

void image_totals(uint64_t *count, uint64_t *bytes)
{
    struct entry *entry;

    *count = *bytes = 0;
    spin_lock(&store.lock);
    RB_FOREACH (entry, entry_tree, &store.entries) {
        (*count)++;
        if (entry->image)
            *bytes += entry->image->size_bytes;
        if (entry->upload)
            *bytes += __atomic_load_n(&entry->upload->received_bytes, __ATOMIC_RELAXED);
    }
    spin_unlock(&store.lock);
}

void image_room(struct image_room *out)
{
    struct mm_stats stats;

    mm_stats_get(NODE_ANY, &stats);
    out->free_bytes = stats.free_bytes;
    /* The host must stay manageable with its memory full of images. */
    out->reserve_bytes = MAX(MIB(16), stats.total_bytes / 32);
    out->available_bytes = out->free_bytes > out->reserve_bytes ? out->free_bytes - out->reserve_bytes : 0;
}

/* ---- writing ---- */

static int upload_take_memory(struct image_upload *upload, uint64_t capacity)
{
    struct image_room room;

    if (capacity <= upload->extents.capacity)
        return 0;
    image_room(&room);
    if (capacity - upload->extents.capacity > room.available_bytes)
        return -ENOSPC;
    return extents_grow(&upload->extents, capacity) == 0 ? 0 : -ENOSPC;
}

/* Claims the name for the upload. */
static int upload_enter(struct image_upload *upload, const char *name)
{
    struct entry *entry;
    int error = 0;

    spin_lock(&store.lock);
    entry = entry_find_or_add(name);
    if (!entry)
        error = -ENOMEM;
    else if (entry->upload)
        error = -EALREADY;
    else if (entry->image && entry->image->n_users > 0)
        error = -EBUSY;
    else
        entry->upload = upload;
    upload->entry = entry;
    spin_unlock(&store.lock);
    return error;
}

int image_upload_begin(const char *name, uint64_t size_bytes, struct image_upload **out)
{
    struct image_upload *upload;
    int error;

    if (!image_name_valid(name, strlen(name)))
        return -EINVAL;
    upload = calloc(1, sizeof(*upload));
    if (!upload)
        return -ENOMEM;
    upload->expected_bytes = size_bytes;
    error = upload_enter(upload, name);
    if (error) {
        free(upload);
        return error;
    }
    if (size_bytes != IMAGE_SIZE_UNKNOWN) {
        error = upload_take_memory(upload, size_bytes);
        if (error) {
            image_upload_abort(upload);
            return error;
        }
    }
    *out = upload;
    return 0;
}

int image_upload_append(struct image_upload *upload, const void *bytes, size_t length)
{
    const uint8_t *from = bytes;

    if (length > upload->expected_bytes - upload->received_bytes)
        return -EFBIG;
    while (length > 0) {
        void *to;
        size_t part = extents_at(&upload->extents, upload->received_bytes, &to);

        if (part == 0) {
            int error = upload_take_memory(upload, upload->received_bytes + GROW_STEP);

            if (error)
                return error;
            continue;
        }
        part = MIN(part, length);
        memcpy(to, from, part);
        from += part;
        length -= part;
        __atomic_store_n(&upload->received_bytes, upload->received_bytes + part, __ATOMIC_RELAXED);
    }
    return 0;
}

static struct image *image_make(const char *name, uint64_t size_bytes, const uint8_t *sha256)
{
    struct image *image = calloc(1, sizeof(*image));

    if (!image)
        return NULL;
    strcpy(image->name, name);
    image->size_bytes = size_bytes;
    image->created_seconds = clock_wall_seconds();
    memcpy(image->sha256, sha256, IMAGE_SHA256_SIZE);
    atomic_store_explicit(&image->references, 1, memory_order_relaxed);
    return image;
}

int image_upload_commit(struct image_upload *upload, const uint8_t sha256[IMAGE_SHA256_SIZE],
                        bool *is_replaced)
{
    struct entry *entry = upload->entry;
    struct image *image, *old;

    if (upload->expected_bytes != IMAGE_SIZE_UNKNOWN && upload->received_bytes != upload->expected_bytes)
        return -EPROTO;
    image = image_make(entry->name, upload->received_bytes, sha256);
    if (!image)
        return -ENOMEM;
    image->extents = upload->extents;
    spin_lock(&store.lock);
    old = entry->image;
    if (old && old->n_users > 0) {
        spin_unlock(&store.lock);
        free(image);
        return -EBUSY;
    }
    entry->image = image;
    entry->upload = NULL;
    spin_unlock(&store.lock);
    *is_replaced = old != NULL;
    image_put(old);
    free(upload);
    return 0;
}

void image_upload_abort(struct image_upload *upload)
{
    spin_lock(&store.lock);
    upload->entry->upload = NULL;
    entry_settle(upload->entry);
    spin_unlock(&store.lock);
    extents_free(&upload->extents);
    free(upload);
}

int image_register(const char *name, hpa_t base, uint64_t size_bytes, const uint8_t sha256[IMAGE_SHA256_SIZE])
{
    struct entry *entry;
    struct image *image;
    int error = 0;

    if (!image_name_valid(name, strlen(name)))
        return -EINVAL;
    image = image_make(name, size_bytes, sha256);
    if (!image || (size_bytes > 0 && extents_add_foreign(&image->extents, base, size_bytes) != 0)) {
        image_put(image);
        return -ENOMEM;
    }
    spin_lock(&store.lock);
    entry = entry_find_or_add(name);
    if (!entry)
        error = -ENOMEM;
    else if (entry->image || entry->upload)
        error = -EEXIST;
    else
        entry->image = image;
    spin_unlock(&store.lock);
    if (error)
        image_put(image);
    return error;
}

int image_delete(const char *name)
{
    struct image *image = NULL;
    struct entry *entry;
    int error = 0;

    spin_lock(&store.lock);
    entry = entry_find(name);
    if (!entry) {
        error = -ENOENT;
    } else if (!entry->image) {
        error = -EALREADY;
    } else if (entry->image->n_users > 0) {
        error = -EBUSY;
    } else {
        image = entry->image;
        entry->image = NULL;
        entry_settle(entry);
    }
    spin_unlock(&store.lock);
    image_put(image);
    return error;
}
