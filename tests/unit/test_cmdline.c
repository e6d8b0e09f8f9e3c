/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/cmdline.h>
#include <criterion/criterion.h>
#include <errno.h>

static char log_text[4][320];
static size_t log_count;

static void warn_collect(void *context, const char *text)
{
    (void)context;
    if (log_count < ARRAY_SIZE(log_text))
        strcpy(log_text[log_count], text);
    log_count++;
}

static const char *got_ip;
static size_t got_cpus = 7;
static size_t token_count;

static int option_ip(const char *value)
{
    got_ip = value;
    return 0;
}

static int option_cpus(const char *value)
{
    static const char *const numbers[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

    return cmdline_parse_choice(value, numbers, ARRAY_SIZE(numbers), &got_cpus);
}

static int option_token(const char *value)
{
    token_count++;
    return *value ? 0 : -EINVAL;
}

BOOT_OPTION("ip", option_ip, "dhcp or ADDRESS/PREFIX");
BOOT_OPTION("cpus", option_cpus, "0..9");
BOOT_OPTION("token", option_token, "VALUE[:scope]");

static size_t apply(const char *text)
{
    static char line[512];

    strcpy(line, text);
    log_count = 0;
    return cmdline_apply(line, __start_boot_options, (size_t)(__stop_boot_options - __start_boot_options),
                         warn_collect, NULL);
}

Test(cmdline, options_are_linked)
{
    cr_assert_eq(__stop_boot_options - __start_boot_options, 3);
}

Test(cmdline, plain_and_repeated)
{
    cr_assert_eq(apply("  cpus=3\ttoken=a ip=dhcp token=b \n"), 4);
    cr_assert_eq(got_cpus, 3);
    cr_assert_eq(token_count, 2);
    cr_assert_str_eq(got_ip, "dhcp");
    cr_assert_eq(log_count, 0);
}

Test(cmdline, empty)
{
    cr_assert_eq(apply(""), 0);
    cr_assert_eq(apply("   "), 0);
    cr_assert_eq(apply("\"\" ''"), 0);
    cr_assert_eq(log_count, 0);
}

Test(cmdline, quotes)
{
    cr_assert_eq(apply("ip=\"a b\" cpus=2"), 2);
    cr_assert_str_eq(got_ip, "a b");
    cr_assert_eq(apply("'ip=x y'"), 1);
    cr_assert_str_eq(got_ip, "x y");
    cr_assert_eq(apply("ip=\"q\\\"b\\\\s\\n\"'lit\\'"), 1);
    cr_assert_str_eq(got_ip, "q\"b\\s\\nlit\\");
    cr_assert_eq(apply("ip=a=b"), 1);
    cr_assert_str_eq(got_ip, "a=b");
    cr_assert_eq(apply("ip ip="), 2);
    cr_assert_str_eq(got_ip, "");
}

Test(cmdline, unclosed_quote)
{
    cr_assert_eq(apply("cpus=4 ip=\"half a"), 1);
    cr_assert_eq(log_count, 1);
    cr_assert(strstr(log_text[0], "quote"));
}

Test(cmdline, unknown_and_bad_are_named)
{
    cr_assert_eq(apply("frob=1 cpus=65 cpus=x cpus=9"), 1);
    cr_assert_eq(log_count, 3);
    cr_assert_str_eq(log_text[0], "boot option \"frob\" is unknown (value \"1\"), ignored");
    cr_assert_str_eq(log_text[1], "boot option cpus: value \"65\" refused; accepted: 0..9");
    cr_assert_str_eq(log_text[2], "boot option cpus: value \"x\" refused; accepted: 0..9");
    cr_assert_eq(got_cpus, 9);
}

Test(cmdline, warning_is_printable_and_short)
{
    char line[400];

    memset(line, '\x01', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    cr_assert_eq(apply(line), 0);
    cr_assert_eq(log_count, 1);
    cr_assert_eq(strchr(log_text[0], '\x01'), NULL);
}

Test(cmdline, choices)
{
    static const char *const levels[] = {"error", "warning"};
    size_t i = 9;

    cr_assert_eq(cmdline_parse_choice("warning", levels, 2, &i), 0);
    cr_assert_eq(i, 1);
    cr_assert_eq(cmdline_parse_choice("warn", levels, 2, &i), -EINVAL);
}
