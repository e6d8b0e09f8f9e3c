/* SPDX-License-Identifier: BSD-2-Clause */
#include "chacha.h"

#include <arch/clock.h>
#include <arch/random.h>
#include <core/random.h>
#include <core/sync.h>
#include <string.h>

/* Fast key erasure: the first half of each block is the next key, so a past output cannot be computed again.
 */
static struct {
    struct spinlock lock;
    uint32_t key[8]; /* lock */
    bool is_seeded;  /* lock */
} generator = {.lock = SPINLOCK_INIT(LOCK_RANK_RANDOM)};

static const uint32_t no_nonce[3];

/* Lock held. */
static void generator_step(uint32_t output[8])
{
    uint32_t block[16];

    chacha20_block(generator.key, 0, no_nonce, block);
    memcpy(generator.key, block, sizeof(generator.key));
    if (output)
        memcpy(output, block + 8, 8 * sizeof(*output));
}

/* Lock held. */
static void generator_mix(const void *bytes, size_t length)
{
    const uint8_t *in = bytes;

    while (length > 0) {
        size_t part = MIN(length, sizeof(generator.key));
        uint8_t *key = (uint8_t *)generator.key;

        for (size_t i = 0; i < part; i++)
            key[i] ^= in[i];
        generator_step(NULL);
        in += part;
        length -= part;
    }
}

/* The first call comes late enough for cpu_has(). Lock held. */
static void generator_seed(void)
{
    for (int i = 0; i < 8; i++) {
        uint64_t seed[2] = {arch_clock_cycles(), 0};

        (void)arch_random_u64(&seed[1]);
        generator_mix(seed, sizeof(seed));
    }
    generator.is_seeded = true;
}

void random_bytes(void *to, size_t length)
{
    uint8_t *out = to;
    arch_irq_state_t irq = spin_lock_irqsave(&generator.lock);
    uint32_t output[8];

    if (!generator.is_seeded)
        generator_seed();
    while (length > 0) {
        size_t part = MIN(length, sizeof(output));

        generator_step(output);
        memcpy(out, output, part);
        out += part;
        length -= part;
    }
    spin_unlock_irqrestore(&generator.lock, irq);
}

uint32_t random_u32(void)
{
    uint32_t value;

    random_bytes(&value, sizeof(value));
    return value;
}

uint64_t random_u64(void)
{
    uint64_t value;

    random_bytes(&value, sizeof(value));
    return value;
}
