/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/image.h>

bool image_name_valid(const char *name, size_t length)
{
    if (length == 0 || length > IMAGE_NAME_MAX || name[0] == '.')
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = name[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
              c == '_' || c == '-'))
            return false;
    }
    return true;
}
