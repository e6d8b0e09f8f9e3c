/* SPDX-License-Identifier: BSD-2-Clause */
#include <arch/layout.h>
#include <arch/msr.h>
#include <core/percpu.h>
#include <core/vmap.h>
#include <string.h>

#include "cpu.h"

/* SDM vol. 3A, 7.14.1 and 8.7. */
struct idt_gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_mid;
    uint32_t offset_high;
    uint32_t reserved;
};

struct packed_struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7]; /* IST1 is ist[0] */
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap_base;
};
_Static_assert(sizeof(struct tss) == 104, "64-bit TSS");

struct packed_struct table_pointer {
    uint16_t limit;
    uint64_t base;
};

struct gdt_tss {
    uint64_t gdt[5]; /* null, code, data, TSS (two slots) */
    struct tss tss;
};

#define GATE_INTERRUPT 0x8e
#define GDT_CODE64     0x00af9b000000ffffULL
#define GDT_DATA       0x00cf93000000ffffULL

/* Reserves the start of each CPU's area for what GS-relative accesses find there. */
static struct arch_percpu_head percpu_head_room in_section("percpu_head") keep_symbol;

static DEFINE_PERCPU(struct gdt_tss, gdt_tss);
static struct idt_gate idt[256] aligned_to(4096); /* immutable after idt_init() */

static uint8_t vector_ist(unsigned vector)
{
    switch (vector) {
    case 2:
        return IST_NMI;
    case 8:
        return IST_DOUBLE_FAULT;
    case 18:
        return IST_MACHINE_CHECK;
    default:
        return 0;
    }
}

void idt_init(void)
{
    for (unsigned i = 0; i < ARRAY_SIZE(idt); i++) {
        uint64_t stub = (uint64_t)interrupt_stubs + (uint64_t)i * INTERRUPT_STUB_SIZE;

        idt[i] = (struct idt_gate){
            .offset_low = (uint16_t)stub,
            .selector = SEL_CODE,
            .ist = vector_ist(i),
            .type = GATE_INTERRUPT,
            .offset_mid = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
}

static void load_segments(const struct table_pointer *gdtr)
{
    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\tmovl %2, %%eax\n\t"
                     "movl %%eax, %%ds\n\t"
                     "movl %%eax, %%es\n\t"
                     "movl %%eax, %%ss"
                     :
                     : "m"(*gdtr), "i"(SEL_CODE), "i"(SEL_DATA)
                     : "rax", "memory");
}

void cpu_tables_load(void *const ist_tops[IST_COUNT + 1])
{
    struct gdt_tss *t = this_cpu_ptr(gdt_tss);
    uint64_t base = (uint64_t)&t->tss, limit = sizeof(t->tss) - 1;
    struct table_pointer gdtr = {sizeof(t->gdt) - 1, (uint64_t)t->gdt};
    struct table_pointer idtr = {sizeof(idt) - 1, (uint64_t)idt};

    memset(&t->tss, 0, sizeof(t->tss));
    for (unsigned i = 1; i <= IST_COUNT; i++)
        t->tss.ist[i - 1] = (uint64_t)ist_tops[i];
    t->tss.iomap_base = sizeof(t->tss);

    t->gdt[1] = GDT_CODE64;
    t->gdt[2] = GDT_DATA;
    /* Available 64-bit TSS, present: SDM vol. 3A, 8.2.3. */
    t->gdt[3] = limit | (base & 0xffffff) << 16 | 0x89ULL << 40 | (base >> 24 & 0xff) << 56;
    t->gdt[4] = base >> 32;

    load_segments(&gdtr);
    __asm__ volatile("lidt %0" ::"m"(idtr));
    __asm__ volatile("ltr %w0" ::"r"(SEL_TSS));
    __asm__ volatile("lldt %w0" ::"r"(0));
}

/* Enough for a register dump and a backtrace. */
#define IST_STACK_SIZE 8192

bool ist_stacks_alloc(void *ist_tops[IST_COUNT + 1])
{
    for (unsigned i = 1; i <= IST_COUNT; i++) {
        char *stack = stack_alloc(IST_STACK_SIZE);

        if (stack == NULL) {
            while (--i > 0)
                stack_free((char *)ist_tops[i] - IST_STACK_SIZE, IST_STACK_SIZE);
            return false;
        }
        ist_tops[i] = stack + IST_STACK_SIZE;
    }
    return true;
}
