/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include <core/compiler.h>
#include <core/types.h>

/* The virtual machine control block: APM vol. 2, appendix B. One page; control area, then state save area at
 * 0x400. */

struct vmcb_segment {
    uint16_t selector;
    uint16_t attributes;
    uint32_t limit;
    uint64_t base;
};

struct vmcb_control {
    uint32_t intercept_cr;         /* 0x000: low half reads, high half writes */
    uint32_t intercept_dr;         /* 0x004 */
    uint32_t intercept_exceptions; /* 0x008 */
    uint32_t intercept1;           /* 0x00c */
    uint32_t intercept2;           /* 0x010 */
    uint32_t intercept3;           /* 0x014 */
    uint8_t reserved0[0x3c - 0x18];
    uint16_t pause_threshold; /* 0x03c */
    uint16_t pause_count;
    uint64_t iopm_base;  /* 0x040 */
    uint64_t msrpm_base; /* 0x048 */
    uint64_t tsc_offset; /* 0x050 */
    uint32_t asid;       /* 0x058 */
    uint8_t tlb_control; /* 0x05c */
    uint8_t reserved1[3];
    uint64_t virtual_interrupt; /* 0x060 */
    uint64_t interrupt_shadow;  /* 0x068 */
    uint64_t exit_code;         /* 0x070 */
    uint64_t exit_info1;        /* 0x078 */
    uint64_t exit_info2;        /* 0x080 */
    uint64_t exit_int_info;     /* 0x088 */
    uint64_t nested_control;    /* 0x090 */
    uint8_t reserved2[0xa8 - 0x98];
    uint64_t event_injection; /* 0x0a8 */
    uint64_t nested_cr3;      /* 0x0b0 */
    uint64_t virtual_ext;     /* 0x0b8 */
    uint32_t clean;           /* 0x0c0 */
    uint32_t reserved3;
    uint64_t next_rip; /* 0x0c8 */
    uint8_t fetched_bytes;
    uint8_t guest_bytes[15]; /* 0x0d1 */
    uint8_t reserved4[0x400 - 0xe0];
};
_Static_assert(offsetof(struct vmcb_control, iopm_base) == 0x40, "APM appendix B");
_Static_assert(offsetof(struct vmcb_control, exit_code) == 0x70, "APM appendix B");
_Static_assert(offsetof(struct vmcb_control, event_injection) == 0xa8, "APM appendix B");
_Static_assert(offsetof(struct vmcb_control, next_rip) == 0xc8, "APM appendix B");
_Static_assert(sizeof(struct vmcb_control) == 0x400, "APM appendix B");

struct vmcb_save {
    struct vmcb_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr; /* 0x400 */
    uint8_t reserved0[0xcb - 0xa0];
    uint8_t cpl;
    uint32_t reserved1;
    uint64_t efer; /* 0x4d0 */
    uint8_t reserved2[0x148 - 0xd8];
    uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip; /* 0x548 */
    uint8_t reserved3[0x1d8 - 0x180];
    uint64_t rsp; /* 0x5d8 */
    uint8_t reserved4[0x1f8 - 0x1e0];
    uint64_t rax; /* 0x5f8 */
    uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
    uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t cr2; /* 0x640 */
    uint8_t reserved5[0x268 - 0x248];
    uint64_t g_pat;  /* 0x668 */
    uint64_t dbgctl; /* 0x670 */
    uint64_t br_from, br_to, last_excp_from, last_excp_to;
};
_Static_assert(offsetof(struct vmcb_save, efer) == 0xd0, "APM appendix B");
_Static_assert(offsetof(struct vmcb_save, cr4) == 0x148, "APM appendix B");
_Static_assert(offsetof(struct vmcb_save, rsp) == 0x1d8, "APM appendix B");
_Static_assert(offsetof(struct vmcb_save, rax) == 0x1f8, "APM appendix B");
_Static_assert(offsetof(struct vmcb_save, cr2) == 0x240, "APM appendix B");
_Static_assert(offsetof(struct vmcb_save, g_pat) == 0x268, "APM appendix B");

struct vmcb {
    struct vmcb_control control;
    struct vmcb_save save;
    uint8_t reserved[PAGE_SIZE - sizeof(struct vmcb_control) - sizeof(struct vmcb_save)];
};
_Static_assert(sizeof(struct vmcb) == PAGE_SIZE, "a VMCB is a page");

/* Intercept bits. */
#define SVM_INTERCEPT_CR_READ(n)  BIT(n)
#define SVM_INTERCEPT_CR_WRITE(n) BIT(16 + (n))

#define SVM_INTERCEPT_DR_FIRST_USE 0x008f000f /* DR0-DR3; writes of DR7 */

#define SVM_INTERCEPT1_INTR     BIT(0)
#define SVM_INTERCEPT1_NMI      BIT(1)
#define SVM_INTERCEPT1_SMI      BIT(2)
#define SVM_INTERCEPT1_INIT     BIT(3)
#define SVM_INTERCEPT1_VINTR    BIT(4)
#define SVM_INTERCEPT1_CR0_SEL  BIT(5) /* writes that change more than TS and MP */
#define SVM_INTERCEPT1_RDPMC    BIT(15)
#define SVM_INTERCEPT1_CPUID    BIT(18)
#define SVM_INTERCEPT1_IRET     BIT(20)
#define SVM_INTERCEPT1_INVD     BIT(22)
#define SVM_INTERCEPT1_PAUSE    BIT(23)
#define SVM_INTERCEPT1_HLT      BIT(24)
#define SVM_INTERCEPT1_INVLPGA  BIT(26)
#define SVM_INTERCEPT1_IOIO     BIT(27)
#define SVM_INTERCEPT1_MSR      BIT(28)
#define SVM_INTERCEPT1_TASK     BIT(29)
#define SVM_INTERCEPT1_FERR     BIT(30)
#define SVM_INTERCEPT1_SHUTDOWN BIT(31)

