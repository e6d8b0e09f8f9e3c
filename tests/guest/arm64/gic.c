/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt controller by its rules: what is delivered, when, in which order, and what is not. Arm IHI
 * 0069; IHI 0048. */
#include "../lib/guest.h"

const char guest_name[] = "gic";

#define ISPENDR   0x200
#define ISACTIVER 0x300
#define ICACTIVER 0x380
#define ICFGR     0xc00
#define FIRST     48 /* the SPIs used here: edges, nobody's */
#define COUNT     8
#define PPI       20
#define SGI       3
#define ASK       4 /* to the other processor: answer with SGI */
#define CPENDSGIR 0xf10
#define SPENDSGIR 0xf20

static unsigned taken[64], count;
static unsigned inner, outer_priority;

static void on_any(unsigned intid)
{
    if (count < 64)
        taken[count] = intid;
    count++;
}

static void bit_write(unsigned intid, unsigned offset)
{
    write32(gic_bank(intid) + offset + intid / 32 * 4, 1U << intid % 32);
}

static bool bit_read(unsigned intid, unsigned offset)
{
    return read32(gic_bank(intid) + offset + intid / 32 * 4) >> intid % 32 & 1;
}

/* Lets in what is pending. */
static void open_window(void)
{
    __asm__ volatile("dsb sy" : : : "memory");
    irq_on();
    delay_us(300);
    irq_off();
}

static void prepare(unsigned intid)
{
    if (intid >= 32)
        write32(GICD + ICFGR + intid / 16 * 4, read32(GICD + ICFGR + intid / 16 * 4) | 2U << intid % 16 * 2);
    irq_set(intid, on_any);
}

static void one_check(unsigned intid)
{
    count = 0;
    irq_pend(intid, true);
    expect(bit_read(intid, ISPENDR), "%u: not pending", (uint64_t)intid);
    expect((uint64_t)gic_highest() == intid, "%u: HPPIR is %u", (uint64_t)intid, (uint64_t)gic_highest());
    open_window();
    expect(count == 1 && taken[0] == intid, "%u: %u interrupts", (uint64_t)intid, (uint64_t)count);
    expect(!bit_read(intid, ISPENDR) && !bit_read(intid, ISACTIVER), "%u: pending or active behind it",
           (uint64_t)intid);
    /* Taken back. */
    count = 0;
    irq_pend(intid, true);
    irq_pend(intid, false);
    open_window();
    expect(count == 0, "%u: comes though it was cleared", (uint64_t)intid);
    if (intid < 16 && gic_is_v2())
        return; /* always enabled */
    /* Disabled, it stays pending. */
    irq_enable(intid, false);
    irq_pend(intid, true);
    open_window();
    expect(count == 0, "%u: comes though it is disabled", (uint64_t)intid);
    irq_enable(intid, true);
    open_window();
    expect(count == 1, "%u: lost while it was disabled", (uint64_t)intid);
}

/* All pending at once: by priority. */
static void order_check(void)
{
    count = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        irq_priority(FIRST + i, (uint8_t)(0xf0 - 0x10 * (i * 3 % COUNT + 1)));
        irq_pend(FIRST + i, true);
    }
    open_window();
    expect(count == COUNT, "%u of %u came", (uint64_t)count, (uint64_t)COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        unsigned wanted = 0;

        while (wanted * 3 % COUNT != COUNT - 1 - i)
            wanted++;
        expect(taken[i] == FIRST + wanted, "%u came as number %u", (uint64_t)taken[i], (uint64_t)i);
    }
}

/* Below the mask nothing comes; equal to it neither. */
static void mask_check(void)
{
    count = 0;
    irq_priority(FIRST, 0x80);
    gic_mask(0x80);
    irq_pend(FIRST, true);
    open_window();
    expect(count == 0, "a masked priority comes through");
    gic_mask(0x88);
    open_window();
    expect(count == 1, "a priority above the mask does not come");
    gic_mask(0xff);
}

static void on_outer(unsigned intid)
{
    unsigned before = count;

    (void)intid;
    outer_priority = gic_running();
    irq_pend(FIRST + 1, true); /* less important */
    irq_pend(FIRST + 2, true); /* more */
    open_window();
    inner = count - before;
}

