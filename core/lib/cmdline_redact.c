/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/cmdline.h>
#include <core/compiler.h>
#include <string.h>

/* The end of the word that begins at `p`: white space outside of quotes. */
static char *word_end(char *p)
{
    char quote = '\0';

    for (; *p; p++) {
        if (quote == '"' && *p == '\\' && p[1])
            p++;
        else if (quote && *p == quote)
            quote = '\0';
        else if (!quote && (*p == '"' || *p == '\''))
            quote = *p;
        else if (!quote && strchr(" \t\r\n\v\f", *p))
            break;
    }
    return p;
}

void cmdline_redact(char *line)
{
    static const char option[] = "token=";
    char *p = line;

    while (*p) {
        char *end, *value, *name = p;

        if (strchr(" \t\r\n\v\f", *p)) {
            p++;
            continue;
        }
        end = word_end(p);
        while (*name == '"' || *name == '\'')
            name++;
        value = name + sizeof(option) - 1;
        if (strncmp(name, option, sizeof(option) - 1) == 0 && value < end) {
            size_t stars = MIN((size_t)(end - value), 3U);

            memset(value, '*', stars);
            memmove(value + stars, end, strlen(end) + 1);
            end = value + stars;
        }
        p = end;
    }
}
