/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot options and modules from files beside the image, wherever firmware read it from. */

#include "efi_config.h"
#include "efi_stub.h"

#define CONFIG_SIZE_MAX KIB(64)
#define MODULE_SIZE_MAX GIB(4)

static bool sibling_take(struct efi_stub *s, const char *file, uint32_t length, const char *name)
{
    uint16_t path[EFI_NAME_UNITS];
    uint64_t size;
    void *bytes;

    if (efi_name_sibling(s->source.name, file, length, path, EFI_NAME_UNITS) == 0)
        return false;
    bytes = s->source.read(&s->source, path, MODULE_SIZE_MAX, &size);
    if (!bytes)
        return false;
    stub_module_add(s, bytes, size, name, false);
    return true;
}

/* The line "FILE name=x ..." stays as the module's text, as with other loaders; text ends in a NUL there. */
static void module_line_take(struct efi_stub *s, char *text, uint32_t length)
{
    uint32_t file = 0;

    while (file < length && text[file] != ' ' && text[file] != '\t')
        file++;
    text[length] = '\0';
    if (!sibling_take(s, text, file, text))
        stub_warn(s, "EFI: a boot module that the companion .cfg file names could not be loaded");
}

/* <image>.cfg; its text stays, since modules' names lie in it. Has one byte more than size. */
static void config_take(struct efi_stub *s)
{
    uint16_t path[EFI_NAME_UNITS];
    struct efi_config_line line;
    uint64_t size = 0;
    uint32_t at = 0;
    char *text = NULL;

    if (efi_name_config(s->source.name, path, EFI_NAME_UNITS))
        text = s->source.read(&s->source, path, CONFIG_SIZE_MAX, &size);
    while (text && efi_config_next(text, (uint32_t)size, &at, &line)) {
        if (line.kind == EFI_CONFIG_MODULE)
            module_line_take(s, text + line.start, line.length);
        else if (!stub_cmdline_append(s, text + line.start, line.length))
            stub_warn(s, "EFI: no memory for the companion .cfg file, ignored");
    }
}

void stub_companions_take(struct efi_stub *s)
{
    static const char tokens[] = "tokens";
    struct efi_source *source = &s->source;

    source->services = s->services;
    source->loaded = s->loaded;
    if (s->loaded->device == NULL ||
        !(efi_volume_open(source) || efi_pxe_open(source) || efi_http_open(source)))
        return;
    config_take(s);
    /* Who brings modules brings this one, too. */
    if (s->efi.module_count == 0)
        sibling_take(s, tokens, sizeof(tokens) - 1, tokens);
    if (source->close)
        source->close(source);
}