static void preemption_check(void)
{
    count = 0;
    irq_priority(FIRST, 0x80);
    irq_priority(FIRST + 1, 0x90);
    irq_priority(FIRST + 2, 0x40);
    irq_set(FIRST, on_outer);
    irq_priority(FIRST, 0x80);
    irq_pend(FIRST, true);
    open_window();
    expect(outer_priority == 0x80, "running priority %x", (uint64_t)outer_priority);
    expect(inner == 1 && taken[0] == FIRST + 2, "%u interrupts within one, the first is %u", (uint64_t)inner,
           (uint64_t)taken[0]);
    expect(count == 2 && taken[1] == FIRST + 1, "the less important one: %u in all", (uint64_t)count);
    expect((uint64_t)gic_running() == 0xff, "idle priority %x", (uint64_t)gic_running());
    prepare(FIRST);
}

/* EOImode: EOIR only drops the priority; while it is active it does not come again. */
static void split_check(unsigned intid)
{
    uint64_t got;

    irq_priority(intid, 0x80);
    gic_split(true);
    irq_pend(intid, true);
    delay_us(100);
    got = gic_acknowledge();
    expect(got == intid, "%u: IAR is %u", (uint64_t)intid, got);
    expect(bit_read(intid, ISACTIVER), "%u: not active", (uint64_t)intid);
    gic_end((unsigned)got);
    expect((uint64_t)gic_running() == 0xff, "%u: priority %x behind EOIR", (uint64_t)intid,
           (uint64_t)gic_running());
    expect(bit_read(intid, ISACTIVER), "%u: not active behind EOIR", (uint64_t)intid);
    irq_pend(intid, true);
    delay_us(100);
    got = gic_acknowledge();
    expect(got == SPURIOUS, "%u comes again while active: %u", (uint64_t)intid, got);
    gic_deactivate(intid);
    expect(!bit_read(intid, ISACTIVER), "%u: active behind DIR", (uint64_t)intid);
    delay_us(100);
    got = gic_acknowledge();
    expect(got == intid, "%u: pending meanwhile, then lost: %u", (uint64_t)intid, got);
    gic_end((unsigned)got);
    gic_deactivate(intid);
    gic_split(false);
    expect(gic_acknowledge() == SPURIOUS, "%u: once more", (uint64_t)intid);
}

/* Active by command, and inactive again. */
static void active_check(unsigned intid)
{
    count = 0;
    bit_write(intid, ISACTIVER);
    expect(bit_read(intid, ISACTIVER), "%u: ISACTIVER", (uint64_t)intid);
    irq_pend(intid, true);
    open_window();
    expect(count == 0, "%u comes though it is active", (uint64_t)intid);
    bit_write(intid, ICACTIVER);
    open_window();
    expect(count == 1, "%u does not come when it is no longer active", (uint64_t)intid);
}

/* The other group is not ours; nor is anything while the group, or the distributor, is off. */
static void group_check(void)
{
    count = 0;
    gic_group(FIRST, false);
    irq_pend(FIRST, true);
    open_window();
    expect(count == 0, "an interrupt of the other group comes");
    irq_pend(FIRST, false);
    gic_group(FIRST, true);
    gic_interface_enable(false);
    irq_pend(FIRST, true);
    open_window();
    expect(count == 0, "an interrupt comes while its group is off");
    gic_interface_enable(true);
    open_window();
    expect(count == 1, "it does not come when the group is on again: %u", (uint64_t)count);
    gic_distributor_enable(false);
    irq_pend(FIRST, true);
    open_window();
    expect(count == 1, "an interrupt comes while the distributor is off");
    gic_distributor_enable(true);
    open_window();
    expect(count == 2, "it does not come when the distributor is on again");
}

/* QEMU's own GICv2 falls over a 0 there (10.0.2). */
static void sources_pend(uint8_t sources)
{
    if (sources != 0)
        write8(GICD + SPENDSGIR + SGI, sources);
}

/* Of a GICv2's SGI: takes it from each of the sources, one at a time; the first one's having come, `also` are
 * made pending and `taken_back` no longer. */
