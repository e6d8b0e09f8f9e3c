/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults, page sizes and the dirty log, with AMD's nested page tables in the fake machine's memory. */
#include "../../vmm/mem/dirty.h"
#include "../../vmm/mem/mapped.h"
#include "../../vmm/vm/vm.h"
#include "mm_layouts.h"
#include "page.h"
#include <arch/cpuid.h>
#include <core/cpu.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/* How something is mapped only the format says. */
#define PT_NAME(x) npt_##x
#include <core/pt/fmt_x86.h>
#include <core/pt/walk.h>

static struct vm vm;
static struct mm_stats before;
static atomic_uint flushes;
static void (*on_flush)(void);

void vm_tlb_flush(struct vm *flushed)
{
    cr_assert_eq(flushed, &vm);
    atomic_fetch_add(&flushes, 1);
    if (on_flush != NULL)
        on_flush();
}

static void slot(uint64_t base, uint64_t size, uint64_t ram_offset, bool is_read_only)
{
    struct gmem_slot s = {
        .base = gpa(base), .size = size, .ram_offset = ram_offset, .is_read_only = is_read_only};

    cr_assert_eq(gmem_slot_add(&vm.gmem, &s), 0);
}

static void start(void)
{
    layout_load(&layouts[3]);
    page_cache_drain();
    before = stats_now(NODE_ANY);
    fake_cpu_features[CPU_FEATURE_PAGE_1G] = true;
}

static void vm_make(uint64_t size)
{
    cr_assert_eq(gmem_init(&vm.gmem, size, 0), 0);
    cr_assert_eq(stage2_init(&vm.stage2, 48, 0), 0);
}

/* Every page comes back. */
static void vm_end_all(void)
{
    struct mm_stats after;

    stage2_fini(&vm.stage2);
    cr_assert_eq(vm.stage2.table_bytes, 0);
    gmem_fini(&vm.gmem);
    for (unsigned cpu = cpu_count(); cpu-- > 0;) {
        fake_cpu_enter(cpu);
        page_cache_drain();
    }
    after = stats_now(NODE_ANY);
    stats_expect_equal(&before, &after);
}

TestSuite(stage2, .init = start, .timeout = 60);

static void expect(uint64_t at, uint64_t size, bool is_writable)
{
    struct pt_mapping m;
    const struct gmem_slot *s = gmem_slot_find(&vm.gmem, gpa(at));
    uint64_t offset = s->ram_offset + at - s->base.v;

    cr_assert(npt_query(&vm.stage2.tree, at, &m), "%#lx is not mapped", at);
    cr_assert_eq(m.size, size, "%#lx is in a page of %#lx", at, m.size);
    cr_assert_eq((m.flags & X86_PTE_W) != 0, is_writable, "%#lx: %#lx", at, m.flags);
    cr_assert_eq(m.pa.v, vm.gmem.chunks[offset >> GMEM_CHUNK_SHIFT].base.v + offset % GMEM_CHUNK_SIZE);
}

static void touch(uint64_t at, bool is_write)
{
    cr_assert_eq(vm_memory_fault(&vm, gpa(at), is_write), 0, "fault at %#lx", at);
}

Test(stage2, pages_are_as_large_as_slots_allow)
{
    vm_make(MIB(16));
    slot(0, 0xa0000, 0, false);
    slot(0xc0000, MIB(8) - 0xc0000, 0xc0000, false);
    slot(GIB(4) + KIB(4), MIB(4), MIB(8), false); /* shifted against its RAM */
    slot(GIB(5), MIB(2), MIB(14), true);
    touch(0x5123, true);
    expect(0x5000, KIB(4), true);
    touch(0xc0000, false);
    expect(0xc0fff, KIB(4), true);
    touch(MIB(3), false);
    expect(MIB(2), MIB(2), true);
    touch(GIB(4) + MIB(2), true);
    expect(GIB(4) + MIB(2), KIB(4), true);
    cr_assert_eq(vm_memory_fault(&vm, gpa(0xa0000), false), -ENOENT);
    cr_assert_eq(vm_memory_fault(&vm, gpa(GIB(5)), true), -EACCES);
    touch(GIB(5), false);
    expect(GIB(5), MIB(2), false);
    cr_assert_eq(vm_memory_fault(&vm, gpa(GIB(5)), true), -EACCES);
    vm_end_all();
}

