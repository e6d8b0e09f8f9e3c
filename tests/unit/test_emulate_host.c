/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulator against the CPU that runs this test: random instructions with random operands, executed by
 * both, must leave the same registers, flags and memory.
 */
#include <cpuid.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "test_emulate_machine.h"

#define FLAG_CF 0x1
#define FLAG_PF 0x4
#define FLAG_AF 0x10
#define FLAG_ZF 0x40
#define FLAG_SF 0x80
#define FLAG_DF 0x400
#define FLAG_OF 0x800
#define FLAGS   (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

/* What the generated code loads and stores; behind the code, in reach of its RIP-relative operands. */
struct context {
    uint64_t in[16], out[16];
    uint64_t flags_in, flags_out;
    uint64_t xmm_in[16][2], xmm_out[16][2];
    uint64_t host_rsp;
};

static struct {
    uint8_t *code;
    struct context *context;
    uint8_t *memory; /* below 2 GiB, for 32-bit addresses */
    uint8_t *at;
} host;

static uint64_t seed = 88172645463325252;

static uint64_t random64(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed * 0x2545f4914f6cdd1d;
}

static uint64_t random_below(uint64_t n)
{
    return (random64() >> 11) % n;
}

/* Often a value where carries and signs happen. */
static uint64_t random_value(void)
{
    static const uint64_t edges[] = {0,
                                     1,
                                     0x7f,
                                     0x80,
                                     0xff,
                                     0x7fff,
                                     0x8000,
                                     0x7fffffff,
                                     0x80000000,
                                     0xffffffff,
                                     0x7fffffffffffffff,
                                     0x8000000000000000,
                                     ~0ULL};

    return random_below(3) == 0 ? edges[random_below(sizeof(edges) / sizeof(edges[0]))] : random64();
}

