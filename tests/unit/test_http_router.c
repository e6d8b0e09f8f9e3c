/* SPDX-License-Identifier: BSD-2-Clause */
#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <net/http.h>
#include <net/http_server.h>

#include "router.h"

static void handler(struct http_request *req)
{
}

#define GET HTTP_BIT(HTTP_GET)
#define PUT HTTP_BIT(HTTP_PUT)

HTTP_ROUTE(linked_one, .pattern = "/linked/one", .methods = GET, .handler = handler);
HTTP_ROUTE(linked_two, .pattern = "/linked/two", .methods = GET, .handler = handler);

static const struct http_route routes[] = {
    {.pattern = "/v1/images/{name}", .methods = GET, .handler = handler},
    {.pattern = "/", .methods = GET, .handler = handler},
    {.pattern = "/v1/images", .methods = GET | HTTP_BIT(HTTP_POST), .handler = handler},
    {.pattern = "/v1/images/{image}/content", .methods = GET, .handler = handler},
    {.pattern = "/v1/images/{id}", .methods = PUT | HTTP_BIT(HTTP_DELETE), .handler = handler},
    {.pattern = "/v1/images/special", .methods = GET, .handler = handler},
    {.pattern = "/v1/{kind}/all/{what}",
     .methods = HTTP_BIT(HTTP_PATCH) | HTTP_BIT(HTTP_HEAD),
     .handler = handler},
    {.pattern = "/v1", .methods = HTTP_BIT(HTTP_OPTIONS), .handler = handler},
    {.pattern = "/healthz", .methods = GET, .handler = handler},
};

static struct http_router router;

static void setup(void)
{
    const struct http_route *list[ARRAY_SIZE(routes)];
    const struct http_route *offender = routes;

    for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
        list[i] = &routes[i];
    cr_assert_eq(http_router_init(&router, list, ARRAY_SIZE(routes), &offender), 0);
    cr_assert_null(offender);
}

static void teardown(void)
{
    http_router_fini(&router);
}

TestSuite(http_router, .init = setup, .fini = teardown);

static const struct http_router_entry *find(const char *path, struct http_str params[HTTP_PARAMS_MAX],
                                            unsigned *n_params)
{
    struct http_str segments[HTTP_SEGMENTS_MAX];
    char scratch[128];
    int n = http_uri_split((struct http_str){path, strlen(path)}, scratch, segments);
    const struct http_router_entry *e;

    cr_assert_geq(n, 0);
    e = http_router_find(&router, segments, (unsigned)n);
    if (e && n_params)
        *n_params = http_router_params(e, segments, params);
    return e;
}

static void expect_route(const char *path, enum http_method method, int index)
{
    const struct http_router_entry *e = find(path, NULL, NULL);

    cr_assert_not_null(e, "%s", path);
    cr_assert_eq(http_router_method(e, method), index < 0 ? NULL : &routes[index], "%s", path);
}

Test(http_router, finds)
{
    expect_route("/", HTTP_GET, 1);
    expect_route("/v1", HTTP_GET, -1);
    expect_route("/v1", HTTP_OPTIONS, 7);
    expect_route("/v1/images", HTTP_POST, 2);
    expect_route("/v1/images", HTTP_HEAD, 2);
    expect_route("/v1/images", HTTP_PUT, -1);
    expect_route("/v1/images/a", HTTP_GET, 0);
    expect_route("/v1/images/a", HTTP_PUT, 4);
    expect_route("/v1/images/special", HTTP_GET, 5);
    expect_route("/v1/images/special", HTTP_PUT, -1);
    expect_route("/v1/images/special/content", HTTP_GET, 3);
    expect_route("/v1/images/speciam", HTTP_DELETE, 4);
    expect_route("/v1/images/all/content", HTTP_GET, 3);
    expect_route("/v1/images/all/x", HTTP_PATCH, 6);
    expect_route("/v1/images/all/x", HTTP_HEAD, 6);
    expect_route("/v1/other/all/x", HTTP_GET, -1);
    expect_route("/healthz", HTTP_GET, 8);
}

Test(http_router, finds_nothing)
{
    static const char *const paths[] = {"/x",
                                        "/v1/",
                                        "/v1/images/",
                                        "/v1/images/a/",
                                        "/v1/images/a/contents",
                                        "/v",
                                        "/v1/images//x",
                                        "//",
                                        "/v1/images/a/b/c/d",
                                        "/healthz/x",
                                        "/v1/x/all/",
                                        "/v1/{kind}/x/y",
                                        "/v1/x",
                                        "/V1",
                                        "/healthzz"};

    for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
        cr_assert_null(find(paths[i], NULL, NULL), "%s", paths[i]);
}

