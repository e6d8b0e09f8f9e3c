/* SPDX-License-Identifier: BSD-2-Clause */
/* What an arm64 machine's operations cost: ../lib/measure.h. */
#include "../lib/measure.h"

const char guest_name[] = "bench";

#define UART    0x09000000UL
#define UART_FR 0x18
#define SELF    3
#define MIB     (1UL << 20)

/* Written by the interrupt's handler. */
volatile uint32_t bench_arrived;

/* The smallest handler there can be: nothing of the guest's own shall hide the cost. The timer is switched
 * off in it, since it would come again. */
extern const uint8_t bench_vectors[];
__asm__(".balign 2048\n"
        "bench_vectors:\n"
        ".skip 0x280\n"
        "    stp x0, x1, [sp, #-16]!\n"
        "    mrs x0, s3_0_c12_c12_0\n"
        "    msr cntv_ctl_el0, xzr\n"
        "    msr s3_0_c12_c12_1, x0\n"
        "    adrp x0, bench_arrived\n"
        "    ldr w1, [x0, :lo12:bench_arrived]\n"
        "    add w1, w1, #1\n"
        "    str w1, [x0, :lo12:bench_arrived]\n"
        "    ldp x0, x1, [sp], #16\n"
        "    eret\n"
        ".balign 2048\n");

static void handler_set(void)
{
    sysreg_write("vbar_el1", bench_vectors);
}

/* The usual ones again. */
static void handler_unset(void)
{
    extern const uint8_t vectors[];

    sysreg_write("vbar_el1", vectors);
}

static void hypercall(void)
{
    __asm__ volatile("mov x0, #0x84000000; hvc #0" : : : "x0", "x1", "x2", "x3");
}

static void secure_call(void)
{
    __asm__ volatile("mov x0, #0x84000000; smc #0" : : : "x0", "x1", "x2", "x3");
}

static void uart_status(void)
{
    (void)read32(UART + UART_FR);
}

static void uart_out(void)
{
    write32(UART, '.');
}

static void uart_in(void)
{
    (void)read32(UART);
}

static void gicd_read(void)
{
    (void)read32(GICD + 8);
}

static void gicd_write(void)
{
    write32(GICD + 0x104, 0);
}

static void gicr_read(void)
{
    (void)read32(GICR + 8);
}

static void id_read(void)
{
    (void)sysreg_read("id_aa64pfr0_el1");
}

static void counter_physical(void)
{
    (void)sysreg_read("cntpct_el0");
}

static void timer_physical(void)
{
    __asm__ volatile("msr cntp_cval_el0, %0" : : "r"(~0ULL));
}

/* Nobody is there: what the exit alone costs. */
static void sgi_nobody(void)
{
    __asm__ volatile("msr s3_0_c12_c11_5, %0" : : "r"(5ULL << 24 | 0x8000));
}

static const struct operation plain_operations[] = {
    {.name = "hvc", .run = hypercall},
    {.name = "uart-status", .run = uart_status},
    {.name = "uart-out", .run = uart_out},
    {.name = "gicd-read", .run = gicd_read},
    {.name = "gicd-write", .run = gicd_write},
    {.name = "gicr-read", .run = gicr_read},
    {.name = "id-read", .run = id_read},
    {.name = "cntpct", .run = counter_physical},
    {.name = "cntp-cval", .run = timer_physical},
    {.name = "sgi-nobody", .run = sgi_nobody},
};

static void input_wait(void)
{
    while (!serial_can_read())
        cpu_relax();
}

/* Bytes from the console, of which so many must be typed; none: none is measured. */
static void input_bench(void)
{
    unsigned rounds = (unsigned)option("input", 0);

    if (rounds == 0)
        return;
    print("type\n");
    operation_run(&(struct operation){"uart-in", uart_in, input_wait, rounds});
}

static void self_send(void)
{
    __asm__ volatile("msr s3_0_c12_c11_5, %0" : : "r"((uint64_t)SELF << 24 | 1));
}

static void self_sgi(void)
{
    uint32_t before = bench_arrived;

    self_send();
    while (bench_arrived == before)
        ;
}

static void self_sgi_wfi(void)
{
    self_send();
    wait_irq();
}

static void self_wait(void)
{
    uint32_t before = bench_arrived;

    irq_off();
    self_send();
    while (!(sysreg_read("isr_el1") & 0x80))
        cpu_relax();
    (void)before;
}

/* An interrupt that is there already: taking and ending it, which needs nobody's help. */
static void eoi(void)
{
    __asm__ volatile("mrs x0, s3_0_c12_c12_0; msr s3_0_c12_c12_1, x0" : : : "x0", "memory");
}