/* As if everything from `from` on had been touched, without clearing a GiB for it. */
static void make_ready(uint64_t from, uint64_t size)
{
    for (uint64_t i = from >> GMEM_CHUNK_SHIFT; i < (from + size) >> GMEM_CHUNK_SHIFT; i++) {
        cr_assert_eq(vm.gmem.chunks[i].state, GMEM_CHUNK_STALE);
        vm.gmem.chunks[i].state = GMEM_CHUNK_READY;
        vm.gmem.blocks[i / 512].ready++;
    }
}

Test(stage2, a_gib_that_has_been_touched_is_one_page)
{
    uint64_t pages[3];

    vm_make(GIB(1) + MIB(512));
    cr_assert(vm.gmem.blocks[0].is_contiguous);
    slot(GIB(4), GIB(1) + MIB(512), 0, false);
    touch(GIB(4) + MIB(2), true);
    expect(GIB(4) + MIB(2), MIB(2), true);
    make_ready(0, MIB(2));
    make_ready(MIB(4), GIB(1) - MIB(6));
    touch(GIB(4) + MIB(500), true);
    expect(GIB(4) + MIB(500), MIB(2), true);
    touch(GIB(5) - KIB(1), true); /* the last one */
    expect(GIB(4) + MIB(2), GIB(1), true);
    expect(GIB(4), GIB(1), true);
    stage2_count(&vm.stage2, pages);
    cr_assert(pages[0] == 0 && pages[1] == 0 && pages[2] == 1);
    touch(GIB(5), true); /* half a GiB */
    expect(GIB(5), MIB(2), true);
    vm_end_all();
}

Test(stage2, a_gib_is_mapped_at_once_if_nothing_in_it_is_stale)
{
    vm_make(GIB(1));
    slot(GIB(4), GIB(1), 0, false);
    make_ready(0, GIB(1));
    touch(GIB(4) + MIB(700) + 5, false);
    expect(GIB(4) + MIB(700), GIB(1), true);
    vm_end_all();
}

Test(stage2, no_gib_without_alignment_or_hardware)
{
    fake_cpu_features[CPU_FEATURE_PAGE_1G] = false;
    vm_make(GIB(1));
    slot(GIB(4), GIB(1), 0, false);
    make_ready(0, GIB(1));
    touch(GIB(4), true);
    expect(GIB(4), MIB(2), true);
    vm_end_all();

    fake_cpu_features[CPU_FEATURE_PAGE_1G] = true;
    vm_make(GIB(1) + MIB(2));
    slot(GIB(4), GIB(1), MIB(2), false);
    make_ready(0, GIB(1));
    touch(GIB(4), true);
    expect(GIB(4), MIB(2), true);
    vm_end_all();

    /* In pieces in the host. */
    vm_make(GIB(1));
    slot(GIB(4), GIB(1), 0, false);
    make_ready(0, GIB(1));
    vm.gmem.blocks[0].is_contiguous = false;
    touch(GIB(4), true);
    expect(GIB(4), MIB(2), true);
    vm_end_all();
}

static uint64_t log_word(uint64_t i)
{
    uint64_t word;

    cr_assert_eq(dirty_log_read(&vm, i, &word, 1), 0);
    return word;
}

