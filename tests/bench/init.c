/* SPDX-License-Identifier: BSD-2-Clause */
/* The first program of a Linux guest: speaks and powers off. No C library. */
#define SYS_WRITE  1
#define SYS_REBOOT 169
#define POWER_OFF  0x4321fedc

static long call(long number, long a, long b, long c)
{
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

__attribute__((noreturn)) void _start(void)
{
    static const char line[] = "Basalt bench: init\n";

    call(SYS_WRITE, 1, (long)line, sizeof(line) - 1);
    call(SYS_REBOOT, 0xfee1dead, 672274793, POWER_OFF); /* the two magic numbers of reboot(2) */
    for (;;)
        ;
}
