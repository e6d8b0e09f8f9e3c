/* SPDX-License-Identifier: BSD-2-Clause */
#include "metrics.h"

void metric_head(struct text *text, const char *name, const char *type, const char *help)
{
    const char *const parts[] = {"# HELP ", name, " ", help, "\n# TYPE ", name, " ", type, "\n"};

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        text_string(text, parts[i]);
}
