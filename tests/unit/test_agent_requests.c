/* SPDX-License-Identifier: BSD-2-Clause */
#include "query.h"
#include "request_stats.h"
#include "text.h"

#include <core/time.h>
#include <criterion/criterion.h>
#include <net/http.h>
#include <net/http_server.h>
#include <net/net.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A request with one header field, and the answer it gets. */
static const char *header_name, *header_value;
static unsigned status;
static char field[64];

bool http_request_header(const struct http_request *req, const char *name, struct http_str *value)
{
    if (!header_name || strcmp(name, header_name) != 0)
        return false;
    *value = (struct http_str){header_value, strlen(header_value)};
    return true;
}

void http_respond_problem(struct http_request *req, unsigned problem_status, const char *code,
                          const char *problem_field, const char *detail_format, ...)
{
    status = problem_status;
    snprintf(field, sizeof(field), "%s", problem_field ? problem_field : "");
}

void http_respond_owned(struct http_request *req, unsigned answer_status, const char *content_type,
                        void *body, size_t len, void (*release)(void *body))
{
}

void http_response_header_u64(struct http_request *req, const char *name, uint64_t value)
{
}

void net_after_tx(struct net_after_tx *self)
{
}

static struct http_request *asking(const char *query)
{
    static struct http_request req;

    req.query = (struct http_str){query, strlen(query)};
    status = 0;
    return &req;
}

Test(query, unknown_parameters_are_named)
{
    static const char *const names[] = {"a", "b", NULL};

    cr_assert(query_only(asking("a=1&b=2&a"), names));
    cr_assert(query_only(asking(""), names));
    cr_assert_not(query_only(asking("a=1&colour=2"), names));
    cr_assert_eq(status, 400);
    cr_assert_str_eq(field, "colour");
    cr_assert_not(
        query_only(asking("0123456789012345678901234567890123456789012345678901234567890123456789"), names));
    cr_assert_eq(strlen(field), 63);
}

Test(query, numbers)
{
    uint64_t value = 77;

    cr_assert(query_u64(asking("b=1"), "a", 1, 10, &value));
    cr_assert_eq(value, 77);
    cr_assert(query_u64(asking("a=%31%30"), "a", 1, 10, &value));
    cr_assert_eq(value, 10);
    for (const char *const *bad =
             (const char *const[]){"a=", "a=0", "a=11", "a=-1", "a=1x", "a=99999999999999999999999", "a=%zz",
                                   "a=1111111111111111111111111111111111111111", NULL};
         *bad; bad++) {
        cr_assert_not(query_u64(asking(*bad), "a", 1, 10, &value), "%s", *bad);
        cr_assert_eq(status, 400);
        cr_assert_str_eq(field, "a");
    }
    cr_assert_eq(value, 10);
}

Test(query, flags_and_texts)
{
    char text[4];
    bool flag = true;

    cr_assert(query_flag(asking(""), "f", &flag) && !flag);
    cr_assert(query_flag(asking("f"), "f", &flag) && flag);
    cr_assert(query_flag(asking("f=false"), "f", &flag) && !flag);
    cr_assert(query_flag(asking("f=true"), "f", &flag) && flag);
    cr_assert_not(query_flag(asking("f=maybe"), "f", &flag));
    cr_assert_not(query_flag(asking("f=muchtoolong"), "f", &flag));
    cr_assert(query_text(asking("t=abc"), "t", text, sizeof(text)));
    cr_assert_str_eq(text, "abc");
    cr_assert(query_text(asking(""), "t", text, sizeof(text)));
    cr_assert_str_eq(text, "");
    cr_assert_not(query_text(asking("t=abcd"), "t", text, sizeof(text)));
}

static bool prefers(const char *accept)
{
    header_name = accept ? "Accept" : NULL;
    header_value = accept;
    return accept_prefers(asking(""), "text/plain");
}

Test(query, accept)
{
    cr_assert_not(prefers(NULL));
    cr_assert_not(prefers("*/*"));
    cr_assert_not(prefers("application/json, text/plain"));
    cr_assert(prefers("text/plain"));
    cr_assert(prefers("text/html, Text/Plain ; q=0.5"));
}

/* ---- statistics ---- */

static const struct http_route get_x = {.pattern = "/x", .methods = HTTP_BIT(HTTP_GET)};
static const struct http_route put_x = {.pattern = "/x", .methods = HTTP_BIT(HTTP_PUT)};
static const struct http_route stream = {.pattern = "/s", .flags = HTTP_ROUTE_STREAMING};
static const struct http_route *const linked[] = {&get_x, &stream, &put_x};

const struct http_route *const *http_linked_routes(size_t *n)
{
    *n = ARRAY_SIZE(linked);
    return linked;
}

static void count(const struct http_route *route, unsigned answer, uint64_t duration_ns)
{
    struct http_request req = {.route = route};
    struct http_result result = {.status = answer, .duration_ns = duration_ns};

    request_stats_count(&req, &result);
}

static bool has_line(const struct text *text, const char *line)
{
    return memmem(text_bytes(text), text->length, line, strlen(line)) != NULL;
}

Test(request_stats, counts_by_pattern_and_code)
{
    struct text text = {0};

    cr_assert_eq(request_stats_start(), 0);
    count(&get_x, 200, 400 * NSEC_PER_USEC);
    count(&put_x, 200, 2 * NSEC_PER_MSEC);
    count(&put_x, 409, 100 * NSEC_PER_SEC);
    count(&stream, 200, 1);
    count(NULL, 404, 1);
    for (unsigned code = 500; code < 600; code++)
        count(NULL, code, 1);
    request_stats_write(&text);
    cr_assert(has_line(&text, "basalt_http_requests_total{route=\"/x\",code=\"200\"} 2\n"));
    cr_assert(has_line(&text, "basalt_http_requests_total{route=\"/x\",code=\"409\"} 1\n"));
    cr_assert(has_line(&text, "basalt_http_requests_total{route=\"none\",code=\"404\"} 1\n"));
    cr_assert(has_line(&text, "basalt_http_requests_total{route=\"none\",code=\"0\"} 78\n"));
    cr_assert(has_line(&text, "seconds_bucket{route=\"/x\",le=\"0.0005\"} 1\n"));
    cr_assert(has_line(&text, "seconds_bucket{route=\"/x\",le=\"0.005\"} 2\n"));
    cr_assert(has_line(&text, "seconds_bucket{route=\"/x\",le=\"30\"} 2\n"));
    cr_assert(has_line(&text, "seconds_bucket{route=\"/x\",le=\"+Inf\"} 3\n"));
    cr_assert(has_line(&text, "seconds_sum{route=\"/x\"} 100.002400000\n"));
    cr_assert_not(has_line(&text, "seconds_bucket{route=\"/s\""));
    text_free(&text);
}
