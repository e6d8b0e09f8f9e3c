/* SPDX-License-Identifier: BSD-2-Clause */
#include "request_stats.h"

#include <core/time.h>
#include <errno.h>
#include <net/http.h>
#include <net/http_server.h>
#include <stdlib.h>
#include <string.h>

/* Statuses a route can answer with and still be told apart; the rest counts as code 0. */
#define CODES_MAX 24

/* Upper bounds of the histogram, and how Prometheus wants them written. */
static const struct {
    uint64_t ns;
    const char *le;
} bounds[] = {
    {500 * NSEC_PER_USEC, "0.0005"},
    {1 * NSEC_PER_MSEC, "0.001"},
    {5 * NSEC_PER_MSEC, "0.005"},
    {10 * NSEC_PER_MSEC, "0.01"},
    {50 * NSEC_PER_MSEC, "0.05"},
    {100 * NSEC_PER_MSEC, "0.1"},
    {500 * NSEC_PER_MSEC, "0.5"},
    {1000 * NSEC_PER_MSEC, "1"},
    {5000 * NSEC_PER_MSEC, "5"},
    {30000 * NSEC_PER_MSEC, "30"},
    {~0ULL, "+Inf"},
};

struct pattern_stats {
    const char *pattern; /* immutable */
    bool is_streaming;   /* immutable: durations say nothing */
    unsigned n_codes;
    struct {
        unsigned code;
        uint64_t count;
    } codes[CODES_MAX];
    uint64_t durations[ARRAY_SIZE(bounds)]; /* not cumulated */
    uint64_t duration_sum_ns;
};

/* Which statistics a route counts in: methods of one pattern share theirs. Sorted by route. */
struct route_stats {
    const struct http_route *route;
    struct pattern_stats *stats;
};

static struct route_stats *routes;
static size_t n_routes;
static struct pattern_stats *patterns; /* the first is for what matches no route */
static size_t n_patterns;

static int route_compare(const void *a, const void *b)
{
    const struct http_route *x = ((const struct route_stats *)a)->route,
                            *y = ((const struct route_stats *)b)->route;

    return x < y ? -1 : x > y;
}

static struct pattern_stats *pattern_find_or_add(const struct http_route *route)
{
    for (size_t i = 1; i < n_patterns; i++) {
        if (strcmp(patterns[i].pattern, route->pattern) == 0)
            return &patterns[i];
    }
    patterns[n_patterns].pattern = route->pattern;
    return &patterns[n_patterns++];
}

int request_stats_start(void)
{
    const struct http_route *const *linked = http_linked_routes(&n_routes);

    routes = calloc(n_routes, sizeof(*routes));
    patterns = calloc(n_routes + 1, sizeof(*patterns));
    if (!routes || !patterns)
        return -ENOMEM;
    patterns[0].pattern = "none";
    n_patterns = 1;
    for (size_t i = 0; i < n_routes; i++) {
        routes[i] = (struct route_stats){linked[i], pattern_find_or_add(linked[i])};
        routes[i].stats->is_streaming |= (linked[i]->flags & HTTP_ROUTE_STREAMING) != 0;
    }
    qsort(routes, n_routes, sizeof(*routes), route_compare);
    return 0;
}

/* The counter of a status; the last one is for all that are too many to tell apart. */
static void count_code(struct pattern_stats *stats, unsigned code)
{
    unsigned i = 0;

    while (i < stats->n_codes && i < CODES_MAX - 1 && stats->codes[i].code != code)
        i++;
    if (i == stats->n_codes) {
        stats->n_codes++;
        stats->codes[i].code = i == CODES_MAX - 1 ? 0 : code;
    }
    stats->codes[i].count++;
}

void request_stats_count(const struct http_request *req, const struct http_result *result)
{
    struct route_stats key = {.route = req->route};
    const struct route_stats *found =
        req->route ? bsearch(&key, routes, n_routes, sizeof(*routes), route_compare) : NULL;
    struct pattern_stats *stats = found ? found->stats : &patterns[0];
    size_t bucket = 0;

    count_code(stats, result->status);
    if (stats->is_streaming)
        return;
    while (result->duration_ns > bounds[bucket].ns)
        bucket++;
    stats->durations[bucket]++;
    stats->duration_sum_ns += result->duration_ns;
}

/* NAME{route="PATTERN" without the rest. */
static void write_sample(struct text *text, const char *name, const struct pattern_stats *stats)
{
    text_string(text, name);
    text_string(text, "{route=\"");
    text_string(text, stats->pattern);
    text_string(text, "\"");
}

static void write_histogram(struct text *text, const struct pattern_stats *stats)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
        sum += stats->durations[i];
        write_sample(text, "basalt_http_request_duration_seconds_bucket", stats);
        text_string(text, ",le=\"");
        text_string(text, bounds[i].le);
        text_string(text, "\"} ");
        text_u64(text, sum);
        text_string(text, "\n");
    }
    write_sample(text, "basalt_http_request_duration_seconds_sum", stats);
    text_printf(text, "} %llu.%09llu\n", (unsigned long long)(stats->duration_sum_ns / NSEC_PER_SEC),
                (unsigned long long)(stats->duration_sum_ns % NSEC_PER_SEC));
    write_sample(text, "basalt_http_request_duration_seconds_count", stats);
    text_string(text, "} ");
    text_u64(text, sum);
    text_string(text, "\n");
}

void request_stats_write(struct text *text)
{
    text_string(text,
                "# HELP basalt_http_requests_total Answered requests; code 0: the connection died before.\n"
                "# TYPE basalt_http_requests_total counter\n");
    for (size_t i = 0; i < n_patterns; i++) {
        for (unsigned c = 0; c < patterns[i].n_codes; c++)
            text_printf(text, "basalt_http_requests_total{route=\"%s\",code=\"%u\"} %llu\n",
                        patterns[i].pattern, patterns[i].codes[c].code,
                        (unsigned long long)patterns[i].codes[c].count);
    }
    text_string(text,
                "# HELP basalt_http_request_duration_seconds From a request's first byte to the last of its "
                "answer; streams left out.\n"
                "# TYPE basalt_http_request_duration_seconds histogram\n");
    for (size_t i = 0; i < n_patterns; i++) {
        if (patterns[i].n_codes > 0 && !patterns[i].is_streaming)
            write_histogram(text, &patterns[i]);
    }
}
