/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_DEV_DEVICE_H
#define VMM_DEV_DEVICE_H

#include <core/compiler.h>
#include <core/types.h>
#include <sys/queue.h>

/*
 * A device model's life. A device embeds struct device, owns its registers, and keeps its reset and its
 * versioned state record in the same file. It knows the buses, the irqchip and the VM's clock, never struct
 * vm.
 */
struct state_writer;
struct state_reader;
struct device;

struct device_ops {
    const char *name;                     /* "uart16550"; names the state record */
    uint32_t version;                     /* of the state record */
    void (*reset)(struct device *device); /* as after power-on; no vCPU runs */
    void (*save)(struct device *device, struct state_writer *writer); /* no vCPU runs */
    int (*load)(struct device *device, struct state_reader *reader, uint32_t version);
    void (*destroy)(struct device *device); /* frees it; its regions are gone already */
};

struct device {
    const struct device_ops *ops; /* immutable */
    unsigned instance;            /* immutable: tells several of a kind apart in state records */
    TAILQ_ENTRY(device) link;     /* owner: the VM */
};

TAILQ_HEAD(device_list, device);

/* State records: little-endian, each value once, in order. Readers never read beyond the record: what is
 * missing is -EINVAL at the end. */
void state_put_u8(struct state_writer *writer, uint8_t value);
void state_put_u32(struct state_writer *writer, uint32_t value);
void state_put_u64(struct state_writer *writer, uint64_t value);
void state_put_bytes(struct state_writer *writer, const void *bytes, size_t size);
uint8_t state_get_u8(struct state_reader *reader);
uint32_t state_get_u32(struct state_reader *reader);
uint64_t state_get_u64(struct state_reader *reader);
void state_get_bytes(struct state_reader *reader, void *bytes, size_t size);
must_check int
state_reader_status(const struct state_reader *reader); /* 0, or -EINVAL after reading too much */

#endif
