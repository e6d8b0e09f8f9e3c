/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CORE_COMPILER_H
#define CORE_COMPILER_H

/* Attributes and small macros that every room uses. No code, no dependencies beyond the C language. */

#include <stddef.h>

/* The result says whether the call worked; dropping it is an error in the caller. */
#define must_check                        __attribute__((warn_unused_result))
#define noreturn_fn                       __attribute__((noreturn))
#define printf_like(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define packed_struct                     __attribute__((packed))
#define aligned_to(n)                     __attribute__((aligned(n)))
#define in_section(s)                     __attribute__((section(s)))
#define keep_symbol                       __attribute__((used))
#define always_inline                     inline __attribute__((always_inline))
#define no_inline                         __attribute__((noinline))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define ARRAY_SIZE(a)                   (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#define BIT(n) (1ULL << (n))
/* Bits hi..lo set, both included, as the manuals write fields. */
#define MASK(hi, lo) ((~0ULL >> (63 - (hi))) & (~0ULL << (lo)))
/* The value of field [hi:lo] of x. */
#define FIELD(x, hi, lo) (((x) >> (lo)) & (~0ULL >> (63 - (hi) + (lo))))

/* a must be a power of two. */
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define ALIGN_UP(x, a)   ALIGN_DOWN((x) + ((__typeof__(x))(a) - 1), a)
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* 1 when a Kconfig bool is y, 0 when it is not set; usable in C expressions, so both branches always compile.
 */
#define IS_ENABLED(option)         CONFIG_PROBE_1_(option)
#define CONFIG_PROBE_1_(value)     CONFIG_PROBE_2_(CONFIG_PROBE_COMMA_##value)
#define CONFIG_PROBE_COMMA_1       0,
#define CONFIG_PROBE_2_(maybe)     CONFIG_PROBE_3_(maybe 1, 0, 0)
#define CONFIG_PROBE_3_(a, b, ...) b

#endif
