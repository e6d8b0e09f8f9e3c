/* SPDX-License-Identifier: BSD-2-Clause */
/* The one struct host_info of this host, and look-ups in it. */

#include "handover.h"

static const struct host_info *current;

void host_info_publish(const struct host_info *info)
{
    current = info;
}

const struct host_info *host_info(void)
{
    return current;
}

const struct host_module *host_module_find(const char *name)
{
    for (size_t i = 0; current && i < current->module_count; i++) {
        if (strcmp(current->modules[i].name, name) == 0)
            return &current->modules[i];
    }
    return NULL;
}

const char *host_firmware_name(enum host_firmware firmware)
{
    switch (firmware) {
    case HOST_FW_BIOS:
        return "bios";
    case HOST_FW_UEFI:
        return "uefi";
    case HOST_FW_PVH:
        return "pvh";
    case HOST_FW_FDT:
        return "fdt";
    default:
        return "unknown";
    }
}