static void host_init(void)
{
    host.code = mmap(NULL, 16384, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    host.memory =
        mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    cr_assert(host.code != MAP_FAILED && host.memory != MAP_FAILED);
    host.context = (struct context *)(host.code + 8192);
}

/* --- generating the code around an instruction --- */

static void emit(const void *bytes, size_t size)
{
    memcpy(host.at, bytes, size);
    host.at += size;
}

/* opcode with ModRM reg and a RIP-relative operand */
static void emit_relative(const void *opcode, size_t size, unsigned reg, const void *target)
{
    uint8_t modrm = (reg & 7) << 3 | 5;
    int32_t distance;

    emit(opcode, size);
    emit(&modrm, 1);
    distance = (const uint8_t *)target - (host.at + 4);
    emit(&distance, 4);
}

static void emit_gprs(uint8_t opcode, uint64_t *values, bool rsp)
{
    for (unsigned i = 0; i < 16; i++)
        if ((i == X86_RSP) == rsp)
            emit_relative((uint8_t[]){0x48 | (i >> 3) << 2, opcode}, 2, i, &values[i]);
}

static void emit_xmms(uint8_t opcode, uint64_t values[16][2])
{
    for (unsigned i = 0; i < 16; i++)
        emit_relative((uint8_t[]){0x40 | (i >> 3) << 2, 0x0f, opcode}, 3, i, values[i]);
}

/* Runs the instruction; returns the address at which it stood. */
static uint64_t host_run(const uint8_t *insn, size_t size)
{
    static const uint8_t enter[] = {0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57, 0x9c};
    static const uint8_t leave[] = {0x9d, 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3};
    struct context *c = host.context;
    uint64_t address;

    host.at = host.code;
    emit(enter, sizeof(enter));
    emit_relative((uint8_t[]){0x48, 0x89}, 2, X86_RSP, &c->host_rsp);
    emit_xmms(0x10, c->xmm_in);
    emit_relative((uint8_t[]){0xff}, 1, 6, &c->flags_in); /* push */
    emit((uint8_t[]){0x9d}, 1);                           /* popf */
    emit_gprs(0x8b, c->in, false);
    emit_gprs(0x8b, c->in, true);
    address = (uint64_t)host.at;
    emit(insn, size);
    emit_gprs(0x89, c->out, true);
    emit_relative((uint8_t[]){0x48, 0x8b}, 2, X86_RSP, &c->host_rsp);
    emit_gprs(0x89, c->out, false);
    emit((uint8_t[]){0x9c}, 1);                            /* pushf */
    emit_relative((uint8_t[]){0x8f}, 1, 0, &c->flags_out); /* pop */
    emit_xmms(0x11, c->xmm_out);
    emit(leave, sizeof(leave));
    ((void (*)(void))host.code)();
    return address;
}

/* --- choosing operands --- */

static uint64_t random_target(const struct x86_insn *insn)
{
    uint64_t target = (uint64_t)host.memory + 4096 + random_below(8192);

    if (insn->aligned || insn->rm_size == 16)
        target &= ~15ULL;
    return target;
}

/* Registers such that the memory operand lies in our memory. false: not with this encoding. */
static bool operand_place(const struct x86_insn *insn, uint64_t *gpr, uint8_t *bytes)
{
    const struct x86_memory *mem = &insn->mem;
    uint64_t target = random_target(insn);

    if (!insn->memory)
        return true;
    if (mem->base == X86_REG_NONE && mem->index == X86_REG_NONE && insn->map == X86_MAP_ONE &&
        (insn->opcode & 0xfc) == 0xa0) { /* moffs */
        memcpy(bytes + insn->length - insn->address_size, &target, insn->address_size);
        return true;
    }
    if (mem->segment >= X86_SEG_FS || mem->base >= X86_GPRS || mem->base == mem->index)
        return false;
    if (mem->index != X86_REG_NONE)
        gpr[mem->index] = random_below(64);
    gpr[mem->base] =
        target - mem->displacement - (mem->index != X86_REG_NONE ? gpr[mem->index] << mem->scale : 0);
    if (insn->address_size == 4)
        gpr[mem->base] ^= random64() << 32;
    return true;
}

static bool bit_offset_place(const struct x86_insn *insn, uint64_t *gpr)
{
    if (insn->op < X86_OP_BT || insn->op > X86_OP_BTC || !insn->memory || insn->form != X86_FORM_RM_REG)
        return true;
    if (insn->reg == insn->mem.base || insn->reg == insn->mem.index)
        return false;
    gpr[insn->reg] = random_below(16384) - 8192;
    if (insn->operand_size == 4)
        gpr[insn->reg] ^= random64() << 32;
    return true;
}

/* rSI and rDI point into memory, rCX is small. */
static void string_place(const struct x86_insn *insn, uint64_t *gpr)
{
    if (insn->form != X86_FORM_STRING)
        return;
    gpr[X86_RSI] = (uint64_t)host.memory + 4096 + random_below(4096);
    gpr[X86_RDI] = (uint64_t)host.memory + 4096 + random_below(4096);
    gpr[X86_RCX] = random_below(20);
    if (insn->address_size == 4) {
        gpr[X86_RSI] ^= random64() << 32;
        gpr[X86_RDI] ^= random64() << 32;
        /* After a count of 0, CPUs differ in the upper halves. */
        gpr[X86_RCX] = (gpr[X86_RCX] + 1) | random64() << 32;
    }
    if (random_below(2)) /* so that comparisons run on */
        memset(host.memory, random_below(2) ? 0 : gpr[X86_RAX] & 0xff, MEMORY_SIZE);
}

static bool stack_place(const struct x86_insn *insn, uint64_t *gpr)
{
    if (insn->op != X86_OP_PUSH && insn->op != X86_OP_POP)
        return true;
    if (insn->memory && insn->mem.base == X86_RSP) /* with a displacement, it may point elsewhere */
        return gpr[X86_RSP] - (uint64_t)host.memory - 64 < MEMORY_SIZE - 128;
    gpr[X86_RSP] = (uint64_t)host.memory + 4096 + random_below(4096);
    return true;
}

/* Half of the compares of a pair succeed. */
static void pair_place(const struct x86_insn *insn, uint64_t *gpr)
{
    const struct x86_memory *mem = &insn->mem;
    uint64_t found[2];

    if (insn->op != X86_OP_CMPXCHG_PAIR || insn->address_size != 8 || random_below(2))
        return;
    if (mem->base == X86_RAX || mem->base == X86_RDX || mem->index == X86_RAX || mem->index == X86_RDX)
        return;
    memcpy(
        found,
        (void *)(gpr[mem->base] + mem->displacement + (mem->index < 16 ? gpr[mem->index] << mem->scale : 0)),
        16);
    gpr[X86_RAX] = insn->rm_size == 16 ? found[0] : (uint32_t)found[0];
    gpr[X86_RDX] = insn->rm_size == 16 ? found[1] : found[0] >> 32;
}

static unsigned shift_count(const struct x86_insn *insn, const uint64_t *gpr)
{
    unsigned count = insn->form == X86_FORM_RM      ? 1
                     : insn->form == X86_FORM_RM_CL ? gpr[X86_RCX]
                                                    : insn->immediate;

    return count & (insn->operand_size == 8 ? 63 : 31);
}

/* APM vol. 3 leaves these undefined. */
static uint64_t flags_undefined(const struct x86_insn *insn, const uint64_t *gpr)
{
    unsigned count;

    switch (insn->op) {
    case X86_OP_AND:
    case X86_OP_OR:
    case X86_OP_XOR:
    case X86_OP_TEST:
        return FLAG_AF;
    case X86_OP_BT ... X86_OP_BTC:
        return FLAG_OF | FLAG_SF | FLAG_AF | FLAG_PF;
    case X86_OP_ROL ... X86_OP_RCR:
        return shift_count(insn, gpr) > 1 ? FLAG_OF : 0;
    case X86_OP_SHL ... X86_OP_SAR:
        count = shift_count(insn, gpr);
        return (count > 0 ? FLAG_AF : 0) | (count > 1 ? FLAG_OF : 0) |
               (count >= 8U * insn->operand_size ? FLAG_CF : 0);
    default:
        return 0;
    }
}

/* --- comparing --- */

static struct machine machine;

static bool is_lockable(const struct x86_insn *insn)
{
    return insn->memory && insn->form != X86_FORM_REG_RM &&
           ((insn->op >= X86_OP_ADD && insn->op <= X86_OP_XOR) ||
            (insn->op >= X86_OP_NOT && insn->op <= X86_OP_DEC) ||
            (insn->op >= X86_OP_XCHG && insn->op <= X86_OP_CMPXCHG_PAIR) ||
            (insn->op >= X86_OP_BTS && insn->op <= X86_OP_BTC));
}

/* CPUID 1, ECX bit 22 */
static bool has_movbe(void)
{
    unsigned eax, ebx, ecx = 0, edx;

    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & BIT(22));
}

