/* SPDX-License-Identifier: BSD-2-Clause */
/* The first program of a Linux guest: speaks and powers off. No C library. */
#define POWER_OFF 0x4321fedc

#ifdef __aarch64__
#define SYS_WRITE  64
#define SYS_REBOOT 142

static long call(long number, long a, long b, long c)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;

    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
    return x0;
}
#else
#define SYS_WRITE  1
#define SYS_REBOOT 169

static long call(long number, long a, long b, long c)
{
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}
#endif

__attribute__((noreturn)) void _start(void)
{
    static const char line[] = "Basalt bench: init\n";

    call(SYS_WRITE, 1, (long)line, sizeof(line) - 1);
    call(SYS_REBOOT, 0xfee1dead, 672274793, POWER_OFF); /* the two magic numbers of reboot(2) */
    for (;;)
        ;
}