Test(http_router, gives_parameters)
{
    struct http_str params[HTTP_PARAMS_MAX];
    unsigned n = 9;

    cr_assert_not_null(find("/v1/disks/all/x", params, &n));
    cr_assert_eq(n, 2);
    cr_assert(http_str_eq(params[0], HTTP_STR("disks")));
    cr_assert(http_str_eq(params[1], HTTP_STR("x")));
    /* A segment that looks like a parameter of ours is a name like any other. */
    cr_assert_not_null(find("/v1/images/{name}", params, &n));
    cr_assert_eq(n, 1);
    cr_assert_not_null(find("/healthz", params, &n));
    cr_assert_eq(n, 0);
}

Test(http_router, says_what_is_allowed)
{
    char allow[HTTP_ALLOW_MAX];

    http_router_allow(find("/v1/images/a", NULL, NULL), allow);
    cr_assert_str_eq(allow, "GET, HEAD, PUT, DELETE, OPTIONS");
    http_router_allow(find("/v1/images", NULL, NULL), allow);
    cr_assert_str_eq(allow, "GET, HEAD, POST, OPTIONS");
    http_router_allow(NULL, allow);
    cr_assert_str_eq(allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

static void expect_invalid(const char *pattern, unsigned methods, http_handler h)
{
    const struct http_route bad = {.pattern = pattern, .methods = (uint16_t)methods, .handler = h};
    const struct http_route *list[] = {&routes[0], &bad};
    const struct http_route *offender = NULL;
    struct http_router r;

    cr_assert_eq(http_router_init(&r, list, 2, &offender), -EINVAL, "%s", pattern ? pattern : "NULL");
    cr_assert_eq(offender, &bad);
    cr_assert_eq(http_router_init(&r, list, 2, NULL), -EINVAL);
}

Test(http_router, refuses_bad_routes)
{
    char longest[300] = "/";

    memset(longest + 1, 'a', 280);
    expect_invalid(NULL, GET, handler);
    expect_invalid("", GET, handler);
    expect_invalid("a", GET, handler);
    expect_invalid("//", GET, handler);
    expect_invalid("/a/", GET, handler);
    expect_invalid("/a//b", GET, handler);
    expect_invalid("/{}", GET, handler);
    expect_invalid("/{a", GET, handler);
    expect_invalid("/a{b}", GET, handler);
    expect_invalid("/{a}b}", GET, handler);
    expect_invalid("/a}", GET, handler);
    expect_invalid("/{a}/{b}/{c}/{d}/{e}", GET, handler);
    expect_invalid("/1/2/3/4/5/6/7/8/9", GET, handler);
    expect_invalid(longest, GET, handler);
    expect_invalid("/ok", 0, handler);
    expect_invalid("/ok", 1U << HTTP_METHOD_COUNT, handler);
    expect_invalid("/ok", GET, NULL);
    expect_invalid("/v1/images/{again}", GET, handler);
}

Test(http_router, works_without_routes)
{
    struct http_router r;
    struct http_str segment = HTTP_STR("a");

    cr_assert_eq(http_router_init(&r, NULL, 0, NULL), 0);
    cr_assert_null(http_router_find(&r, &segment, 1));
    cr_assert_null(http_router_find(&r, NULL, 0));
    http_router_fini(&r);
}

Test(http_router, holds_many)
{
    enum { N = 1000 };
    static struct http_route many[N];
    static const struct http_route *list[N];
    static char patterns[N][32];
    struct http_router r;

    for (int i = 0; i < N; i++) {
        snprintf(patterns[i], sizeof(patterns[i]), i % 2 ? "/r%d/{x}/leaf" : "/r%d/{x}", i * 7919 % N);
        many[i] = (struct http_route){.pattern = patterns[i], .methods = GET, .handler = handler};
        list[i] = &many[i];
    }
    cr_assert_eq(http_router_init(&r, list, N, NULL), 0);
    for (int i = 0; i < N; i++) {
        struct http_str segments[3] = {
            {patterns[i] + 1, strcspn(patterns[i] + 1, "/")}, HTTP_STR("x"), HTTP_STR("leaf")};
        const struct http_router_entry *e = http_router_find(&r, segments, i % 2 ? 3 : 2);

        cr_assert_not_null(e);
        cr_assert_eq(e->by_method[HTTP_GET], &many[i]);
        cr_assert_null(http_router_find(&r, segments, i % 2 ? 2 : 3));
    }
    http_router_fini(&r);
}

Test(http_router, linked_routes)
{
    size_t n;
    const struct http_route *const *list = http_linked_routes(&n);

    cr_assert_eq(n, 2);
    cr_assert((list[0] == &route_linked_one && list[1] == &route_linked_two) ||
              (list[0] == &route_linked_two && list[1] == &route_linked_one));
}