#define SVM_INTERCEPT2_VMRUN   BIT(0)
#define SVM_INTERCEPT2_VMMCALL BIT(1)
#define SVM_INTERCEPT2_VMLOAD  BIT(2)
#define SVM_INTERCEPT2_VMSAVE  BIT(3)
#define SVM_INTERCEPT2_STGI    BIT(4)
#define SVM_INTERCEPT2_CLGI    BIT(5)
#define SVM_INTERCEPT2_SKINIT  BIT(6)
#define SVM_INTERCEPT2_WBINVD  BIT(9)
#define SVM_INTERCEPT2_MONITOR BIT(10)
#define SVM_INTERCEPT2_MWAIT   BIT(11)
#define SVM_INTERCEPT2_XSETBV  BIT(13)

/* virtual_interrupt: APM vol. 2, 15.21. */
#define SVM_VI_TPR          MASK(3, 0)
#define SVM_VI_IRQ          BIT(8)
#define SVM_VI_PRIO(n)      ((uint64_t)(n) << 16)
#define SVM_VI_IGNORE_TPR   BIT(20)
#define SVM_VI_INTR_MASKING BIT(24)
#define SVM_VI_VECTOR(v)    ((uint64_t)(v) << 32)
#define SVM_VI_VECTOR_OF(x) ((uint8_t)((x) >> 32))

#define SVM_SHADOW_STI 0x1

#define SVM_NESTED_PAGING 0x1

#define SVM_TLB_KEEP      0
#define SVM_TLB_FLUSH_ALL 1

/* event_injection and exit_int_info: APM vol. 2, 15.20. */
#define SVM_EVENT_VECTOR    MASK(7, 0)
#define SVM_EVENT_TYPE      MASK(10, 8)
#define SVM_EVENT_INTERRUPT (0 << 8)
#define SVM_EVENT_NMI       (2 << 8)
#define SVM_EVENT_EXCEPTION (3 << 8)
#define SVM_EVENT_SOFTWARE  (4 << 8)
#define SVM_EVENT_HAS_ERROR BIT(11)
#define SVM_EVENT_VALID     BIT(31)

/* Exit codes: APM vol. 2, appendix C. */
enum svm_exit {
    SVM_EXIT_CR0_READ = 0x00,
    SVM_EXIT_CR0_WRITE = 0x10,
    SVM_EXIT_DR0_READ = 0x20,
    SVM_EXIT_EXCEPTION = 0x40,
    SVM_EXIT_INTR = 0x60,
    SVM_EXIT_NMI = 0x61,
    SVM_EXIT_SMI = 0x62,
    SVM_EXIT_INIT = 0x63,
    SVM_EXIT_VINTR = 0x64,
    SVM_EXIT_CR0_SEL_WRITE = 0x65,
    SVM_EXIT_RDPMC = 0x6f,
    SVM_EXIT_CPUID = 0x72,
    SVM_EXIT_IRET = 0x74,
    SVM_EXIT_INVD = 0x76,
    SVM_EXIT_PAUSE = 0x77,
    SVM_EXIT_HLT = 0x78,
    SVM_EXIT_INVLPGA = 0x7a,
    SVM_EXIT_IOIO = 0x7b,
    SVM_EXIT_MSR = 0x7c,
    SVM_EXIT_TASK_SWITCH = 0x7d,
    SVM_EXIT_FERR = 0x7e,
    SVM_EXIT_SHUTDOWN = 0x7f,
    SVM_EXIT_VMRUN = 0x80,
    SVM_EXIT_VMMCALL = 0x81,
    SVM_EXIT_VMLOAD = 0x82,
    SVM_EXIT_VMSAVE = 0x83,
    SVM_EXIT_STGI = 0x84,
    SVM_EXIT_CLGI = 0x85,
    SVM_EXIT_SKINIT = 0x86,
    SVM_EXIT_WBINVD = 0x89,
    SVM_EXIT_MONITOR = 0x8a,
    SVM_EXIT_MWAIT = 0x8b,
    SVM_EXIT_MWAIT_ARMED = 0x8c,
    SVM_EXIT_XSETBV = 0x8d,
    SVM_EXIT_NPF = 0x400,
};
#define SVM_EXIT_INVALID (~0ULL)

/* exit_info1 of IOIO: APM vol. 2, 15.10.2. */
#define SVM_IOIO_IN         BIT(0)
#define SVM_IOIO_STRING     BIT(2)
#define SVM_IOIO_REP        BIT(3)
#define SVM_IOIO_SIZE(info) (FIELD(info, 6, 4))
#define SVM_IOIO_PORT(info) ((uint16_t)FIELD(info, 31, 16))

/* exit_info1 of NPF: page-fault error code, and which part of the walk failed (APM vol. 2, 15.25.6). */
#define SVM_NPF_PRESENT BIT(0)
#define SVM_NPF_WRITE   BIT(1)
#define SVM_NPF_FETCH   BIT(4)
#define SVM_NPF_FINAL   BIT(32)

#define MSR_VM_CR       0xc0010114
#define MSR_VM_HSAVE_PA 0xc0010117
#define VM_CR_SVMDIS    BIT(4)

#endif
