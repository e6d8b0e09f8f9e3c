/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/random.h>
#include <core/time.h>
#include <net_hooks.h>
#include <string.h>

/* ARX mixing of SipHash (Aumasson, Bernstein): one round over the four state words. */
static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = (v[1] << 13 | v[1] >> 51) ^ v[0];
    v[0] = v[0] << 32 | v[0] >> 32;
    v[2] += v[3];
    v[3] = (v[3] << 16 | v[3] >> 48) ^ v[2];
    v[0] += v[3];
    v[3] = (v[3] << 21 | v[3] >> 43) ^ v[0];
    v[2] += v[1];
    v[1] = (v[1] << 17 | v[1] >> 47) ^ v[2];
    v[2] = v[2] << 32 | v[2] >> 32;
}

/* SipHash-2-4 of whole words; the length is constant, so it needs no padding block of its own. */
static uint64_t sip_hash(const uint64_t key[2], const uint64_t *words, size_t n)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
                     key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL};

    for (size_t i = 0; i < n; i++) {
        v[3] ^= words[i];
        sip_round(v);
        sip_round(v);
        v[0] ^= words[i];
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

u32_t net_tcp_isn(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip, u16_t remote_port)
{
    static uint64_t key[2];
    uint64_t words[5] = {0};

    if (key[0] == 0)
        random_bytes(key, sizeof(key));
    if (IP_IS_V6(local_ip)) {
        memcpy(&words[0], ip_2_ip6(local_ip)->addr, 16);
        memcpy(&words[2], ip_2_ip6(remote_ip)->addr, 16);
    } else {
        memcpy(&words[0], &ip_2_ip4(local_ip)->addr, 4);
        memcpy(&words[2], &ip_2_ip4(remote_ip)->addr, 4);
    }
    words[4] = (uint64_t)local_port << 16 | remote_port;
    /* RFC 6528, 3: a clock that ticks every 4 us, plus F(). */
    return (u32_t)(clock_now_ns() / 4000 + sip_hash(key, words, 5));
}
