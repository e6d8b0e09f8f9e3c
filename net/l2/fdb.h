/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef NET_L2_FDB_H
#define NET_L2_FDB_H

#include <core/compiler.h>
#include <core/types.h>
#include <sys/queue.h>

/*
 * The switch's forwarding table (IEEE 802.1Q, 8.8: filtering database): which port an address was last seen
 * at. Pure: no lock, no clock of its own; the caller serialises everything.
 *
 * Each port brings room for a quota of addresses. A port that makes up addresses only ever replaces its own,
 * never those of others.
 */

/* Default ageing time of IEEE 802.1Q, 8.8.3. */
#define FDB_AGEING_NS (300 * NSEC_PER_SEC)

struct fdb_owner;

struct fdb_entry {
    LIST_ENTRY(fdb_entry) chain;
    uint64_t mac; /* as a number; 0: not in use */
    uint64_t seen_ns;
    struct fdb_owner *owner;
};

/* A port's share of the table; embedded in the port. */
struct fdb_owner {
    struct fdb_entry *entries; /* the first is the port's own address, which neither ages nor moves */
    uint32_t quota;            /* number of learned entries after it */
    uint32_t next;             /* which of them is replaced next: the one that was learned first */
};

LIST_HEAD(fdb_chain, fdb_entry);

struct fdb {
    struct fdb_chain *chains;
    uint32_t n_chains; /* a power of two, at least the sum of the quotas; 0 while there is no port */
    uint32_t capacity; /* sum over the ports */
    uint64_t key;      /* so that nobody outside can aim at one chain */
};

static inline uint64_t fdb_mac(const uint8_t mac[6])
{
    return (uint64_t)mac[0] << 40 | (uint64_t)mac[1] << 32 | (uint64_t)mac[2] << 24 | (uint64_t)mac[3] << 16 |
           (uint64_t)mac[4] << 8 | mac[5];
}

/* Bit 40 is the first on the wire: individual or group address (IEEE 802, 8.2). */
static inline bool fdb_mac_is_group(uint64_t mac)
{
    return mac & BIT(40);
}

void fdb_init(struct fdb *fdb, uint64_t key);

/* Adds room for `quota` (>= 1) addresses and enters `mac`, unless it is 0, for good. -EEXIST: it is another
 * port's own address. -ENOMEM; the table then is as before. */
must_check int fdb_owner_add(struct fdb *fdb, struct fdb_owner *owner, uint32_t quota, uint64_t mac);

/* Forgets everything seen at this port and frees its room. */
void fdb_owner_remove(struct fdb *fdb, struct fdb_owner *owner);

/*
 * Notes that `mac` was seen as a source at `owner`. -EPERM: it is another port's own address, or no address
 * that a sender can have (group, zero): such a frame is to be dropped.
 */
must_check int fdb_learn(struct fdb *fdb, struct fdb_owner *owner, uint64_t mac, uint64_t now_ns);

/* Where `mac` was seen last, or NULL: never, or too long ago. */
struct fdb_owner *fdb_lookup(struct fdb *fdb, uint64_t mac, uint64_t now_ns);

#endif
