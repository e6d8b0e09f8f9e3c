/* SPDX-License-Identifier: BSD-2-Clause */
#include "fdb.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* seen_ns of a port's own address. */
#define SEEN_ALWAYS (~0ULL)

/* A keyed mix of 48 bits (multiply, shift, multiply): no secret, but enough that collisions cannot be
 * prepared. */
static struct fdb_chain *fdb_chain_of(const struct fdb *fdb, uint64_t mac)
{
    uint64_t x = (mac ^ fdb->key) * 0x9e3779b97f4a7c15ULL;

    x = (x ^ x >> 29 ^ fdb->key >> 17) * 0xbf58476d1ce4e5b9ULL;
    return &fdb->chains[x >> 32 & (fdb->n_chains - 1)];
}

static struct fdb_entry *fdb_find(const struct fdb *fdb, uint64_t mac)
{
    struct fdb_entry *entry;

    if (fdb->n_chains == 0)
        return NULL;
    LIST_FOREACH (entry, fdb_chain_of(fdb, mac), chain) {
        if (entry->mac == mac)
            return entry;
    }
    return NULL;
}

static void entry_insert(struct fdb *fdb, struct fdb_entry *entry, struct fdb_owner *owner, uint64_t mac,
                         uint64_t seen_ns)
{
    entry->mac = mac;
    entry->seen_ns = seen_ns;
    entry->owner = owner;
    LIST_INSERT_HEAD(fdb_chain_of(fdb, mac), entry, chain);
}

static void entry_remove(struct fdb_entry *entry)
{
    if (entry->mac == 0)
        return;
    LIST_REMOVE(entry, chain);
    entry->mac = 0;
}

void fdb_init(struct fdb *fdb, uint64_t key)
{
    *fdb = (struct fdb){.key = key};
}

/* Makes the table fit `capacity` entries. */
static int fdb_grow(struct fdb *fdb, uint32_t capacity)
{
    struct fdb_chain *old = fdb->chains;
    uint32_t n_old = fdb->n_chains, n_new = MAX(n_old, 64U);

    while (n_new < capacity)
        n_new *= 2;
    if (n_new == n_old)
        return 0;
    fdb->chains = calloc(n_new, sizeof(*fdb->chains));
    if (!fdb->chains) {
        fdb->chains = old;
        return -ENOMEM;
    }
    fdb->n_chains = n_new;
    for (uint32_t i = 0; i < n_old; i++) {
        struct fdb_entry *entry;

        while ((entry = LIST_FIRST(&old[i])) != NULL) {
            LIST_REMOVE(entry, chain);
            LIST_INSERT_HEAD(fdb_chain_of(fdb, entry->mac), entry, chain);
        }
    }
    free(old);
    return 0;
}

int fdb_owner_add(struct fdb *fdb, struct fdb_owner *owner, uint32_t quota, uint64_t mac)
{
    struct fdb_entry *entry = mac ? fdb_find(fdb, mac) : NULL;
    int error;

    if (entry && entry->seen_ns == SEEN_ALWAYS)
        return -EEXIST;
    *owner = (struct fdb_owner){.quota = quota};
    owner->entries = calloc((size_t)quota + 1, sizeof(*owner->entries));
    if (!owner->entries)
        return -ENOMEM;
    error = fdb_grow(fdb, fdb->capacity + quota + 1);
    if (error) {
        free(owner->entries);
        return error;
    }
    fdb->capacity += quota + 1;
    if (entry)
        entry_remove(entry);
    if (mac)
        entry_insert(fdb, &owner->entries[0], owner, mac, SEEN_ALWAYS);
    return 0;
}

void fdb_owner_remove(struct fdb *fdb, struct fdb_owner *owner)
{
    for (uint32_t i = 0; i <= owner->quota; i++)
        entry_remove(&owner->entries[i]);
    free(owner->entries);
    fdb->capacity -= owner->quota + 1;
    *owner = (struct fdb_owner){0};
}

int fdb_learn(struct fdb *fdb, struct fdb_owner *owner, uint64_t mac, uint64_t now_ns)
{
    struct fdb_entry *entry;

    if (mac == 0 || fdb_mac_is_group(mac))
        return -EPERM;
    entry = fdb_find(fdb, mac);
    if (entry && entry->owner == owner) {
        if (entry->seen_ns != SEEN_ALWAYS)
            entry->seen_ns = now_ns;
        return 0;
    }
    if (entry && entry->seen_ns == SEEN_ALWAYS)
        return -EPERM;
    if (entry)
        entry_remove(entry); /* the station has moved */
    entry = &owner->entries[1 + owner->next];
    owner->next = (owner->next + 1) % owner->quota;
    entry_remove(entry);
    entry_insert(fdb, entry, owner, mac, now_ns);
    return 0;
}

struct fdb_owner *fdb_lookup(struct fdb *fdb, uint64_t mac, uint64_t now_ns)
{
    struct fdb_entry *entry = fdb_find(fdb, mac);

    if (!entry)
        return NULL;
    /* Aged entries go when they are met: no timer walks the table. */
    if (entry->seen_ns != SEEN_ALWAYS && now_ns - entry->seen_ns > FDB_AGEING_NS && now_ns > entry->seen_ns) {
        entry_remove(entry);
        return NULL;
    }
    return entry->owner;
}