Test(stage2, the_log_has_what_is_written_and_nothing_else)
{
    uint64_t word;

    vm_make(MIB(16));
    slot(0, 0xa0000, 0, false);
    slot(0xc0000, MIB(8) - 0xc0000, 0xc0000, false);
    slot(GIB(4), MIB(8), MIB(8), false);
    touch(0x3000, true);
    touch(MIB(4), true);
    cr_assert_eq(dirty_log_read(&vm, 0, &word, 1), -EINVAL);
    cr_assert_eq(dirty_log_start(&vm), 0);
    cr_assert_eq(dirty_log_start(&vm), -EALREADY);
    expect(0x3000, KIB(4), false);
    expect(MIB(4), MIB(2), false);
    cr_assert_eq(log_word(0), 0);
    touch(0x3000, true);
    expect(0x3000, KIB(4), true);
    touch(MIB(4) + KIB(68), true); /* splits */
    expect(MIB(4) + KIB(68), KIB(4), true);
    expect(MIB(4) + KIB(64), KIB(4), false);
    touch(MIB(6), false); /* reading is no writing */
    expect(MIB(6), MIB(2), false);
    touch(GIB(4) + MIB(2) + KIB(12), true); /* never seen before */
    expect(GIB(4) + MIB(2) + KIB(12), KIB(4), true);
    expect(GIB(4) + MIB(2), KIB(4), false);
    cr_assert_eq(gmem_write(&vm.gmem, gpa(0xc0fff), "ab", 2), 0); /* the host writes */
    cr_assert_eq(dirty_log_peek(&vm, 0, &word, 1), 0);
    cr_assert_eq(word, BIT(3));
    cr_assert_eq(log_word(0), BIT(3));
    cr_assert_eq(log_word(3), 3);
    cr_assert_eq(log_word(MIB(4) / KIB(256)), BIT(17));
    cr_assert_eq(log_word((MIB(10)) / KIB(256)), BIT(3));
    for (uint64_t i = 0; i < dirty_log_words(&vm); i++)
        cr_assert_eq(log_word(i), 0, "word %lu", i);
    expect(0x3000, KIB(4), false); /* until the next write */
    expect(MIB(4) + KIB(68), KIB(4), false);
    touch(MIB(4) + KIB(68), true);
    cr_assert_eq(log_word(MIB(4) / KIB(256)), BIT(17));
    cr_assert_eq(dirty_log_read(&vm, dirty_log_words(&vm), &word, 0), 0);
    cr_assert_eq(dirty_log_read(&vm, dirty_log_words(&vm), &word, 1), -EINVAL);
    cr_assert_eq(dirty_log_read(&vm, ~0ULL, &word, 2), -EINVAL);
    dirty_log_stop(&vm);
    dirty_log_stop(&vm);
    expect(MIB(4) + KIB(68), MIB(2), true); /* large again */
    expect(0x3000, KIB(4), false);
    touch(0x3000, true);
    expect(0x3000, KIB(4), true);
    touch(MIB(6), true);
    expect(MIB(6), MIB(2), true);
    cr_assert_eq(dirty_log_start(&vm), 0);
    for (uint64_t i = 0; i < dirty_log_words(&vm); i++)
        cr_assert_eq(log_word(i), 0, "an old bit in word %lu", i);
    vm_end_all();
}

Test(stage2, a_gib_is_split_for_the_log_and_whole_after_it)
{
    vm_make(GIB(1));
    slot(GIB(4), GIB(1), 0, false);
    make_ready(0, GIB(1));
    touch(GIB(4), true);
    cr_assert_eq(dirty_log_start(&vm), 0);
    expect(GIB(4), GIB(1), false);
    touch(GIB(4) + MIB(3), true);
    expect(GIB(4) + MIB(3), KIB(4), true);
    expect(GIB(4) + MIB(4), MIB(2), false);
    cr_assert_eq(log_word(MIB(3) / KIB(256)), 1);
    dirty_log_stop(&vm);
    expect(GIB(4) + MIB(3), GIB(1), true);
    vm_end_all();
}

/* Two slots show the same RAM: what is written through one is protected in both. */
Test(stage2, a_page_shown_twice)
{
    vm_make(MIB(4));
    slot(0, MIB(4), 0, false);
    slot(GIB(1), MIB(4), 0, false);
    cr_assert_eq(dirty_log_start(&vm), 0);
    touch(KIB(8), true);
    touch(GIB(1) + KIB(8), true);
    cr_assert_eq(log_word(0), 4);
    expect(KIB(8), KIB(4), false);
    expect(GIB(1) + KIB(8), KIB(4), false);
    vm_end_all();
}

Test(stage2, without_memory_to_split_the_large_page_counts)
{
    static hpa_t taken[MIB(64) / KIB(4)];
    unsigned n = 0;

    vm_make(MIB(4));
    slot(0, MIB(4), 0, false);
    touch(MIB(2), true);
    cr_assert_eq(dirty_log_start(&vm), 0);
    for (unsigned order = PAGE_ORDER_1G + 1; order-- > 0;)
        while (n < ARRAY_SIZE(taken) && hpa_valid(taken[n] = page_alloc(order, 0, NODE_ANY)))
            taken[n++].v |= order; /* below the page's bits */
    touch(MIB(2) + KIB(4), true);
    expect(MIB(2), MIB(2), true);
    while (n-- > 0)
        page_free(hpa(ALIGN_DOWN(taken[n].v, PAGE_SIZE)), taken[n].v % PAGE_SIZE);
    for (unsigned i = 0; i < 8; i++)
        cr_assert_eq(log_word(8 + i), ~0ULL);
    expect(MIB(2), MIB(2), false);
    touch(MIB(2) + KIB(4), true);
    expect(MIB(2) + KIB(4), KIB(4), true);
    cr_assert_eq(log_word(8), 2);
    vm_end_all();
}

