/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../platform/firmware/efi_config.h"
#include "../../platform/firmware/efi_text.h"

#include <stdlib.h>
#include <string.h>

/* Copies are as long as they need to be, so that whoever reads on is seen. */
static void config_check(const char *text, uint32_t size)
{
    struct efi_config_line line;
    uint32_t at = 0, before = 0;

    while (efi_config_next(text, size, &at, &line)) {
        if (at <= before || at > size || line.length == 0 || line.start < before ||
            line.start + line.length > at || memchr(text + line.start, '\n', line.length) ||
            memchr(text + line.start, '\0', line.length))
            abort();
        before = at;
    }
    if (at != size)
        abort();
}

static uint32_t units_of(const uint16_t *name)
{
    uint32_t n = 0;

    while (name[n])
        n++;
    return n;
}

static void names_check(const uint8_t *data, uint32_t size)
{
    uint16_t *own = calloc(size / 2 + 1, sizeof(*own));
    uint16_t out[64];
    char host[32];
    uint32_t length;

    memcpy(own, data, size / 2 * 2);
    length = efi_name_config(own, out, 64);
    if (length && (units_of(out) != length || length != units_of(own) + 4))
        abort();
    length = efi_name_sibling(own, (const char *)data, size < 20 ? size : 20, out, 64);
    if (length >= 64 || (length && out[length] != 0))
        abort();
    if (efi_url_host(own, host, sizeof(host)) == 0 && (strlen(host) == 0 || strpbrk(host, "/?# @\r\n")))
        abort();
    free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct efi_boot_file file;
    uint32_t node_size;
    const uint8_t *node;
    char *copy;

    if (size < 1)
        return 0;
    size--;
    copy = malloc(size + 1);
    memcpy(copy, data + 1, size);
    copy[size] = '\0';
    switch (data[0] % 4) {
    case 0:
        copy = realloc(copy, size ? size : 1);
        config_check(copy, (uint32_t)size);
        break;
    case 1:
        names_check((const uint8_t *)copy, (uint32_t)size);
        break;
    case 2:
        copy = realloc(copy, size ? size : 1);
        if (efi_dhcp_boot_file((const uint8_t *)copy, (uint32_t)size, &file) == 0 &&
            (file.length == 0 || file.length >= sizeof(file.name) || strlen(file.name) != file.length))
            abort();
        break;
    default:
        if (efi_content_length(copy) < -22)
            abort();
        node = efi_path_node((const struct efi_device_path *)copy, (uint32_t)size, 3, 24, &node_size);
        if (node && (node < (uint8_t *)copy || node + node_size > (uint8_t *)copy + size))
            abort();
    }
    free(copy);
    return 0;
}
