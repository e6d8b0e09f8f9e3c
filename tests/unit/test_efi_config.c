/* SPDX-License-Identifier: BSD-2-Clause */
#include "../../platform/firmware/efi_config.h"
#include "../../platform/firmware/efi_text.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

/* --- the companion file --- */

static const char *lines_of(const char *text, uint32_t size)
{
    static char out[512];
    struct efi_config_line line;
    uint32_t at = 0;

    out[0] = '\0';
    while (efi_config_next(text, size, &at, &line)) {
        strcat(out, line.kind == EFI_CONFIG_MODULE ? "M<" : "O<");
        strncat(out, text + line.start, line.length);
        strcat(out, ">");
    }
    cr_assert_eq(at, size);
    return out;
}

static const char *lines(const char *text)
{
    return lines_of(text, (uint32_t)strlen(text));
}

Test(efi_config, lines)
{
    cr_assert_str_eq(lines(""), "");
    cr_assert_str_eq(lines("\n\r\n \t\n"), "");
    cr_assert_str_eq(lines("a=b c"), "O<a=b c>");
    cr_assert_str_eq(lines("# no\n  # nor this\n\ta=1 \r\nb\n"), "O<a=1>O<b>");
    cr_assert_str_eq(lines("name=a#b"), "O<name=a#b>");
}

Test(efi_config, modules)
{
    cr_assert_str_eq(lines("module tokens\nmodule \t a/b name=c rest\r\n"), "M<tokens>M<a/b name=c rest>");
    cr_assert_str_eq(lines("module\nmodule \nmodules x\nmodule=x\n"),
                     "O<module>O<module>O<modules x>O<module=x>");
}

Test(efi_config, what_is_no_text)
{
    cr_assert_str_eq(lines_of("a\0b\nc", 5), "O<c>");
    cr_assert_str_eq(lines("a\033[1m\nb\x7f\nc\rd\ne"), "O<e>");
    cr_assert_str_eq(lines("hostname=\xc3\xa4"), "O<hostname=\xc3\xa4>",
                     "the options' own parser judges that");
}

/* --- names --- */

static uint16_t wide[2][300];

static const uint16_t *widen(const char *text)
{
    uint32_t n = 0;

    do
        wide[0][n] = (unsigned char)text[n];
    while (text[n++]);
    return wide[0];
}

static const char *narrow(uint32_t length)
{
    static char text[300];

    for (uint32_t i = 0; i <= length; i++)
        text[i] = (char)wide[1][i];
    cr_assert_eq(strlen(text), length);
    return text;
}

static const char *config_of(const char *own)
{
    return narrow(efi_name_config(widen(own), wide[1], 300));
}

static const char *sibling_of(const char *own, const char *file)
{
    return narrow(efi_name_sibling(widen(own), file, (uint32_t)strlen(file), wide[1], 300));
}

Test(efi_config, names)
{
    cr_assert_str_eq(config_of("basalt.efi"), "basalt.efi.cfg");
    cr_assert_str_eq(config_of("\\EFI\\BOOT\\BOOTX64.EFI"), "\\EFI\\BOOT\\BOOTX64.EFI.cfg");
    cr_assert_str_eq(config_of("http://h/a/b.efi?rack=7#x"), "http://h/a/b.efi.cfg?rack=7#x");
    cr_assert_str_eq(config_of("tftp/what?.efi"), "tftp/what?.efi.cfg");
    cr_assert_str_eq(sibling_of("basalt.efi", "tokens"), "tokens");
    cr_assert_str_eq(sibling_of("\\EFI\\BOOT\\BOOTX64.EFI", "tokens"), "\\EFI\\BOOT\\tokens");
    cr_assert_str_eq(sibling_of("HTTP://h/a/b.efi?x=/y/z", "m/n"), "HTTP://h/a/m/n");
    cr_assert_str_eq(sibling_of("/pxe/basalt.efi", "tokens"), "/pxe/tokens");
}

Test(efi_config, names_that_do_not_fit)
{
    const uint16_t *own = widen("/pxe/basalt.efi");

    cr_assert_eq(efi_name_config(own, wide[1], 20), 19);
    cr_assert_eq(efi_name_config(own, wide[1], 19), 0);
    cr_assert_eq(efi_name_config(widen("http://h/b?xy"), wide[1], 18), 17);
    cr_assert_eq(efi_name_config(widen("http://h/b?xy"), wide[1], 17), 0);
    cr_assert_eq(efi_name_config(widen("http://h/b?xy"), wide[1], 10), 0);
    cr_assert_eq(efi_name_sibling(widen("/pxe/b"), "tokens", 6, wide[1], 12), 11);
    cr_assert_eq(efi_name_sibling(widen("/pxe/b"), "tokens", 6, wide[1], 11), 0);
    cr_assert_eq(efi_name_sibling(widen("/pxe/b"), "tokens", 6, wide[1], 4), 0);
}

/* --- DHCP --- */

static uint8_t packet[600];
static uint32_t packet_size;

static void packet_start(void)
{
    static const uint8_t magic[] = {99, 130, 83, 99}, server[] = {10, 0, 0, 2};

    memset(packet, 0, sizeof(packet));
    memcpy(packet + 20, server, 4);
    strcpy((char *)packet + 108, "boot/basalt.efi");
    memcpy(packet + 236, magic, 4);
    packet_size = 240;
}

