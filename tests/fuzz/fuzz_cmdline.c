/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/cmdline.h>
#include <stdlib.h>
#include <string.h>

static int option_number(const char *value)
{
    uint64_t v;

    return cmdline_parse_size(value, 0, UINT64_MAX, &v);
}

static int option_switch(const char *value)
{
    bool b;

    return cmdline_parse_bool(value, &b);
}

BOOT_OPTION("n", option_number, "a size");
BOOT_OPTION("b", option_switch, "on|off");

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
