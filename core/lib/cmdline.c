/* SPDX-License-Identifier: BSD-2-Clause */
/* Boot options: splitting the line, finding the option, complaining about what nobody takes. Pure. */

#include <core/cmdline.h>
#include <ctype.h>
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

/* Digits at text in base 10, or 16 after 0x; *end is set behind them. */
static int digits_parse(const char *text, const char **end, uint64_t *out)
{
    unsigned int base = 10;
    const char *start;
    uint64_t value = 0;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    }
    for (start = text; isxdigit((unsigned char)*text); text++) {
        unsigned int digit = isdigit((unsigned char)*text)
                                 ? (unsigned int)(*text - '0')
                                 : (unsigned int)(tolower((unsigned char)*text) - 'a') + 10;

        if (digit >= base)
            break;
        if (__builtin_mul_overflow(value, base, &value) || __builtin_add_overflow(value, digit, &value))
            return -ERANGE;
    }
    if (text == start)
        return -EINVAL;
    *end = text;
    *out = value;
    return 0;
}

int cmdline_parse_u64(const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t number;
    const char *end;
    int error = digits_parse(value, &end, &number);

    if (error)
        return error;
    if (*end != '\0')
        return -EINVAL;
    if (number < min || number > max)
        return -ERANGE;
    *out = number;
    return 0;
}

int cmdline_parse_size(const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
    static const char suffixes[] = "KMGT";
    unsigned int shift = 0;
    uint64_t number;
    const char *end;
    int error = digits_parse(value, &end, &number);

    if (error)
        return error;
    if (*end != '\0') {
        const char *suffix = strchr(suffixes, toupper((unsigned char)*end));

        if (suffix == NULL || end[1] != '\0')
            return -EINVAL;
        shift = 10 * (unsigned int)(suffix - suffixes + 1);
    }
    if (number > (UINT64_MAX >> shift) || number << shift < min || number << shift > max)
        return -ERANGE;
    *out = number << shift;
    return 0;
}

int cmdline_parse_bool(const char *value, bool *out)
{
    static const char yes[][5] = {"", "1", "on", "y", "yes", "true"};
    static const char no[][6] = {"0", "off", "n", "no", "false"};

    for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
        if (strcmp(value, yes[i]) == 0) {
            *out = true;
            return 0;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
        if (strcmp(value, no[i]) == 0) {
            *out = false;
            return 0;
        }
    }
    return -EINVAL;
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
