/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm_config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* As the engine hands bodies over: NULs behind them. */
    char *body = calloc(1, size + 8);
    struct vm_config config;
    struct vm_problem problem = {0};

    if (size > 0)
        memcpy(body, data, size);
    if (vm_config_parse(body, size, &config, &problem)) {
        if (!config.name[0] || !config.kernel[0] || config.vcpus < 1 || config.vcpus > VM_VCPUS_MAX ||
            config.memory == 0 || strlen(config.cmdline) > VM_CMDLINE_MAX || problem.status)
            abort();
    } else if (problem.status < 400 || !problem.code || !problem.detail[0]) {
        abort();
    }
    free(body);
    return 0;
}