static void each_source(uint8_t sources, uint8_t also, uint8_t taken_back)
{
    for (unsigned n = 0; sources != 0; n++) {
        unsigned word, source;

        delay_us(100);
        word = gic_acknowledge();
        source = word >> 10;
        expect((word & 0x3ff) == SGI && source < 8 && (sources >> source & 1),
               "sources %x: IAR is %x as number %u", (uint64_t)sources, (uint64_t)word, (uint64_t)n);
        if (word == SPURIOUS)
            return;
        sources &= (uint8_t)~(1U << source);
        if (n == 0) {
            sources_pend(also);
            write8(GICD + CPENDSGIR + SGI, taken_back);
            sources = (uint8_t)((sources | also) & ~taken_back);
        }
        expect(read8(GICD + SPENDSGIR + SGI) == sources, "pending of %x instead of %x",
               (uint64_t)read8(GICD + SPENDSGIR + SGI), (uint64_t)sources);
        expect(bit_read(SGI, ISACTIVER), "source %u's is not active", (uint64_t)source);
        delay_us(100);
        expect(gic_acknowledge() == SPURIOUS, "one comes while source %u's is active", (uint64_t)source);
        gic_end(word);
    }
    delay_us(100);
    expect(gic_acknowledge() == SPURIOUS, "one comes that nobody has sent");
    expect(!bit_read(SGI, ISPENDR) && !bit_read(SGI, ISACTIVER), "pending or active behind all sources");
}

static void sources_check(unsigned cpus)
{
    uint8_t all = (uint8_t)((1U << cpus) - 1);

    for (unsigned sources = 0; sources <= all; sources++) {
        sources_pend((uint8_t)sources);
        each_source((uint8_t)sources, 0, 0);
    }
    sources_pend(1);
    each_source(1, 1, 0);
    /* Again, and others'; some of those that wait do not. */
    sources_pend(all & 0x55);
    each_source(all & 0x55, all & 0x2b, all & 0x12);
    /* One after the other while they wait to be let in. */
    for (unsigned i = cpus; i-- > 0;)
        sources_pend((uint8_t)(1U << i));
    each_source(all, all, 0);
}

static volatile uint32_t theirs, stop_running;

static void on_ask(unsigned intid)
{
    (void)intid;
    sgi_send(SGI, 1);
    __atomic_add_fetch(&theirs, 1, __ATOMIC_SEQ_CST);
}

/* Two processors at once send it to this one. */
static void senders_check(void)
{
    for (uint32_t i = 1; i <= 20; i++) {
        sgi_send(ASK, 2);
        sgi_send(SGI, 1);
        for (unsigned tries = 0; tries < 2000 && theirs < i; tries++)
            delay_us(500);
        expect(theirs == i, "round %u: the other processor has had %u", (uint64_t)i, (uint64_t)theirs);
        each_source(3, 0, 0);
    }
    theirs = 0;
}

static void on_theirs(unsigned intid)
{
    (void)intid;
    if (cpu_number() != 0)
        __atomic_add_fetch(&theirs, 1, __ATOMIC_SEQ_CST);
}

void ap_run(unsigned index)
{
    (void)index;
    while (!stop_running)
        wait_irq();
}

/* To the processor that it is routed to. */
static void route_check(unsigned cpu)
{
    unsigned intid = FIRST + COUNT;

    prepare(intid);
    irq_set(intid, on_theirs);
    irq_route(intid, cpu);
    for (unsigned i = 1; i <= 20; i++) {
        irq_pend(intid, true);
        for (unsigned tries = 0; tries < 2000 && theirs < i; tries++)
            delay_us(500);
        expect(theirs == i, "round %u: the other processor has had %u", (uint64_t)i, (uint64_t)theirs);
    }
    stop_running = 1;
    irq_pend(intid, true);
}

void guest_run(void)
{
    irq_init();
    if (!gic_is_v2())
        expect((read32(GICD + 0xffe8) & 0xf0) == 0x30, "PIDR2 is %x", (uint64_t)read32(GICD + 0xffe8));
    expect((read32(GICD + 4) & 0x1f) >= 2, "TYPER is %x", (uint64_t)read32(GICD + 4));
    for (unsigned i = 0; i < COUNT; i++)
        prepare(FIRST + i);
    prepare(PPI);
    prepare(SGI);
    irq_set(ASK, on_ask);
    one_check(FIRST);
    one_check(FIRST + 1);
    one_check(PPI);
    one_check(SGI);
    order_check();
    mask_check();
    preemption_check();
    split_check(FIRST);
    split_check(PPI);
    split_check(SGI);
    active_check(FIRST);
    active_check(PPI);
    group_check();
    if (gic_is_v2())
        sources_check((unsigned)option("cpus", 1));
    if (option("cpus", 1) < 2 || !smp_start(1))
        return;
    if (gic_is_v2())
        senders_check();
    route_check(1);
}
