/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_UNIT_HTTP_SESSION_H
#define TESTS_UNIT_HTTP_SESSION_H

#include "http_app.h"
#include <criterion/criterion.h>

/* A client's connection to http_app.h's server, for the tests. */
#define HOST      "Host: h\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"

static struct mock m;

static inline void start(struct http_config config)
{
    app_start(config);
    cr_assert_eq(app_connect(&m), 0);
}

static inline void stop(void)
{
    struct http_stats stats;

    app_disconnect(&m);
    http_server_stats(app.server, &stats);
    cr_assert_eq(stats.connections, 0);
    cr_assert_eq(stats.requests, 0);
    app_stop();
}

static inline bool answered(const char *text)
{
    return strstr(m.out, text) != NULL;
}

static inline bool ends_with(const char *text)
{
    size_t len = strlen(text);

    return m.out_len >= len && memcmp(m.out + m.out_len - len, text, len) == 0;
}

#endif
