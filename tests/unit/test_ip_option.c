/* SPDX-License-Identifier: BSD-2-Clause */
#include "address.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(ip_option, reads)
{
    struct ip_option option = {0};

    cr_assert_eq(ip_option_parse("dhcp", &option), 0);
    cr_assert_eq(option.source, NET_ADDRESS_DHCP);
    cr_assert_eq(ip_option_parse("none", &option), 0);
    cr_assert_eq(option.source, NET_ADDRESS_NONE);
    cr_assert_eq(ip_option_parse("10.0.2.15/24,10.0.2.2", &option), 0);
    cr_assert_eq(option.source, NET_ADDRESS_STATIC);
    cr_assert_arr_eq(&option.address, "\x0a\x00\x02\x0f", 4);
    cr_assert_arr_eq(&option.gateway, "\x0a\x00\x02\x02", 4);
    cr_assert_eq(option.prefix, 24);
    cr_assert_eq(ip_option_parse("255.255.255.255/32", &option), 0);
    cr_assert_eq(option.gateway, 0);
}

Test(ip_option, refuses)
{
    static const char *const bad[] = {"",
                                      "DHCP",
                                      "10.0.2.15",
                                      "10.0.2.15/",
                                      "10.0.2.15/33",
                                      "10.0.2.15/0",
                                      "10.0.2/24",
                                      "10.0.2.256/24",
                                      "10.0.2.15/24,",
                                      "10.0.2.15/24,x",
                                      "10.0.2.15/24 ",
                                      "10..2.15/24",
                                      "010.0.2.15/24",
                                      "10.0.2.15.1/24",
                                      "-1.0.0.0/8",
                                      "99999999999.0.0.0/8",
                                      "10.0.2.15/24,10.0.2.2,"};
    struct ip_option option = {.prefix = 99}, before = option;

    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        cr_assert_eq(ip_option_parse(bad[i], &option), -EINVAL, "%s", bad[i]);
        cr_assert_eq(memcmp(&option, &before, sizeof(option)), 0);
    }
}

Test(ip_option, host_names)
{
    char name[64] = "old";

    cr_assert_eq(hostname_parse("rack-7", name, sizeof(name)), 0);
    cr_assert_str_eq(name, "rack-7");
    cr_assert_eq(hostname_parse("", name, sizeof(name)), -EINVAL);
    cr_assert_eq(hostname_parse("-a", name, sizeof(name)), -EINVAL);
    cr_assert_eq(hostname_parse("a-", name, sizeof(name)), -EINVAL);
    cr_assert_eq(hostname_parse("a.b", name, sizeof(name)), -EINVAL);
    cr_assert_eq(hostname_parse("0123456789012345678901234567890123456789012345678901234567890123", name,
                                sizeof(name)),
                 -EINVAL);
    cr_assert_str_eq(name, "rack-7");
}
