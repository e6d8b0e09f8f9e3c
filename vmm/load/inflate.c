/* SPDX-License-Identifier: BSD-2-Clause */
#include "inflate.h"

#include <errno.h>
#include <string.h>

#define MAX_CODE_BITS 15

/* --- bits: RFC 1951, 3.1.1 --- */

static bool fail(struct inflate *s, int error)
{
    if (s->error == 0)
        s->error = error;
    return false;
}

static bool input_more(struct inflate *s)
{
    int n = s->error ? 0 : s->input(s->context, s->in, sizeof(s->in));

    if (n < 0)
        return fail(s, n);
    s->in_at = 0;
    s->in_end = (size_t)n;
    return n > 0;
}

/* As many bits as fit, or as there are. */
static void refill(struct inflate *s)
{
    while (s->bits <= 56 && (s->in_at < s->in_end || input_more(s))) {
        s->hold |= (uint64_t)s->in[s->in_at++] << s->bits;
        s->bits += 8;
    }
}

static void drop(struct inflate *s, unsigned count)
{
    s->hold >>= count;
    s->bits -= count;
}

/* At most 32; 0 after an error. */
static uint32_t take(struct inflate *s, unsigned count)
{
    uint32_t value;

    if (s->bits < count)
        refill(s);
    if (s->bits < count) {
        fail(s, -EINVAL);
        return 0;
    }
    value = (uint32_t)(s->hold & (BIT(count) - 1));
    drop(s, count);
    return value;
}

/* --- Huffman codes: RFC 1951, 3.2.2 --- */

static unsigned reverse(unsigned code, unsigned length)
{
    unsigned out = 0;

    for (unsigned i = 0; i < length; i++)
        out |= (code >> i & 1) << (length - 1 - i);
    return out;
}

static void fast_fill(struct huffman *h, unsigned code, unsigned length, unsigned symbol)
{
    if (length > HUFFMAN_FAST_BITS)
        return;
    for (unsigned i = reverse(code, length); i < ARRAY_SIZE(h->fast); i += 1U << length)
        h->fast[i] = (uint16_t)(symbol << 4 | length);
}

/* False: more codes than there are bits for. Fewer are allowed; an unused one in the data is an error then.
 */
static bool huffman_make(struct huffman *h, const uint8_t *lengths, unsigned count)
{
    unsigned at[MAX_CODE_BITS + 1], code[MAX_CODE_BITS + 1], next = 0, index = 0;

    memset(h, 0, sizeof(*h));
    for (unsigned i = 0; i < count; i++)
        h->count[lengths[i]]++;
    h->count[0] = 0;
    for (unsigned length = 1; length <= MAX_CODE_BITS; length++) {
        next <<= 1;
        code[length] = next;
        at[length] = index;
        next += h->count[length];
        index += h->count[length];
        if (next > 1U << length)
            return false;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned length = lengths[i];

        if (length == 0)
            continue;
        h->symbols[at[length]++] = (uint16_t)i;
        fast_fill(h, code[length]++, length, i);
    }
    return true;
}

/* Codes beyond the table, a bit at a time, the first bit being the code's highest. */
static unsigned decode_slowly(struct inflate *s, const struct huffman *h)
{
    unsigned code = 0, first = 0, index = 0;

    for (unsigned length = 1; length <= MIN(s->bits, (unsigned)MAX_CODE_BITS); length++) {
        code = code << 1 | (unsigned)(s->hold >> (length - 1) & 1);
        if (code - first < h->count[length]) {
            drop(s, length);
            return h->symbols[index + code - first];
        }
        index += h->count[length];
        first = (first + h->count[length]) << 1;
    }
    fail(s, -EINVAL);
    return 0;
}

static unsigned decode(struct inflate *s, const struct huffman *h)
{
    unsigned entry, length;

    if (s->bits < MAX_CODE_BITS)
        refill(s);
    entry = h->fast[s->hold & (ARRAY_SIZE(h->fast) - 1)];
    length = entry & 15;
    if (unlikely(length == 0 || length > s->bits))
        return decode_slowly(s, h);
    drop(s, length);
    return entry >> 4;
}