static bool is_wanted(const struct x86_insn *insn)
{
    if (insn->op <= X86_OP_OTHER || insn->op > X86_OP_EMULATED_LAST || insn->op == X86_OP_MOV_FROM_SEG)
        return false;
    if (insn->op >= X86_OP_CALL && insn->op <= X86_OP_JMP)
        return false;
    if (insn->op >= X86_OP_INS && insn->op <= X86_OP_OUT)
        return false;
    if (insn->op == X86_OP_HINT && !insn->memory)
        return false;
    if (insn->op == X86_OP_MOVBE && !has_movbe())
        return false;
    if (insn->map == X86_MAP_ONE && insn->opcode == 0x90 && (insn->prefixes & X86_PREFIX_REP))
        return false; /* PAUSE or XCHG with r8: CPUs differ */
    return !(insn->prefixes & X86_PREFIX_LOCK) || is_lockable(insn);
}

static void outcome_compare(const struct x86_insn *insn, uint64_t undefined, const uint8_t *bytes)
{
    const struct context *c = host.context;
    char hex[64] = "";

    for (unsigned i = 0; i < insn->length; i++)
        sprintf(hex + 3 * i, "%02x ", bytes[i]);
    for (unsigned i = 0; i < 16; i++)
        cr_assert_eq(machine.gpr[i], c->out[i], "%s: register %u is %llx, should be %llx, was %llx", hex, i,
                     (unsigned long long)machine.gpr[i], (unsigned long long)c->out[i],
                     (unsigned long long)c->in[i]);
    cr_assert_eq((machine.e.rflags ^ c->flags_out) & FLAGS & ~undefined, 0,
                 "%s: flags %llx, should be %llx, were %llx", hex, (unsigned long long)machine.e.rflags,
                 (unsigned long long)c->flags_out, (unsigned long long)c->flags_in);
    cr_assert_eq(memcmp(machine.xmm, c->xmm_out, sizeof(machine.xmm)), 0, "%s: XMM registers", hex);
    for (unsigned i = 0; i < MEMORY_SIZE && memcmp(machine.memory, host.memory, MEMORY_SIZE) != 0; i++)
        cr_assert_eq(machine.memory[i], host.memory[i], "%s: memory[%x] is %x, should be %x", hex, i,
                     machine.memory[i], host.memory[i]);
}