static uint64_t ahead = 100000;

static void timer_past(void)
{
    uint32_t before = bench_arrived;

    __asm__ volatile("msr cntv_tval_el0, xzr; msr cntv_ctl_el0, %0" : : "r"(1UL));
    while (bench_arrived == before)
        ;
}

static void timer_halt(void)
{
    uint64_t deadline = counter_read() + ahead;
    uint32_t before = bench_arrived;

    __asm__ volatile("msr cntv_cval_el0, %0; msr cntv_ctl_el0, %1" : : "r"(deadline), "r"(1UL));
    while (bench_arrived == before)
        wait_irq();
}

/*
 * A deadline that is over; and a halt until one is. Of that, the time asleep is not cost: the nearest
 * deadline that still finds the CPU asleep tells what goes before, and how late the round ends what comes
 * after.
 */
static void timer_bench(void)
{
    static const struct operation past = {.name = "timer-past", .run = timer_past};
    static const struct operation halt = {.name = "timer-halt", .run = timer_halt};
    uint64_t late, near;

    irq_on();
    operation_run(&past);
    irq_off();
    if (!is_wanted(&halt))
        return;
    late = take(&halt, 101) - ahead;
    /* One round is all that a tracer wants. */
    for (ahead = near = 20000; !option_is("trace", NULL) && near > 100 && take(&halt, 9) <= near + late + 20;
         ahead = near)
        near -= 20;
    say("timer-late", late);
    say(halt.name, near + late);
}

static void interrupt_bench(void)
{
    static const struct operation sgi = {.name = "self-sgi", .run = self_sgi};
    static const struct operation wfi = {.name = "self-sgi-wfi", .run = self_sgi_wfi};
    static const struct operation end = {.name = "eoi", .run = eoi, .prepare = self_wait};

    irq_set(SELF, NULL);
    irq_set(TIMER_VIRT, NULL);
    irq_on();
    operation_run(&sgi);
    irq_off();
    operation_run(&wfi);
    operation_run(&end);
    timer_bench();
}

void ap_run(unsigned index)
{
    (void)index;
    handler_set(); /* what came before has set it anew */
    for (;;)
        wait_irq();
}

static void pause_a_while(void)
{
    uint64_t start = counter_read();

    while (counter_read() - start < 20000)
        cpu_relax();
}

static void ipi_run(void)
{
    uint32_t before = bench_arrived;

    __asm__ volatile("msr s3_0_c12_c11_5, %0" : : "r"((uint64_t)SELF << 24 | 2));
    while (bench_arrived == before)
        cpu_relax();
}

static void lpi_run(void)
{
    uint32_t before = bench_arrived;

    its_command((uint64_t)ITS_DEVICE << 32 | 3, 0, 0); /* INT */
    its_go();
    while (bench_arrived == before)
        cpu_relax();
}

static void pair_bench(void)
{
    static const struct operation ipi = {.name = "ipi", .run = ipi_run, .prepare = pause_a_while};
    static const struct operation lpi = {.name = "lpi", .run = lpi_run, .prepare = pause_a_while};

    if (!smp_start(1)) {
        fail("no second processor");
        return;
    }
    operation_run(&ipi);
    if (its_init(1))
        operation_run(&lpi);
}

/* Memory above all that the loader and the tests before have touched, 2 MiB by 2 MiB. */
static uintptr_t fresh;

static void memory_fresh(void)
{
    write32(fresh, 1);
    fresh += 2 * MIB;
}

static void memory_bench(void)
{
    unsigned rounds;

    fresh = memory_begin() + 16 * MIB;
    rounds = (unsigned)((memory_end() - 4 * MIB - fresh) / (2 * MIB));
    if (rounds > 0 && rounds < ROUNDS)
        operation_run(&(struct operation){"fault-fresh", memory_fresh, NULL, rounds});
}

void guest_run(void)
{
    bool has_smc;

    measure_init();
    TRY("smc #0", : : : "x0", "x1", "x2", "x3", TRY_CLOBBERS);
    has_smc = trap_esr == NO_FAULT; /* not on QEMU itself */
    irq_init();
    handler_set();
    if (option("cpus", 1) > 1) {
        pair_bench();
    } else {
        RUN_ALL(plain_operations);
        if (has_smc)
            operation_run(&(struct operation){.name = "smc", .run = secure_call});
        input_bench();
        interrupt_bench();
        memory_bench();
    }
    handler_unset();
}