/* --- blocks: RFC 1951, 3.2.3 to 3.2.7 --- */

#define LITERALS  288
#define DISTANCES 30
#define END_CODE  256

static bool fixed_codes(struct inflate *s)
{
    uint8_t lengths[LITERALS];

    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
    if (!huffman_make(&s->literals, lengths, LITERALS))
        return fail(s, -EINVAL);
    memset(lengths, 5, DISTANCES);
    return huffman_make(&s->distances, lengths, DISTANCES) || fail(s, -EINVAL);
}

/* The lengths of both codes in one row: 3.2.7. */
static bool lengths_read(struct inflate *s, const struct huffman *h, uint8_t *lengths, unsigned count)
{
    unsigned i = 0;

    while (i < count && s->error == 0) {
        unsigned symbol = decode(s, h), repeat;
        uint8_t value = 0;

        if (symbol < 16) {
            lengths[i++] = (uint8_t)symbol;
            continue;
        }
        if (symbol == 16) {
            if (i == 0)
                return fail(s, -EINVAL);
            value = lengths[i - 1];
            repeat = 3 + take(s, 2);
        } else {
            repeat = symbol == 17 ? 3 + take(s, 3) : 11 + take(s, 7);
        }
        if (repeat > count - i)
            return fail(s, -EINVAL);
        memset(lengths + i, value, repeat);
        i += repeat;
    }
    return s->error == 0;
}

static bool dynamic_codes(struct inflate *s)
{
    static const uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    unsigned literals = 257 + take(s, 5), distances = 1 + take(s, 5), codes = 4 + take(s, 4);
    uint8_t lengths[LITERALS + 32] = {0};

    if (literals > 286 || distances > DISTANCES)
        return fail(s, -EINVAL);
    for (unsigned i = 0; i < codes; i++)
        lengths[order[i]] = (uint8_t)take(s, 3);
    if (!huffman_make(&s->literals, lengths, ARRAY_SIZE(order)))
        return fail(s, -EINVAL);
    memset(lengths, 0, sizeof(lengths));
    if (!lengths_read(s, &s->literals, lengths, literals + distances))
        return false;
    if (!huffman_make(&s->literals, lengths, literals) ||
        !huffman_make(&s->distances, lengths + literals, distances))
        return fail(s, -EINVAL);
    return true;
}

static void stored_begin(struct inflate *s)
{
    uint32_t length;

    drop(s, s->bits % 8);
    length = take(s, 16);
    if (take(s, 16) != (length ^ 0xffff))
        fail(s, -EINVAL);
    s->stored = length;
    s->state = INFLATE_STORED;
}

static void block_begin(struct inflate *s)
{
    s->is_last = take(s, 1);
    switch (take(s, 2)) {
    case 0:
        stored_begin(s);
        break;
    case 1:
        s->state = fixed_codes(s) ? INFLATE_CODED : INFLATE_BETWEEN;
        break;
    case 2:
        s->state = dynamic_codes(s) ? INFLATE_CODED : INFLATE_BETWEEN;
        break;
    default:
        fail(s, -EINVAL);
        break;
    }
}

/* --- bytes --- */

/* RFC 1952, 8. */
static void crc_table_make(uint32_t table[256])
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;

        for (unsigned bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
        table[i] = c;
    }
}

static void crc_add(struct inflate *s, const uint8_t *from, const uint8_t *end)
{
    uint32_t crc = s->crc;

    for (; from < end; from++)
        crc = crc >> 8 ^ s->crc_table[(crc ^ *from) & 0xff];
    s->crc = crc;
}

static inline void byte_put(struct inflate *s, uint8_t **to, uint8_t byte)
{
    s->window[s->total++ % INFLATE_WINDOW] = byte;
    *(*to)++ = byte;
}

