/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Far more interrupts pending at once than there are list registers: every one comes, once, by priority; also
 * when several are active at the same time, and when processors shower each other with SGIs.
 */
#include "../lib/guest.h"

const char guest_name[] = "overflow";

#define FIRST    48
#define SPIS_MAX 160
#define ISPENDR  0x200
#define ICFGR    0xc00
#define SHOWERS  200

static unsigned seen[FIRST + SPIS_MAX], total, disorder;
static unsigned spis; /* those that the machine has */
static uint8_t priorities[FIRST + SPIS_MAX], last;
static volatile uint32_t showered[16], arrived_late, done;

static void on_any(unsigned intid)
{
    seen[intid]++;
    total++;
    if (priorities[intid] < last)
        disorder++;
    last = priorities[intid];
}

static void all_pending(void)
{
    sgi_send(0, 1);
    for (unsigned sgi = 1; sgi < 16; sgi++)
        sgi_send(sgi, 1);
    for (unsigned intid = FIRST; intid < FIRST + spis; intid++)
        write32(GICD + ISPENDR + intid / 32 * 4, 1U << intid % 32);
}

static void prepare(unsigned intid)
{
    if (intid >= 32)
        write32(GICD + ICFGR + intid / 16 * 4, 0xaaaaaaaa);
    irq_set(intid, on_any);
    priorities[intid] = (uint8_t)((intid * 7 % 16 + 8) << 3);
    irq_priority(intid, priorities[intid]);
}

static void flood_check(void)
{
    for (unsigned round = 1; round <= 20; round++) {
        last = 0;
        total = 0;
        all_pending();
        irq_on();
        for (unsigned i = 0; i < 1000 && total < 16 + spis; i++)
            delay_us(100);
        irq_off();
        for (unsigned intid = 0; intid < FIRST + spis; intid++)
            if (intid < 16 || intid >= FIRST)
                expect(seen[intid] == round, "round %u: interrupt %u came %u times", (uint64_t)round,
                       (uint64_t)intid, (uint64_t)seen[intid]);
    }
    expect(disorder == 0, "%u out of order", (uint64_t)disorder);
}

/* Taken without being deactivated: more active ones than list registers, ended in another order. */
static void active_check(void)
{
    unsigned taken[SPIS_MAX + 16];
    uint64_t n = 0;

    gic_split(true);
    all_pending();
    delay_us(1000);
    while (n < spis + 16) {
        taken[n] = gic_acknowledge();
        if (taken[n] == SPURIOUS)
            break;
        gic_end(taken[n]);
        n++;
    }
    expect(n == spis + 16, "%u of %u can be active at once", n, (uint64_t)spis + 16);
    for (uint64_t i = 0; i < n; i++)
        gic_deactivate(taken[i * 37 % n]);
    expect(gic_acknowledge() == SPURIOUS, "one more");
    gic_split(false);
    for (unsigned intid = 0; intid < FIRST + spis; intid++)
        seen[intid] = 0;
    total = 0;
    all_pending();
    irq_on();
    for (unsigned i = 0; i < 1000 && total < 16 + spis; i++)
        delay_us(100);
    irq_off();
    expect(total == 16 + spis, "%u of %u come behind that", (uint64_t)total, (uint64_t)16 + spis);
}

static void on_shower(unsigned intid)
{
    __atomic_add_fetch(&showered[intid], 1, __ATOMIC_SEQ_CST);
}

static void shower(void)
{
    irq_on();
    for (unsigned i = 0; i < SHOWERS; i++)
        sgi_send_others(i % 16);
    irq_off();
    __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
}

static bool shower_starts;

void ap_run(unsigned index)
{
    (void)index;
    while (!__atomic_load_n(&shower_starts, __ATOMIC_ACQUIRE))
        cpu_relax();
    shower();
    irq_on();
    for (;;)
        __asm__ volatile("wfi");
}

static void shower_check(unsigned others)
{
    for (unsigned sgi = 0; sgi < 16; sgi++)
        irq_set(sgi, on_shower);
    expect(smp_start(others), "%u of %u processors came", (uint64_t)ap_arrived, (uint64_t)others);
    __atomic_store_n(&shower_starts, true, __ATOMIC_RELEASE);
    shower();
    for (unsigned i = 0; i < 10000 && done <= others; i++)
        delay_us(1000);
    expect(done == others + 1, "%u processors are done", (uint64_t)done);
    irq_on();
    delay_us(20000);
    irq_off();
    for (unsigned sgi = 0; sgi < 16; sgi++)
        expect(showered[sgi] >= others && showered[sgi] <= (SHOWERS / 16 + 1) * (others + 1) * others,
               "SGI %u came %u times", (uint64_t)sgi, (uint64_t)showered[sgi]);
}

void guest_run(void)
{
    irq_init();
    spis = ((read32(GICD + 4) & 0x1f) + 1) * 32 - FIRST;
    if (spis > SPIS_MAX)
        spis = SPIS_MAX;
    for (unsigned intid = 0; intid < FIRST + spis; intid++)
        if (intid < 16 || intid >= FIRST)
            prepare(intid);
    flood_check();
    active_check();
    if (option("cpus", 1) > 1)
        shower_check((unsigned)option("cpus", 1) - 1);
}