/* false when no operands could be found for these bytes. */
static bool insn_try(uint8_t *bytes)
{
    struct context *c = host.context;
    struct x86_insn insn;
    uint64_t undefined;

    if (x86_decode(bytes, X86_INSN_MAX, X86_MODE_64, &insn) != 0 || !is_wanted(&insn))
        return false;
    for (unsigned i = 0; i < 16; i++)
        c->in[i] = random_value();
    for (unsigned i = 0; i < 32; i++)
        c->xmm_in[i / 2][i % 2] = random64();
    for (unsigned i = 0; i < MEMORY_SIZE / 8; i++)
        ((uint64_t *)host.memory)[i] = i * 0x0123456789abcdefULL + c->in[0];
    c->flags_in = 0x202 | (random64() & (FLAGS | (insn.form == X86_FORM_STRING ? FLAG_DF : 0)));
    if (!operand_place(&insn, c->in, bytes) || !bit_offset_place(&insn, c->in) || !stack_place(&insn, c->in))
        return false;
    string_place(&insn, c->in);
    pair_place(&insn, c->in);
    machine_init(&machine, X86_MODE_64);
    machine.memory_base = (uint64_t)host.memory;
    memcpy(machine.memory, host.memory, MEMORY_SIZE);
    memcpy(machine.gpr, c->in, sizeof(machine.gpr));
    memcpy(machine.xmm, c->xmm_in, sizeof(machine.xmm));
    machine.e.rflags = c->flags_in;
    undefined = flags_undefined(&insn, c->in);
    machine.e.rip = host_run(bytes, insn.length);
    cr_assert_eq(x86_decode(bytes, X86_INSN_MAX, X86_MODE_64, &insn),
                 0); /* operand_place() may change the bytes */
    cr_assert_eq(x86_emulate(&machine.e, &insn), X86_EMULATE_DONE, "opcode %x", insn.opcode);
    outcome_compare(&insn, undefined, bytes);
    return true;
}

struct choice {
    uint8_t map, first, last;
};

static const uint8_t *map_prefix(unsigned map, size_t *size)
{
    static const uint8_t prefixes[3][2] = {{0}, {0x0f}, {0x0f, 0x38}};

    *size = map;
    return prefixes[map];
}

