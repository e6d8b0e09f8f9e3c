/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FIRMWARE_EFI_CONFIG_H
#define FIRMWARE_EFI_CONFIG_H

/*
 * The companion file of an EFI image, and what firmware keeps of how it found the image. Pure: bytes that a
 * boot server or a disk supplied.
 */

#include "efi.h"

enum efi_config_kind { EFI_CONFIG_OPTIONS, EFI_CONFIG_MODULE };

struct efi_config_line {
    enum efi_config_kind kind;
    uint32_t start; /* of options, or of the module's file name and what follows it */
    uint32_t length;
};

/*
 * The next line of text[*at, size) that says something; *at moves behind it. `# ...` and empty lines say
 * nothing, neither do lines with other control characters than tabs. `module FILE ...` is a module.
 * False: there is none.
 */
bool efi_config_next(const char *text, uint32_t size, uint32_t *at, struct efi_config_line *line);

/*
 * out[0, size) = the image's own name with `.cfg` behind its path (in a URL: before the query). Returns the
 * number of units before the NUL; 0: too long.
 */
uint32_t efi_name_config(const uint16_t *own, uint16_t *out, uint32_t size);

/* The same for a file in the image's folder: file[0, length) instead of the name's last part. */
uint32_t efi_name_sibling(const uint16_t *own, const char *file, uint32_t length, uint16_t *out,
                          uint32_t size);

/* What a DHCPv4 packet says of the boot file. */
struct efi_boot_file {
    uint8_t server[4];
    uint32_t length;
    char name[256];
};

/*
 * RFC 2131, 2 and RFC 2132, 9.3 to 9.7: option 67 or the field `file`, `siaddr` or else option 54. -EINVAL:
 * it names no file, no server, or is no packet of DHCP.
 */
int must_check efi_dhcp_boot_file(const uint8_t *packet, uint32_t size, struct efi_boot_file *out);

/* The host and port of an http URL, as a Host field wants them; out has room for size. -EINVAL: it is none.
 */
int must_check efi_url_host(const uint16_t *url, char *out, uint32_t size);

/* The value of a Content-Length field. -EINVAL: it is no number below 2^62. */
int64_t must_check efi_content_length(const char *value);

#endif
