/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot options: splitting the line, finding the option, complaining about what nobody takes. Pure. */

#include <core/cmdline.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WARN_TEXT_MAX 320

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * Unquotes the word that starts at *cursor in place and moves *cursor past it. Returns the word; *closed
 * tells whether every quote found its end. The result is never longer than its source, so it is written over
 * it.
 */
static char *word_take(char **cursor, bool *closed)
{
    char *in = *cursor;
    char *word = in;
    char *out = in;
    char quote = 0;

    for (; *in != '\0' && (quote || !is_blank(*in)); in++) {
        if (quote && *in == quote)
            quote = 0;
        else if (!quote && (*in == '"' || *in == '\''))
            quote = *in;
        else if (quote == '"' && *in == '\\' && (in[1] == '"' || in[1] == '\\'))
            *out++ = *++in;
        else
            *out++ = *in;
    }
    *closed = quote == 0;
    *cursor = *in ? in + 1 : in;
    *out = '\0';
    return word;
}

static const struct boot_option *option_find(const char *name, const struct boot_option *options,
                                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    }
    return NULL;
}

/* Bytes that a terminal or a JSON reader could choke on are shown as '?'. */
static void text_make_printable(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
            *text = '?';
    }
}

static bool option_apply(char *word, const struct boot_option *options, size_t count, cmdline_warn_fn warn,
                         void *context)
{
    char text[WARN_TEXT_MAX];
    char *equals = strchr(word, '=');
    const char *value = equals ? equals + 1 : "";
    const struct boot_option *option;

    if (equals)
        *equals = '\0';
    option = option_find(word, options, count);
    if (option && option->parse(value) == 0)
        return true;
    if (option)
        snprintf(text, sizeof(text), "boot option %s: value \"%.96s\" refused; accepted: %.128s",
                 option->name, value, option->accepts);
    else
        snprintf(text, sizeof(text), "boot option \"%.96s\" is unknown (value \"%.96s\"), ignored", word,
                 value);
    text_make_printable(text);
    warn(context, text);
    return false;
}

size_t cmdline_apply(char *line, const struct boot_option *options, size_t count, cmdline_warn_fn warn,
                     void *context)
{
    size_t taken = 0;

    for (;;) {
        bool closed;
        char *word;

        while (is_blank(*line))
            line++;
        if (*line == '\0')
            return taken;
        word = word_take(&line, &closed);
        if (!closed) {
            warn(context, "boot options: a quote is not closed, the last option is ignored");
            return taken;
        }
        if (*word != '\0')
            taken += option_apply(word, options, count, warn, context);
    }
}

int cmdline_parse_choice(const char *value, const char *const *names, size_t count, size_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(value, names[i]) == 0) {
            *out = i;
            return 0;
        }
    }
    return -EINVAL;
}
