/* SPDX-License-Identifier: BSD-2-Clause */
#include "measure.h"

static uint32_t samples[ROUNDS];
static unsigned count;
static uint64_t overhead;

static uint64_t median(void)
{
    for (unsigned i = 1; i < count; i++)
        for (unsigned k = i; k > 0 && samples[k - 1] > samples[k]; k--) {
            uint32_t other = samples[k];

            samples[k] = samples[k - 1];
            samples[k - 1] = other;
        }
    return samples[count / 2];
}

void say(const char *name, uint64_t cost)
{
    print("\ncost %s %u\n", name, cost);
}

/* For a tracer: a round begins here. */
__attribute__((noinline, used)) void bench_round(void);
void bench_round(void)
{
    __asm__ volatile("");
}

uint64_t take(const struct operation *o, unsigned rounds)
{
    for (count = 0; count < rounds; count++) {
        uint64_t start;

        if (o->prepare)
            o->prepare();
        bench_round();
        start = counter_read();
        o->run();
        samples[count] = (uint32_t)(counter_read() - start);
    }
    return median() - overhead;
}

bool is_wanted(const struct operation *o)
{
    if (!option_is("trace", NULL))
        return true;
    if (!option_is("trace", o->name))
        return false;
    print("ready\n");
    while (!serial_can_read())
        for (unsigned i = 0; i < 100000; i++)
            cpu_relax();
    (void)serial_read();
    return true;
}

void operation_run(const struct operation *o)
{
    if (is_wanted(o))
        say(o->name, take(o, o->rounds ? o->rounds : ROUNDS));
}

static void nothing(void)
{
}

void measure_init(void)
{
    static const struct operation empty = {.run = nothing};

    overhead = take(&empty, ROUNDS);
}
