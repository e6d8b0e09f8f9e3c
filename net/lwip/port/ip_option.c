/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"

#include <errno.h>
#include <string.h>

/* A decimal number up to `max` at *text, which is advanced; no sign, no leading zeroes. */
static int parse_number(const char **text, unsigned max, unsigned *out)
{
    const char *p = *text;
    unsigned value = 0;

    if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
        return -EINVAL;
    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (unsigned)(*p - '0');
        if (value > max)
            return -EINVAL;
    }
    *text = p;
    *out = value;
    return 0;
}

/* Dotted decimal with all four numbers: the shorter forms of inet_aton() are a trap on a command line. */
static int parse_ipv4(const char **text, uint32_t *out)
{
    uint8_t bytes[4];

    for (int i = 0; i < 4; i++) {
        unsigned value;

        if (i > 0 && *(*text)++ != '.')
            return -EINVAL;
        if (parse_number(text, 255, &value) != 0)
            return -EINVAL;
        bytes[i] = (uint8_t)value;
    }
    memcpy(out, bytes, sizeof(*out));
    return 0;
}

int ip_option_parse(const char *value, struct ip_option *out)
{
    struct ip_option option = {.source = NET_ADDRESS_STATIC};

    if (strcmp(value, "dhcp") == 0) {
        *out = (struct ip_option){.source = NET_ADDRESS_DHCP};
        return 0;
    }
    if (strcmp(value, "none") == 0) {
        *out = (struct ip_option){.source = NET_ADDRESS_NONE};
        return 0;
    }
    if (parse_ipv4(&value, &option.address) != 0 || *value++ != '/' ||
        parse_number(&value, 32, &option.prefix) != 0 || option.prefix == 0)
        return -EINVAL;
    if (*value == ',') {
        value++;
        if (parse_ipv4(&value, &option.gateway) != 0)
            return -EINVAL;
    }
    if (*value != '\0')
        return -EINVAL;
    *out = option;
    return 0;
}

int hostname_parse(const char *value, char *out, size_t size)
{
    size_t length = strlen(value);

    if (length == 0 || length >= size || value[0] == '-' || value[length - 1] == '-')
        return -EINVAL;
    for (size_t i = 0; i < length; i++) {
        char c = value[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'))
            return -EINVAL;
    }
    memcpy(out, value, length + 1);
    return 0;
}