/* 3.2.5: length and distance of a match, from its symbol on. */
static void match_begin(struct inflate *s, unsigned symbol)
{
    static const uint16_t lengths[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                         31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static const uint16_t distances[DISTANCES] = {
        1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
        193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    unsigned code;

    symbol -= END_CODE + 1;
    if (symbol >= ARRAY_SIZE(lengths)) {
        fail(s, -EINVAL);
        return;
    }
    s->length = lengths[symbol] + (symbol >= 8 && symbol < 28 ? take(s, (symbol - 4) / 4) : 0);
    code = decode(s, &s->distances);
    if (code >= DISTANCES) {
        fail(s, -EINVAL);
        return;
    }
    s->distance = distances[code] + (code >= 4 ? take(s, (code - 2) / 2) : 0);
    if (s->distance > s->total)
        fail(s, -EINVAL);
}

static void coded_run(struct inflate *s, uint8_t **to, const uint8_t *end)
{
    while (*to < end && s->state == INFLATE_CODED && s->length == 0 && s->error == 0) {
        unsigned symbol = decode(s, &s->literals);

        if (s->error)
            return;
        if (likely(symbol < END_CODE))
            byte_put(s, to, (uint8_t)symbol);
        else if (symbol == END_CODE)
            s->state = INFLATE_BETWEEN;
        else
            match_begin(s, symbol);
    }
}

static void match_run(struct inflate *s, uint8_t **to, const uint8_t *end)
{
    while (*to < end && s->length > 0) {
        s->length--;
        byte_put(s, to, s->window[(s->total - s->distance) % INFLATE_WINDOW]);
    }
}

static void stored_run(struct inflate *s, uint8_t **to, const uint8_t *end)
{
    while (*to < end && s->stored > 0 && s->error == 0) {
        s->stored--;
        byte_put(s, to, (uint8_t)take(s, 8));
    }
    if (s->stored == 0)
        s->state = INFLATE_BETWEEN;
}

/* Checksum and length, modulo 2^32: RFC 1952, 2.3.1. */
static void end_check(struct inflate *s)
{
    drop(s, s->bits % 8);
    if (take(s, 32) != ~s->crc || take(s, 32) != (uint32_t)s->total)
        fail(s, -EINVAL);
    s->state = INFLATE_END;
}

int64_t inflate_read(struct inflate *s, void *to, size_t size)
{
    uint8_t *at = to, *end = at + size;
    const uint8_t *begin = at;

    while (at < end && s->state != INFLATE_END && s->error == 0) {
        if (s->length > 0)
            match_run(s, &at, end);
        else if (s->state == INFLATE_CODED)
            coded_run(s, &at, end);
        else if (s->state == INFLATE_STORED)
            stored_run(s, &at, end);
        else if (!s->is_last) {
            block_begin(s);
        } else {
            crc_add(s, begin, at);
            begin = at;
            end_check(s);
        }
    }
    crc_add(s, begin, at);
    return s->error ? s->error : at - (uint8_t *)to;
}

/* --- header: RFC 1952, 2.3 --- */

#define FLAG_HCRC    0x02
#define FLAG_EXTRA   0x04
#define FLAG_NAME    0x08
#define FLAG_COMMENT 0x10
#define FLAGS_RES    0xe0

static void text_skip(struct inflate *s)
{
    while (take(s, 8) != 0 && s->error == 0)
        ;
}

int inflate_begin(struct inflate *s, inflate_input *input, void *context)
{
    uint32_t head, flags;

    memset(s, 0, sizeof(*s));
    s->input = input;
    s->context = context;
    s->crc = ~0U;
    crc_table_make(s->crc_table);
    head = take(s, 32);
    flags = head >> 24;
    if ((head & 0xffffff) != 0x088b1f || (flags & FLAGS_RES))
        fail(s, -EINVAL);
    take(s, 32); /* time */
    take(s, 16); /* how, where */
    if (flags & FLAG_EXTRA)
        for (uint32_t left = take(s, 16); left > 0 && s->error == 0; left--)
            take(s, 8);
    if (flags & FLAG_NAME)
        text_skip(s);
    if (flags & FLAG_COMMENT)
        text_skip(s);
    if (flags & FLAG_HCRC)
        take(s, 16);
    return s->error;
}
