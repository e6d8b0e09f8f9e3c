/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/cmdline.h>
#include <stdlib.h>
#include <string.h>

static int option_choice(const char *value)
{
    static const char *const names[] = {"", "4K", "on"};
    size_t i;

    return cmdline_parse_choice(value, names, ARRAY_SIZE(names), &i);
}

BOOT_OPTION("n", option_choice, "4K|on");

static void warn_check(void *context, const char *text)
{
    (void)context;
    for (; *text; text++) {
        if (*text < 0x20 || *text > 0x7e)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);

    memcpy(line, data, size);
    line[size] = '\0';
    cmdline_apply(line, __start_boot_options, (size_t)(__stop_boot_options - __start_boot_options),
                  warn_check, NULL);
    free(line);
    return 0;
}
