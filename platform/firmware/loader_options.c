/* SPDX-License-Identifier: BSD-2-Clause */
/* Words that boot loaders add to the command line by themselves; taken so that they are no "unknown option".
 */

#include <core/cmdline.h>

static int option_ignore(const char *value)
{
    (void)value;
    return 0;
}

BOOT_OPTION("BOOT_IMAGE", option_ignore, "anything (GRUB adds it)");
BOOT_OPTION("BOOTIF", option_ignore, "anything (PXELINUX and iPXE scripts add it)");
BOOT_OPTION("initrd", option_ignore, "anything (names an initrd for EFI loaders)");