/* What cannot be made leaves nothing behind, and can be given back all the same. */
Test(stage2, no_such_tree)
{
    static hpa_t taken[MIB(64) / KIB(4)];
    struct stage2 s2;
    unsigned n = 0;

    cr_assert_eq(stage2_init(&s2, 49, 0), -EINVAL);
    stage2_fini(&s2);
    for (unsigned order = PAGE_ORDER_1G + 1; order-- > 0;)
        while (n < ARRAY_SIZE(taken) && hpa_valid(taken[n] = page_alloc(order, 0, NODE_ANY)))
            taken[n++].v |= order;
    cr_assert_eq(stage2_init(&s2, 48, 0), -ENOMEM);
    stage2_fini(&s2);
    cr_assert_eq(s2.table_bytes, 0);
    while (n-- > 0)
        page_free(hpa(ALIGN_DOWN(taken[n].v, PAGE_SIZE)), taken[n].v % PAGE_SIZE);
    vm_make(MIB(2));
    vm_end_all();
}

/* --- a walk over what is mapped --- */

static struct {
    uint64_t start, size;
} pieces[512];
static unsigned piece_count;

static void piece_note(hpa_t start, uint64_t size)
{
    cr_assert_lt(piece_count, ARRAY_SIZE(pieces));
    pieces[piece_count].start = start.v;
    pieces[piece_count++].size = size;
}

static void piece_expect(unsigned i, uint64_t ram_offset, uint64_t size)
{
    cr_assert_eq(pieces[i].start,
                 vm.gmem.chunks[ram_offset >> GMEM_CHUNK_SHIFT].base.v + ram_offset % GMEM_CHUNK_SIZE,
                 "piece %u", i);
    cr_assert_eq(pieces[i].size, size, "piece %u: %#lx", i, pieces[i].size);
}

static unsigned walk_in_steps(uint64_t bytes)
{
    struct mapped_walk walk = {0};
    unsigned steps = 1;

    piece_count = 0;
    while (mapped_walk(&vm, &walk, bytes, piece_note))
        steps++;
    return steps;
}

/* Exactly what is mapped, whatever the page sizes, and no step is longer than it may be. */
Test(stage2, a_walk_meets_what_is_mapped)
{
    uint64_t sum = 0;
    unsigned steps;

    vm_make(MIB(16));
    slot(0, 0xa0000, 0, false);
    slot(0xc0000, MIB(8) - 0xc0000, 0xc0000, false);
    slot(GIB(4), MIB(8), MIB(8), false);
    cr_assert_eq(walk_in_steps(GIB(1)), 1);
    cr_assert_eq(piece_count, 0, "nothing is mapped");
    touch(0x5000, true);
    touch(0x9f000, false);
    touch(0xc0000, false);
    touch(MIB(4), true);
    touch(GIB(4) + MIB(6), false);
    cr_assert_eq(walk_in_steps(GIB(1)), 1);
    cr_assert_eq(piece_count, 5);
    piece_expect(0, 0x5000, KIB(4));
    piece_expect(1, 0x9f000, KIB(4));
    piece_expect(2, 0xc0000, KIB(4));
    piece_expect(3, MIB(4), MIB(2));
    piece_expect(4, MIB(14), MIB(2));

    steps = walk_in_steps(KIB(64));
    cr_assert_gt(steps, 64);
    for (unsigned i = 0; i < piece_count; i++) {
        cr_assert_leq(pieces[i].size, KIB(64));
        sum += pieces[i].size;
    }
    cr_assert_eq(sum, 2 * MIB(2) + 3 * KIB(4));
    vm_end_all();
}

/* Between two steps the world changes: what has been split, or is new, is met behind the walk's place only.
 */
Test(stage2, a_walk_goes_on_where_it_was)
{
    struct mapped_walk walk = {0};

    vm_make(MIB(8));
    slot(0, MIB(8), 0, false);
    touch(MIB(4), true);
    piece_count = 0;
    cr_assert(mapped_walk(&vm, &walk, MIB(1) + KIB(8), piece_note));
    cr_assert_eq(piece_count, 1);
    piece_expect(0, MIB(4), MIB(1));
    cr_assert_eq(dirty_log_start(&vm), 0);
    touch(MIB(4), true);
    touch(MIB(5) + KIB(4), true); /* splits it */
    touch(0, false);              /* before it */
    touch(MIB(6), false);
    cr_assert_not(mapped_walk(&vm, &walk, GIB(1), piece_note));
    cr_assert_eq(piece_count, 1 + 256 + 1);
    piece_expect(1, MIB(5), KIB(4));
    piece_expect(256, MIB(6) - KIB(4), KIB(4));
    piece_expect(257, MIB(6), MIB(2));
    vm_end_all();
}

