/* SPDX-License-Identifier: BSD-2-Clause */
#include "efi_config.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static bool line_is_text(const char *line, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            return false;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool efi_config_next(const char *text, uint32_t size, uint32_t *at, struct efi_config_line *line)
{
    static const char word[] = "module";

    while (*at < size) {
        uint32_t start = *at;
        const char *newline = memchr(text + start, '\n', size - start);
        uint32_t end = newline ? (uint32_t)(newline - text) : size;

        *at = newline ? end + 1 : size;
        if (end > start && text[end - 1] == '\r')
            end--;
        while (start < end && is_blank(text[start]))
            start++;
        while (end > start && is_blank(text[end - 1]))
            end--;
        if (start == end || text[start] == '#' || !line_is_text(text + start, end - start))
            continue;
        line->kind = EFI_CONFIG_OPTIONS;
        if (end - start > sizeof(word) && memcmp(text + start, word, sizeof(word) - 1) == 0 &&
            is_blank(text[start + sizeof(word) - 1])) {
            line->kind = EFI_CONFIG_MODULE;
            start += sizeof(word);
            while (is_blank(text[start]))
                start++;
        }
        line->start = start;
        line->length = end - start;
        return true;
    }
    return false;
}

static uint32_t path_length(const uint16_t *name)
{
    static const char scheme[] = "http";
    bool is_url = true;
    uint32_t n = 0;

    for (uint32_t i = 0; i < 4 && is_url; i++)
        is_url = (name[i] | 0x20) == scheme[i];
    while (name[n] && !(is_url && (name[n] == '?' || name[n] == '#')))
        n++;
    return n;
}

static uint32_t name_append(const uint16_t *own, uint32_t keep, const char *text, uint32_t length,
                            uint16_t *out, uint32_t size)
{
    if (keep >= size || length >= size - keep)
        return 0;
    memcpy(out, own, keep * sizeof(*out));
    for (uint32_t i = 0; i < length; i++)
        out[keep + i] = (unsigned char)text[i];
    out[keep + length] = 0;
    return keep + length;
}

uint32_t efi_name_config(const uint16_t *own, uint16_t *out, uint32_t size)
{
    uint32_t keep = path_length(own);
    uint32_t length = name_append(own, keep, ".cfg", 4, out, size);
    uint32_t query = 0;

    while (own[keep + query])
        query++;
    if (length == 0 || query >= size - length)
        return 0;
    memcpy(out + length, own + keep, (query + 1) * sizeof(*out));
    return length + query;
}

uint32_t efi_name_sibling(const uint16_t *own, const char *file, uint32_t length, uint16_t *out,
                          uint32_t size)
{
    uint32_t keep = path_length(own);

    while (keep && own[keep - 1] != '/' && own[keep - 1] != '\\')
        keep--;
    return name_append(own, keep, file, length, out, size);
}

/* --- DHCP --- */

#define BOOTP_SIADDR    20
#define BOOTP_SNAME     44
#define BOOTP_FILE      108
#define BOOTP_MAGIC     236
#define BOOTP_OPTIONS   240
#define OPTION_PAD      0
#define OPTION_OVERLOAD 52
#define OPTION_SERVER   54
#define OPTION_FILE     67
#define OPTION_END      255
#define OVERLOAD_FILE   1
#define OVERLOAD_SNAME  2

static const uint8_t magic[4] = {99, 130, 83, 99};

struct options {
    const uint8_t *file;
    uint8_t file_length;
    const uint8_t *server;
    uint8_t overload;
};

/* The first mention counts. */
static void options_read(const uint8_t *bytes, uint32_t size, struct options *o)
{
    uint32_t at = 0;

    while (at < size && bytes[at] != OPTION_END) {
        uint8_t code = bytes[at++];
        uint8_t length;

        if (code == OPTION_PAD)
            continue;
        if (at == size || bytes[at] > size - at - 1)
            return;
        length = bytes[at++];
        if (code == OPTION_FILE && !o->file) {
            o->file = bytes + at;
            o->file_length = length;
        } else if (code == OPTION_SERVER && length == 4 && !o->server) {
            o->server = bytes + at;
        } else if (code == OPTION_OVERLOAD && length == 1 && !o->overload) {
            o->overload = bytes[at];
        }
        at += length;
    }
}

static bool is_zero(const uint8_t *bytes, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++) {
        if (bytes[i])
            return false;
    }
    return true;
}

int efi_dhcp_boot_file(const uint8_t *packet, uint32_t size, struct efi_boot_file *out)
{
    struct options o = {0};
    const uint8_t *server = packet + BOOTP_SIADDR;
    uint8_t overload;

    if (size < BOOTP_OPTIONS || memcmp(packet + BOOTP_MAGIC, magic, sizeof(magic)) != 0)
        return -EINVAL;
    options_read(packet + BOOTP_OPTIONS, size - BOOTP_OPTIONS, &o);
    overload = o.overload; /* not by what stands in the overloaded fields themselves */
    if (overload & OVERLOAD_FILE)
        options_read(packet + BOOTP_FILE, BOOTP_MAGIC - BOOTP_FILE, &o);
    if (overload & OVERLOAD_SNAME)
        options_read(packet + BOOTP_SNAME, BOOTP_FILE - BOOTP_SNAME, &o);
    if (!o.file && !(overload & OVERLOAD_FILE)) {
        o.file = packet + BOOTP_FILE;
        o.file_length = BOOTP_MAGIC - BOOTP_FILE;
    }
    if (is_zero(server, 4))
        server = o.server;
    if (!o.file || !server)
        return -EINVAL;
    memcpy(out->server, server, 4);
    /* Some servers send the NUL, too. */
    out->length = (uint32_t)strnlen((const char *)o.file, o.file_length);
    if (out->length == 0 || !line_is_text((const char *)o.file, out->length))
        return -EINVAL;
    memcpy(out->name, o.file, out->length);
    out->name[out->length] = '\0';
    return 0;
}

/* --- HTTP --- */

int efi_url_host(const uint16_t *url, char *out, uint32_t size)
{
    static const char scheme[] = "http";
    uint32_t at = 0, n = 0;

    for (; at < 4; at++) {
        if ((url[at] | 0x20) != scheme[at])
            return -EINVAL;
    }
    if ((url[at] | 0x20) == 's')
        at++;
    if (url[at] != ':' || url[at + 1] != '/' || url[at + 2] != '/')
        return -EINVAL;
    for (at += 3; url[at] && !strchr("/?#", url[at] < 0x80 ? (char)url[at] : ' '); at++) {
        if (url[at] <= 0x20 || url[at] > 0x7e || n + 1 >= size)
            return -EINVAL;
        if (url[at] == '@')
            n = 0; /* what came before was no host, and is nobody else's business */
        else
            out[n++] = (char)url[at];
    }
    out[n] = '\0';
    return n ? 0 : -EINVAL;
}

int64_t efi_content_length(const char *value)
{
    uint64_t length = 0;
    uint32_t digits = 0;

    for (; isdigit((unsigned char)*value); value++, digits++) {
        if (length >= (1ULL << 58))
            return -EINVAL;
        length = length * 10 + (uint64_t)(*value - '0');
    }
    return digits && *value == '\0' ? (int64_t)length : -EINVAL;
}
