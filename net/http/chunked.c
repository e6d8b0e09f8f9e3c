/* SPDX-License-Identifier: BSD-2-Clause */
#include "chunked.h"

#include "chars.h"

enum {
    SIZE,         /* hexadecimal digits */
    EXTENSION,    /* up to the CR */
    SIZE_LF,      /* behind size and extension */
    DATA_CR,      /* behind the data */
    DATA_LF,      /* and its LF; the next chunk follows */
    LINE,         /* first character of a trailer field, or of the empty line */
    TRAILER_NAME, /* up to the colon */
    TRAILER_VALUE,
    TRAILER_LF,
    END_LF,
};

static int size_byte(struct http_chunked *c, char byte)
{
    int digit = char_hex(byte);

    if (digit >= 0) {
        /* Kept below 2^63, so that sums with other lengths need no thought. */
        if (c->digits == 16 || c->size >> 59)
            return -413;
        c->digits++;
        c->size = c->size << 4 | (unsigned)digit;
        return 0;
    }
    if (c->digits == 0 || (byte != '\r' && byte != ';' && byte != ' ' && byte != '\t'))
        return -400;
    c->extra = 0;
    c->state = byte == '\r' ? SIZE_LF : EXTENSION;
    return 0;
}

static int extension_byte(struct http_chunked *c, char byte)
{
    if (byte == '\r') {
        c->state = SIZE_LF;
        return 0;
    }
    return char_is_value((unsigned char)byte) && ++c->extra <= HTTP_CHUNK_EXT_MAX ? 0 : -400;
}

static int trailer_byte(struct http_chunked *c, char byte)
{
    if (++c->extra > HTTP_TRAILER_MAX)
        return -431;
    if (c->state == LINE && byte == '\r') {
        c->state = END_LF;
    } else if (c->state == TRAILER_VALUE) {
        if (byte == '\r')
            c->state = TRAILER_LF;
        else if (!char_is_value((unsigned char)byte))
            return -400;
    } else if (c->state == TRAILER_NAME && byte == ':') {
        c->state = TRAILER_VALUE;
    } else {
        c->state = TRAILER_NAME;
        return char_is_token((unsigned char)byte) ? 0 : -400;
    }
    return 0;
}

/* A byte that can only be the one expected. */
static int fixed_byte(struct http_chunked *c, char byte)
{
    if (byte != (c->state == DATA_CR ? '\r' : '\n'))
        return -400;
    switch (c->state) {
    case SIZE_LF:
        /* Behind the data comes CR LF; behind a size of zero the trailer. */
        c->state = c->size > 0 ? DATA_CR : LINE;
        c->data_left = c->size;
        c->size = 0;
        c->digits = 0;
        c->extra = 0;
        break;
    case DATA_CR:
        c->state = DATA_LF;
        break;
    case DATA_LF:
        c->state = SIZE;
        break;
    case TRAILER_LF:
        c->state = LINE;
        break;
    default: /* END_LF */
        c->done = true;
    }
    return 0;
}

ssize_t http_chunked_frame(struct http_chunked *c, const char *in, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int err;

        if (c->done || c->data_left > 0)
            return (ssize_t)i;
        switch (c->state) {
        case SIZE:
            err = size_byte(c, in[i]);
            break;
        case EXTENSION:
            err = extension_byte(c, in[i]);
            break;
        case LINE:
        case TRAILER_NAME:
        case TRAILER_VALUE:
            err = trailer_byte(c, in[i]);
            break;
        default:
            err = fixed_byte(c, in[i]);
        }
        if (err)
            return err;
    }
    return (ssize_t)len;
}