/* --- vCPUs that write while the log is read --- */

#define VCPUS 4
#define RAM   MIB(16)
#define PAGES (RAM / PAGE_SIZE)

static atomic_uint epoch, passed[VCPUS];
static atomic_bool is_over;

/* As the real one: waits until every vCPU has been where it uses no translation. */
static void wait_for_vcpus(void)
{
    unsigned now = atomic_fetch_add(&epoch, 1) + 1;

    for (unsigned i = 0; i < VCPUS; i++)
        while (atomic_load(&passed[i]) < now)
            sched_yield();
}

/* A store of the guest: allowed by the translation it has, else a fault first. */
static int guest_store(uint64_t at, uint32_t value, bool is_slow)
{
    struct pt_mapping m;

    while (!npt_query(&vm.stage2.tree, at, &m) || !(m.flags & X86_PTE_W)) {
        int error = vm_memory_fault(&vm, gpa(at), true);

        if (error)
            return error;
    }
    if (is_slow) /* the translation gets old */
        sched_yield();
    __atomic_store_n((uint32_t *)hpa_to_ptr(m.pa), value, __ATOMIC_RELAXED);
    return 0;
}

static void *vcpu_main(void *arg)
{
    unsigned id = (unsigned)(uintptr_t)arg;
    uint64_t random = id + 1;
    int error = 0;

    fake_cpu_enter(id + 1);
    for (uint32_t i = 1; !atomic_load(&is_over) && error == 0; i++) {
        uint64_t page;

        atomic_store(&passed[id], atomic_load(&epoch));
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        page = (random >> 33) % PAGES;
        /* Few pages often, all pages sometimes; each vCPU has a word of its own there. */
        if (i % 8)
            page %= 64;
        error = guest_store(page * PAGE_SIZE + id * 4, i, random >> 60 == 0);
    }
    atomic_store(&passed[id], ~0U);
    return (void *)(intptr_t)error;
}

/* A copy of RAM that is brought up to date by what the log says. */
static uint8_t *copy;

static void copy_dirty(const uint64_t *words)
{
    for (uint64_t page = 0; page < PAGES; page++)
        if (words[page / 64] >> page % 64 & 1)
            cr_assert_eq(gmem_read(&vm.gmem, gpa(page * PAGE_SIZE), copy + page * PAGE_SIZE, PAGE_SIZE), 0);
}

Test(stage2, nothing_written_is_missed)
{
    static uint64_t words[PAGES / 64], all[PAGES / 64];
    pthread_t threads[VCPUS];
    uint8_t page[PAGE_SIZE];
    void *result;

    fake_cpus_init(VCPUS + 1);
    vm_make(RAM);
    slot(0, RAM, 0, false);
    copy = malloc(RAM);
    memset(all, 0xff, sizeof(all));
    on_flush = wait_for_vcpus;
    for (unsigned i = 0; i < VCPUS; i++)
        pthread_create(&threads[i], NULL, vcpu_main, (void *)(uintptr_t)i);
    for (unsigned round = 0; round < 3; round++) {
        cr_assert_eq(dirty_log_start(&vm), 0);
        copy_dirty(all);
        for (unsigned pass = 0; pass < 200; pass++) {
            cr_assert_eq(dirty_log_read(&vm, 0, words, ARRAY_SIZE(words)), 0);
            copy_dirty(words);
        }
        if (round < 2)
            dirty_log_stop(&vm);
    }
    is_over = true;
    for (unsigned i = 0; i < VCPUS; i++) {
        pthread_join(threads[i], &result);
        cr_assert_null(result);
    }
    cr_assert_eq(dirty_log_read(&vm, 0, words, ARRAY_SIZE(words)), 0);
    copy_dirty(words);
    for (uint64_t at = 0; at < RAM; at += PAGE_SIZE) {
        cr_assert_eq(gmem_read(&vm.gmem, gpa(at), page, PAGE_SIZE), 0);
        cr_assert_eq(memcmp(page, copy + at, PAGE_SIZE), 0, "page %#lx differs", at);
    }
    on_flush = NULL;
    dirty_log_stop(&vm);
    free(copy);
    vm_end_all();
}