static void option(uint8_t code, const void *bytes, uint8_t length)
{
    packet[packet_size++] = code;
    packet[packet_size++] = length;
    memcpy(packet + packet_size, bytes, length);
    packet_size += length;
}

TestSuite(efi_dhcp, .init = packet_start);

static struct efi_boot_file file;

static void check_file(const char *name, uint8_t server)
{
    packet[packet_size++] = 255;
    cr_assert_eq(efi_dhcp_boot_file(packet, packet_size, &file), 0);
    cr_assert_str_eq(file.name, name);
    cr_assert_eq(file.length, strlen(name));
    cr_assert_eq(file.server[3], server);
}

static void check_none(void)
{
    cr_assert_eq(efi_dhcp_boot_file(packet, packet_size, &file), -EINVAL);
}

Test(efi_dhcp, fields)
{
    check_file("boot/basalt.efi", 2);
}

Test(efi_dhcp, options_count_more)
{
    packet[packet_size++] = 0;
    option(53, "\5", 1);
    option(67, "other.efi\0", 10); /* with its NUL */
    option(54, "\12\0\0\3", 4);
    check_file("other.efi", 2);
}

Test(efi_dhcp, server_by_option)
{
    memset(packet + 20, 0, 4);
    check_none();
    option(54, "\12\0\0\3", 4);
    check_file("boot/basalt.efi", 3);
}

Test(efi_dhcp, overloaded_fields)
{
    static const uint8_t in_file[] = {67, 2, 'a', 'b', 255}, in_sname[] = {54, 4, 10, 0, 0, 9, 255};

    memset(packet + 20, 0, 4);
    memcpy(packet + 108, in_file, sizeof(in_file));
    memcpy(packet + 44, in_sname, sizeof(in_sname));
    option(52, "\3", 1);
    check_file("ab", 9);
    packet[108] = 1; /* nothing names a file now, and the field is none */
    check_none();
}

Test(efi_dhcp, full_fields)
{
    char longest[256];

    memset(packet + 108, 'x', 128);
    check_file("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
               "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
               2);
    packet_start();
    memset(longest, 'y', 255);
    longest[255] = '\0';
    option(67, longest, 255);
    check_file(longest, 2);
}

Test(efi_dhcp, what_is_none)
{
    packet_size = 239;
    check_none();
    packet_size = 240;
    packet[236] = 0;
    check_none();
    packet_start();
    packet[108] = 0;
    check_none();
    packet[108] = 'a';
    packet[109] = 7;
    check_none();
    packet_start();
    option(67, "cut", 3);
    packet[packet_size - 4] = 200; /* reaches beyond the end: the field is left */
    check_file("boot/basalt.efi", 2);
    packet_start();
    packet[packet_size++] = 67;
    cr_assert_eq(efi_dhcp_boot_file(packet, packet_size, &file), 0);
}

/* --- HTTP --- */

Test(efi_config, hosts)
{
    char host[16];

    cr_assert_eq(efi_url_host(widen("http://a.b:80/c"), host, sizeof(host)), 0);
    cr_assert_str_eq(host, "a.b:80");
    cr_assert_eq(efi_url_host(widen("HTTPS://user:secret@[fd00::1]?x"), host, sizeof(host)), 0);
    cr_assert_str_eq(host, "[fd00::1]");
    cr_assert_eq(efi_url_host(widen("http://abc"), host, sizeof(host)), 0);
    for (const char *const *bad =
             (const char *const[]){"", "h", "http", "http:", "http:/", "http://", "http:///x", "ftp://a/",
                                   "http://a b/", "http://0123456789abcdef/", "http://x\x80/", "http://a@/",
                                   NULL};
         *bad; bad++)
        cr_assert_eq(efi_url_host(widen(*bad), host, sizeof(host)), -EINVAL, "%s", *bad);
}

Test(efi_config, content_length)
{
    cr_assert_eq(efi_content_length("0"), 0);
    cr_assert_eq(efi_content_length("123456"), 123456);
    for (const char *const *bad = (const char *const[]){"", "-1", "1x", " 1", "0x10", "99999999999999999999",
                                                        "9999999999999999999", NULL};
         *bad; bad++)
        cr_assert_eq(efi_content_length(*bad), -EINVAL, "%s", *bad);
}

Test(efi_config, path_nodes)
{
    static const uint8_t path[] = {3, 11, 6, 0, 1, 2, 3, 24, 7, 0, 'u', 'r', 'i', 0x7f, 0xff, 4, 0};
    const struct efi_device_path *p = (const void *)path;
    uint8_t broken[sizeof(path)];
    uint32_t size;

    cr_assert_eq(efi_path_node(p, sizeof(path), 3, 24, &size), path + 10);
    cr_assert_eq(size, 3);
    cr_assert_eq(efi_path_node(p, sizeof(path), 3, 11, &size), path + 4);
    cr_assert_null(efi_path_node(p, sizeof(path), 3, 12, &size));
    cr_assert_null(efi_path_node(p, 12, 3, 24, &size), "beyond what may be looked at");
    memcpy(broken, path, sizeof(path));
    broken[2] = 3;
    cr_assert_null(efi_path_node((const void *)broken, sizeof(path), 3, 24, &size));
}