/* Random prefixes, an opcode of the choice, random rest. */
static void insn_make(const struct choice *choice, uint8_t *bytes)
{
    static const uint8_t prefixes[] = {0x66, 0x67, 0xf2, 0xf3, 0x3e};
    unsigned at = 0;
    size_t escape;
    const uint8_t *map = map_prefix(choice->map, &escape);

    for (unsigned i = 0; i < 15; i++)
        bytes[i] = random64() >> 32;
    if (random_below(8) == 0)
        bytes[at++] = 0xf0;
    while (random_below(2) && at < 3)
        bytes[at++] = prefixes[random_below(sizeof(prefixes))];
    if (random_below(2))
        bytes[at++] = 0x40 | random_below(16);
    memcpy(bytes + at, map, escape);
    at += escape;
    bytes[at] = choice->first + random_below(choice->last - choice->first + 1);
}

static void choices_run(const struct choice *choices, unsigned count, unsigned runs)
{
    unsigned done = 0, tries = 0;

    host_init();
    while (done < runs) {
        uint8_t bytes[X86_INSN_MAX];

        cr_assert(tries++ < 400 * runs);
        insn_make(&choices[random_below(count)], bytes);
        done += insn_try(bytes);
    }
}

#define CHOICES_RUN(runs, ...)                        \
    choices_run((const struct choice[]){__VA_ARGS__}, \
                sizeof((const struct choice[]){__VA_ARGS__}) / sizeof(struct choice), runs)

Test(emulate_host, moves)
{
    CHOICES_RUN(8000, {0, 0x88, 0x8b}, {0, 0xa0, 0xa3}, {0, 0xb0, 0xbf}, {0, 0xc6, 0xc7}, {0, 0x63, 0x63},
                {1, 0xb6, 0xb7}, {1, 0xbe, 0xbf}, {1, 0xc3, 0xc3}, {2, 0xf0, 0xf1});
}

Test(emulate_host, conditions)
{
    CHOICES_RUN(6000, {1, 0x40, 0x4f}, {1, 0x90, 0x9f});
}

Test(emulate_host, arithmetic)
{
    CHOICES_RUN(16000, {0, 0x00, 0x05}, {0, 0x08, 0x0d}, {0, 0x10, 0x15}, {0, 0x18, 0x1d}, {0, 0x20, 0x25},
                {0, 0x28, 0x2d}, {0, 0x30, 0x35}, {0, 0x38, 0x3d}, {0, 0x80, 0x83}, {0, 0x84, 0x85},
                {0, 0xa8, 0xa9}, {0, 0xf6, 0xf7}, {0, 0xfe, 0xff});
}

Test(emulate_host, shifts)
{
    CHOICES_RUN(12000, {0, 0xc0, 0xc1}, {0, 0xd0, 0xd3});
}

Test(emulate_host, exchanges)
{
    CHOICES_RUN(10000, {0, 0x86, 0x87}, {0, 0x90, 0x97}, {1, 0xb0, 0xb1}, {1, 0xc0, 0xc1}, {1, 0xc7, 0xc7});
}

Test(emulate_host, bits)
{
    CHOICES_RUN(8000, {1, 0xa3, 0xa3}, {1, 0xab, 0xab}, {1, 0xb3, 0xb3}, {1, 0xbb, 0xbb}, {1, 0xba, 0xba});
}

Test(emulate_host, strings)
{
    CHOICES_RUN(12000, {0, 0xa4, 0xa7}, {0, 0xaa, 0xaf});
}

Test(emulate_host, stack)
{
    CHOICES_RUN(6000, {0, 0x50, 0x5f}, {0, 0x68, 0x68}, {0, 0x6a, 0x6a}, {0, 0x8f, 0x8f}, {0, 0xff, 0xff});
}

Test(emulate_host, xmm)
{
    CHOICES_RUN(8000, {1, 0x10, 0x11}, {1, 0x28, 0x29}, {1, 0x2b, 0x2b}, {1, 0x6e, 0x6f}, {1, 0x7e, 0x7f},
                {1, 0xd6, 0xd6}, {1, 0xe7, 0xe7}, {1, 0xf0, 0xf0});
}

Test(emulate_host, hints)
{
    CHOICES_RUN(1000, {1, 0x0d, 0x0d}, {1, 0x18, 0x18}, {1, 0x1f, 0x1f});
}
