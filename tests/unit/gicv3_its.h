/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_GICV3_ITS_H
#define TESTS_UNIT_GICV3_ITS_H

#include "gicv3_fixture.h"

/* An ITS with its tables in RAM, and commands as a driver writes them. */
#define QUEUE      (RAM + 0x10000) /* 64 KiB */
#define DEV_TABLE  (RAM + 0x100000)
#define COL_TABLE  (RAM + 0x180000)
#define PROP_TABLE (RAM + 0x190000)
#define PEND_TABLE (RAM + 0x1a0000) /* 64 KiB each */
#define QUEUE_SIZE 0x10000U

#define GITS_CTLR    0x0
#define GITS_CBASER  0x80
#define GITS_CWRITER 0x88
#define GITS_CREADR  0x90
#define GITS_BASER   0x100

static inline uint64_t its_get(uint64_t offset)
{
    return read_at(ITS + offset, 8);
}

static inline void its_put(uint64_t offset, uint64_t value)
{
    write_at(ITS + offset, 8, value);
}

static inline void guest_write(uint64_t address, const void *from, size_t size)
{
    if (gmem_write(&fake_gmem.gmem, gpa(address), from, size) != 0)
        abort();
}

static inline void guest_read(uint64_t address, void *to, size_t size)
{
    if (gmem_read(&fake_gmem.gmem, gpa(address), to, size) != 0)
        abort();
}

static inline void lpi_config(unsigned intid, uint8_t config)
{
    if (gmem_write(&fake_gmem.gmem, gpa(PROP_TABLE + intid - 8192), &config, 1) != 0)
        abort();
}

static inline void its_commands(const uint64_t (*commands)[4], unsigned count)
{
    uint64_t at = its_get(GITS_CWRITER);

    for (unsigned i = 0; i < count; i++) {
        if (gmem_write(&fake_gmem.gmem, gpa(QUEUE + at), commands[i], 32) != 0)
            abort();
        at = (at + 32) % QUEUE_SIZE;
    }
    its_put(GITS_CWRITER, at);
    if (current < n_vcpus)
        enter(current);
}

static inline void its_command(uint64_t w0, uint64_t w1, uint64_t w2, uint64_t w3)
{
    uint64_t command[1][4] = {{w0, w1, w2, w3}};

    its_commands((const uint64_t(*)[4])command, 1);
}

static inline void mapd(uint32_t device, unsigned bits, bool is_valid)
{
    its_command(0x08 | (uint64_t)device << 32, bits - 1, (uint64_t)is_valid << 63 | (RAM + 0x300000), 0);
}

static inline void mapc(uint16_t collection, unsigned vcpu, bool is_valid)
{
    its_command(0x09, 0, (uint64_t)is_valid << 63 | (uint64_t)vcpu << 16 | collection, 0);
}

static inline void mapti(uint32_t device, uint32_t event, uint32_t intid, uint16_t collection)
{
    its_command(0x0a | (uint64_t)device << 32, event | (uint64_t)intid << 32, collection, 0);
}

static inline void on_event(unsigned code, uint32_t device, uint32_t event, uint16_t collection)
{
    its_command(code | (uint64_t)device << 32, event, collection, 0);
}

static inline void msi(uint32_t device, uint32_t event)
{
    irqchip_msi_send(chip, device, &(struct msi_message){ITS + GICV3_TRANSLATER, event});
}

static inline void lpis_enable(unsigned v)
{
    write_at(gicr_base(v) + 0x70, 8, PROP_TABLE | 15);
    write_at(gicr_base(v) + 0x78, 8, PEND_TABLE + v * 0x10000);
    gicr_write(v, 0, 1);
}

static inline void its_setup(void)
{
    its_put(GITS_BASER, BIT(63) | DEV_TABLE | 2 << 8 | 7); /* 8 x 64 KiB: 65536 devices */
    its_put(GITS_BASER + 8, BIT(63) | COL_TABLE);
    its_put(GITS_CBASER, BIT(63) | QUEUE | 15);
    write_at(ITS, 4, 1);
    for (unsigned v = 0; v < n_vcpus; v++)
        lpis_enable(v);
    for (unsigned v = 0; v < n_vcpus; v++)
        mapc((uint16_t)v, v, true);
}

#endif
