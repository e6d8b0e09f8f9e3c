/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_STATE_STATE_H
#define VMM_STATE_STATE_H

#include "../dev/device.h"
#include <core/compiler.h>
#include <core/types.h>

/*
 * State records, written and read: a VM's devices as one stream of bytes.
 *
 *   stream:  magic "BASALTST", u32 format, u32 number of records; records; u32 CRC-32 of everything before
 *   record:  u8 length of the name, name, u32 instance, u32 version, u32 length; as many bytes of state
 *
 * All numbers are little-endian. The bytes may come from anywhere: reading is bounded by what there is.
 */
#define STATE_FORMAT 1

/* A buffer that grows. After an error nothing more is written; the error stays. */
struct state_writer {
    uint8_t *bytes;
    size_t size, capacity;
    int error; /* 0 or -ENOMEM */
};

struct state_reader {
    const uint8_t *bytes;
    size_t size, at;
    bool is_short; /* something was read that is not there; it was 0 */
};

void state_writer_init(struct state_writer *writer);
void state_writer_fini(struct state_writer *writer);
void state_reader_init(struct state_reader *reader, const void *bytes, size_t size);

/* What is wrong with a stream, for whoever sent it. */
struct state_error {
    char detail[128];
};

/* Appends the stream of all devices to the writer. No vCPU runs. -ENOMEM. Context: thread. */
must_check int state_save(const struct device_list *devices, struct state_writer *writer);

/*
 * Gives every device its record; nothing else may be in the stream, and no device may be missing. -EINVAL:
 * damaged, or a device refused its record; -ENOTSUP: a format or record version newer than this build;
 * -ENOENT: a record without device; -ENODATA: a device without record; -ENOMEM. The stream's frame is checked
 * as a whole before any device is touched; after a device has refused its record the VM must be reset or
 * destroyed. No vCPU runs. Context: thread.
 */
must_check int state_load(struct device_list *devices, const void *bytes, size_t size,
                          struct state_error *error);

/* CRC-32 as in IEEE 802.3. */
uint32_t state_crc32(const void *bytes, size_t size);

#endif
