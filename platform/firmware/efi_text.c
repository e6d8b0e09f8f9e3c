/* SPDX-License-Identifier: BSD-2-Clause */
/* Load options, device paths and times of UEFI 2.10 (9.1, 10.3.5.4, 8.3.1). Pure. */

#include "efi_text.h"

#include <errno.h>
#include <string.h>

static uint16_t unit_at(const void *units, uint32_t index)
{
    uint16_t unit;

    memcpy(&unit, (const uint8_t *)units + (size_t)index * 2, sizeof(unit));
    return unit;
}

static bool word_is_image_name(const char *word, size_t length)
{
    static const char suffix[] = ".efi";

    if (length < 4 || memchr(word, '=', length))
        return false;
    for (unsigned int i = 0; i < 4; i++) {
        char c = word[length - 4 + i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != suffix[i])
            return false;
    }
    return true;
}

int efi_options_to_text(const void *options, uint32_t size, char *out)
{
    uint32_t length = 0;
    size_t word, skip;

    if (size % 2)
        return -EINVAL;
    for (uint32_t i = 0; i < size / 2; i++) {
        uint16_t c = unit_at(options, i);

        if (c == 0)
            break;
        if (c == '\t' || c == '\n' || c == '\r')
            c = ' ';
        if (c < 0x20 || c > 0x7e)
            return -EINVAL;
        out[length++] = (char)c;
    }
    out[length] = '\0';
    skip = strspn(out, " ");
    word = strcspn(out + skip, " ");
    if (!word_is_image_name(out + skip, word))
        return (int)length;
    skip += word;
    skip += strspn(out + skip, " ");
    memmove(out, out + skip, length - skip + 1);
    return (int)(length - skip);
}

uint32_t efi_path_file_name(const struct efi_device_path *path, uint32_t max, uint16_t *out, uint32_t size)
{
    const uint8_t *bytes = (const uint8_t *)path;
    uint32_t length = 0;
    uint32_t at = 0;

    while (max - at >= 4 && bytes[at] != EFI_PATH_END) {
        uint32_t node = bytes[at + 2] | (uint32_t)bytes[at + 3] << 8;

        if (node < 4 || node > max - at)
            return 0;
        if (bytes[at] == EFI_PATH_MEDIA && bytes[at + 1] == EFI_PATH_MEDIA_FILE) {
            /* A separator between nodes unless one of them has it. */
            if (length && out[length - 1] != '\\' && node >= 6 && unit_at(bytes + at + 4, 0) != '\\' &&
                length < size)
                out[length++] = '\\';
            for (uint32_t i = 0; i < (node - 4) / 2; i++) {
                uint16_t c = unit_at(bytes + at + 4, i);

                if (c == 0)
                    break;
                if (length >= size)
                    return 0;
                out[length++] = c;
            }
        }
        at += node;
    }
    if (length >= size)
        return 0;
    out[length] = 0;
    return length;
}

const uint8_t *efi_path_node(const struct efi_device_path *path, uint32_t max, uint8_t type, uint8_t subtype,
                             uint32_t *size)
{
    const uint8_t *bytes = (const uint8_t *)path;
    uint32_t at = 0;

    while (max - at >= 4 && bytes[at] != EFI_PATH_END) {
        uint32_t node = bytes[at + 2] | (uint32_t)bytes[at + 3] << 8;

        if (node < 4 || node > max - at)
            return NULL;
        if (bytes[at] == type && bytes[at + 1] == subtype) {
            *size = node - 4;
            return bytes + at + 4;
        }
        at += node;
    }
    return NULL;
}

int64_t efi_time_to_unix(const struct efi_time *t)
{
    static const uint16_t days_before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t year = t->year;
    int64_t days, seconds;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    if (year < 1970 || year > 9999 || t->month < 1 || t->month > 12 || t->day < 1 || t->day > 31 ||
        t->hour > 23 || t->minute > 59 || t->second > 59)
        return 0;
    /* Leap days from 1970 to the year before: every fourth but not every hundredth but every four-hundredth.
     */
    days = (year - 1970) * 365 + (year - 1969) / 4 - (year - 1901) / 100 + (year - 1601) / 400;
    days += days_before[t->month - 1] + (t->month > 2 && leap) + t->day - 1;
    seconds = ((days * 24 + t->hour) * 60 + t->minute) * 60 + t->second;
    if (t->time_zone >= -1440 && t->time_zone <= 1440)
        seconds += t->time_zone * 60;
    return seconds;
}
