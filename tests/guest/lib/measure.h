/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MEASURE_H
#define MEASURE_H

#include "guest.h"

/*
 * What a guest's operations cost, for tests/bench. Where the counter counts executed instructions (an
 * emulator told to do so), the time that an operation takes is its cost, the host's part included. Each line
 * "cost NAME N" is a median, less what taking the time costs; NAME is known to tests/bench/exits.py.
 */
#define ROUNDS 501

struct operation {
    const char *name;
    void (*run)(void);
    void (*prepare)(void); /* before each, not counted */
    unsigned rounds;       /* 0: ROUNDS */
};

/* First of all: what taking the time costs. */
void measure_init(void);
/* The median of so many rounds, at most ROUNDS. */
uint64_t take(const struct operation *o, unsigned rounds);
/* With trace=NAME on the command line nothing but that one, when a byte has been typed. */
bool is_wanted(const struct operation *o);
void operation_run(const struct operation *o);
void say(const char *name, uint64_t cost);

#define RUN_ALL(list)                                               \
    for (unsigned i = 0; i < sizeof(list) / sizeof((list)[0]); i++) \
    operation_run(&(list)[i])

#endif
