/* SPDX-License-Identifier: BSD-2-Clause */
#include "sysreg.h"

#define HARDWARE SYSREG_HARDWARE, SYSREG_RW
#define ID       SYSREG_ID, SYSREG_R

/* key, owner and access, name, what it always reads as, reason. Reset values of those in hardware:
 * ARM64_EL1_LIST. */
const struct sysreg sysregs[] = {
    /* Instructions that trap like registers: HCR_EL2.TSW. */
    {SYSREG(1, 0, 7, 6, 2), SYSREG_CACHES, SYSREG_W, "dc_isw", 0,
     "done by address: sets and ways are shared"},
    {SYSREG(1, 0, 7, 10, 2), SYSREG_CACHES, SYSREG_W, "dc_csw", 0,
     "done by address: sets and ways are shared"},
    {SYSREG(1, 0, 7, 14, 2), SYSREG_CACHES, SYSREG_W, "dc_cisw", 0,
     "done by address: sets and ways are shared"},
    {SYSREG(1, 3, 7, 4, 1), SYSREG_ABSENT, 0, "dc_zva", 0, "HCR_EL2.TDZ: CPUs have blocks of several sizes"},

    /* Self-hosted debug: two breakpoints and watchpoints, the fewest there can be, and they never match. */
    {SYSREG(2, 0, 0, 0, 2), SYSREG_FIXED, SYSREG_RW, "osdtrrx_el1", 0, "no external debugger"},
    {SYSREG(2, 0, 0, 0, 4), SYSREG_FIXED, SYSREG_RW, "dbgbvr0_el1", 0, "breakpoints are not emulated"},
    {SYSREG(2, 0, 0, 0, 5), SYSREG_FIXED, SYSREG_RW, "dbgbcr0_el1", 0, "breakpoints are not emulated"},
    {SYSREG(2, 0, 0, 0, 6), SYSREG_FIXED, SYSREG_RW, "dbgwvr0_el1", 0, "watchpoints are not emulated"},
    {SYSREG(2, 0, 0, 0, 7), SYSREG_FIXED, SYSREG_RW, "dbgwcr0_el1", 0, "watchpoints are not emulated"},
    {SYSREG(2, 0, 0, 1, 4), SYSREG_FIXED, SYSREG_RW, "dbgbvr1_el1", 0, "breakpoints are not emulated"},
    {SYSREG(2, 0, 0, 1, 5), SYSREG_FIXED, SYSREG_RW, "dbgbcr1_el1", 0, "breakpoints are not emulated"},
    {SYSREG(2, 0, 0, 1, 6), SYSREG_FIXED, SYSREG_RW, "dbgwvr1_el1", 0, "watchpoints are not emulated"},
    {SYSREG(2, 0, 0, 1, 7), SYSREG_FIXED, SYSREG_RW, "dbgwcr1_el1", 0, "watchpoints are not emulated"},
    {SYSREG(2, 0, 0, 2, 0), SYSREG_FIXED, SYSREG_RW, "mdccint_el1", 0, "no external debugger"},
    {SYSREG_MDSCR_EL1, SYSREG_DEBUG, SYSREG_RW, "mdscr_el1", 0, "single step works, the rest is kept"},
    {SYSREG(2, 0, 0, 3, 2), SYSREG_FIXED, SYSREG_RW, "osdtrtx_el1", 0, "no external debugger"},
    {SYSREG(2, 0, 0, 6, 2), SYSREG_FIXED, SYSREG_RW, "oseccr_el1", 0, "no external debugger"},
    {SYSREG(2, 0, 1, 0, 0), SYSREG_FIXED, SYSREG_R, "mdrar_el1", 0, "no debug ROM table"},
    {SYSREG(2, 0, 1, 0, 4), SYSREG_DEBUG, SYSREG_W, "oslar_el1", 0, "kept: guests look whether it worked"},
    {SYSREG(2, 0, 1, 1, 4), SYSREG_DEBUG, SYSREG_R, "oslsr_el1", 0, "kept: guests look whether it worked"},
    {SYSREG(2, 0, 1, 3, 4), SYSREG_FIXED, SYSREG_RW, "osdlr_el1", 0, "no double lock"},
    {SYSREG(2, 0, 1, 4, 4), SYSREG_FIXED, SYSREG_RW, "dbgprcr_el1", 0, "power belongs to the host"},
    {SYSREG(2, 0, 7, 8, 6), SYSREG_FIXED, SYSREG_RW, "dbgclaimset_el1", 0, "no external debugger"},
    {SYSREG(2, 0, 7, 9, 6), SYSREG_FIXED, SYSREG_RW, "dbgclaimclr_el1", 0, "no external debugger"},
    {SYSREG(2, 0, 7, 14, 6), SYSREG_FIXED, SYSREG_R, "dbgauthstatus_el1", 0, "no external debugger"},
    {SYSREG(2, 1, 0, 1, 0), SYSREG_ABSENT, 0, "trcprgctlr", 0, "CPTR_EL2.TTA: no trace"},
    {SYSREG(2, 1, 9, 0, 0), SYSREG_ABSENT, 0, "brbcr_el1", 0, "HDFGRTR_EL2.nBRBCTL: no record of branches"},
    {SYSREG(2, 3, 0, 1, 0), SYSREG_FIXED, SYSREG_R, "mdccsr_el0", 0, "no external debugger"},
    {SYSREG(2, 3, 0, 4, 0), SYSREG_FIXED, SYSREG_RW, "dbgdtr_el0", 0, "no external debugger"},
    {SYSREG(2, 3, 0, 5, 0), SYSREG_FIXED, SYSREG_RW, "dbgdtrrx_el0", 0, "no external debugger"},

    /* Who the CPU is. */
    {SYSREG_MIDR_EL1, SYSREG_HARDWARE, SYSREG_R, "midr_el1", 0, "VPIDR_EL2, the boot CPU's"},
    {SYSREG_MPIDR_EL1, SYSREG_HARDWARE, SYSREG_R, "mpidr_el1", 0, "VMPIDR_EL2, the vCPU's affinity"},
    {SYSREG(3, 0, 0, 0, 6), SYSREG_FIXED, SYSREG_R, "revidr_el1", 0,
     "fixes of one CPU say nothing of a vCPU"},
    {SYSREG(3, 0, 0, 1, 0), ID, "id_pfr0_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 1, 1), ID, "id_pfr1_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 1, 2), ID, "id_dfr0_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 1, 3), ID, "id_afr0_el1", 0, "whatever the maker likes"},
    {SYSREG(3, 0, 0, 1, 4), ID, "id_mmfr0_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 1, 5), ID, "id_mmfr1_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 1, 6), ID, "id_mmfr2_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 1, 7), ID, "id_mmfr3_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 2, 0), ID, "id_isar0_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 2, 1), ID, "id_isar1_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 2, 2), ID, "id_isar2_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 2, 3), ID, "id_isar3_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 2, 4), ID, "id_isar4_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 2, 5), ID, "id_isar5_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 2, 6), ID, "id_mmfr4_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 2, 7), ID, "id_isar6_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 3, 0), ID, "mvfr0_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 3, 1), ID, "mvfr1_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 3, 2), ID, "mvfr2_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 3, 4), ID, "id_pfr2_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 3, 5), ID, "id_dfr1_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 3, 6), ID, "id_mmfr5_el1", 0, "32-bit programs"},
    {SYSREG(3, 0, 0, 4, 0), ID, "id_aa64pfr0_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 4, 1), ID, "id_aa64pfr1_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 4, 2), ID, "id_aa64pfr2_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 4, 4), ID, "id_aa64zfr0_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 4, 5), ID, "id_aa64smfr0_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 5, 0), ID, "id_aa64dfr0_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 5, 1), ID, "id_aa64dfr1_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 5, 4), ID, "id_aa64afr0_el1", 0, "whatever the maker likes"},
    {SYSREG(3, 0, 0, 5, 5), ID, "id_aa64afr1_el1", 0, "whatever the maker likes"},
    {SYSREG(3, 0, 0, 6, 0), ID, "id_aa64isar0_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 6, 1), ID, "id_aa64isar1_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 6, 2), ID, "id_aa64isar2_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 7, 0), ID, "id_aa64mmfr0_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 7, 1), ID, "id_aa64mmfr1_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 7, 2), ID, "id_aa64mmfr2_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 7, 3), ID, "id_aa64mmfr3_el1", 0, "see id_regs.c"},
    {SYSREG(3, 0, 0, 7, 4), ID, "id_aa64mmfr4_el1", 0, "see id_regs.c"},

    /* EL1 and EL0. */
    {SYSREG_SCTLR_EL1, HARDWARE, "sctlr_el1", 0, "the guest's own"},
    {SYSREG(3, 0, 1, 0, 1), SYSREG_FIXED, SYSREG_RW, "actlr_el1", 0,
     "HCR_EL2.TACR: the maker's switches are the host's"},
    {SYSREG_CPACR_EL1, HARDWARE, "cpacr_el1", 0, "the guest's own"},
    {SYSREG(3, 0, 1, 0, 3), SYSREG_ABSENT, 0, "sctlr2_el1", 0, "HCRX_EL2.SCTLR2En: not switched"},
    {SYSREG(3, 0, 1, 0, 5), SYSREG_ABSENT, 0, "rgsr_el1", 0, "HCR_EL2.ATA: no memory tagging"},
    {SYSREG(3, 0, 1, 0, 6), SYSREG_ABSENT, 0, "gcr_el1", 0, "HCR_EL2.ATA: no memory tagging"},
    {SYSREG(3, 0, 1, 2, 0), HARDWARE, "zcr_el1", 0, "CPTR_EL2.TZ: switched with vectors, if there are any"},
    {SYSREG(3, 0, 1, 2, 1), SYSREG_ABSENT, 0, "trfcr_el1", 0, "MDCR_EL2.TTRF: no trace"},
    {SYSREG(3, 0, 1, 2, 4), SYSREG_ABSENT, 0, "smpri_el1", 0, "HFGRTR_EL2.nSMPRI_EL1: no SME"},
    {SYSREG(3, 0, 1, 2, 6), SYSREG_ABSENT, 0, "smcr_el1", 0, "CPTR_EL2.TSM: no SME"},
    {SYSREG_TTBR0_EL1, HARDWARE, "ttbr0_el1", 0, "the guest's own"},
    {SYSREG_TTBR1_EL1, HARDWARE, "ttbr1_el1", 0, "the guest's own"},
    {SYSREG_TCR_EL1, HARDWARE, "tcr_el1", 0, "the guest's own"},
    {SYSREG(3, 0, 2, 0, 3), SYSREG_ABSENT, 0, "tcr2_el1", 0, "HCRX_EL2.TCR2En: not switched"},
    {SYSREG(3, 0, 2, 5, 0), SYSREG_ABSENT, 0, "gcscr_el1", 0, "HFGRTR_EL2.nGCS_EL1: no guarded stacks"},
    {SYSREG_SPSR_EL1, HARDWARE, "spsr_el1", 0, "the guest's own"},
    {SYSREG_ELR_EL1, HARDWARE, "elr_el1", 0, "the guest's own"},
    {SYSREG_SP_EL0, HARDWARE, "sp_el0", 0, "the guest's own"},
    {SYSREG(3, 0, 4, 3, 0), SYSREG_ABSENT, 0, "allint", 0, "HCRX_EL2.TALLINT: no NMIs of the GIC"},
    {SYSREG_ICC_PMR_EL1, SYSREG_GIC, SYSREG_RW, "icc_pmr_el1", 0, "ICH_HCR_EL2.TC: with icc_dir_el1"},
    {SYSREG_AFSR0_EL1, HARDWARE, "afsr0_el1", 0, "the guest's own"},
    {SYSREG_AFSR1_EL1, HARDWARE, "afsr1_el1", 0, "the guest's own"},
    {SYSREG_ESR_EL1, HARDWARE, "esr_el1", 0, "the guest's own"},
    {SYSREG(3, 0, 5, 3, 0), SYSREG_ABSENT, 0, "erridr_el1", 0, "HCR_EL2.TERR: errors are the host's"},
    {SYSREG(3, 0, 5, 3, 1), SYSREG_ABSENT, 0, "errselr_el1", 0, "HCR_EL2.TERR: errors are the host's"},
    {SYSREG(3, 0, 5, 6, 0), SYSREG_ABSENT, 0, "tfsr_el1", 0, "HCR_EL2.ATA: no memory tagging"},
    {SYSREG(3, 0, 5, 6, 1), SYSREG_ABSENT, 0, "tfsre0_el1", 0, "HCR_EL2.ATA: no memory tagging"},
    {SYSREG_FAR_EL1, HARDWARE, "far_el1", 0, "the guest's own"},
    {SYSREG_PAR_EL1, HARDWARE, "par_el1", 0, "the guest's own"},
    {SYSREG(3, 0, 9, 9, 0), SYSREG_ABSENT, 0, "pmscr_el1", 0, "MDCR_EL2.TPMS: no profiling"},
    {SYSREG(3, 0, 9, 11, 0), SYSREG_ABSENT, 0, "trblimitr_el1", 0, "MDCR_EL2.E2TB: no trace"},
    {SYSREG(3, 0, 9, 14, 1), SYSREG_ABSENT, 0, "pmintenset_el1", 0, "MDCR_EL2.TPM: no PMU"},
    {SYSREG(3, 0, 9, 14, 2), SYSREG_ABSENT, 0, "pmintenclr_el1", 0, "MDCR_EL2.TPM: no PMU"},
    {SYSREG_MAIR_EL1, HARDWARE, "mair_el1", 0, "the guest's own"},
    {SYSREG(3, 0, 10, 2, 1), SYSREG_ABSENT, 0, "mair2_el1", 0, "HFGRTR_EL2.nMAIR2_EL1: not switched"},
    {SYSREG(3, 0, 10, 2, 2), SYSREG_ABSENT, 0, "pire0_el1", 0, "HFGRTR_EL2.nPIRE0_EL1: not switched"},
    {SYSREG(3, 0, 10, 2, 3), SYSREG_ABSENT, 0, "pir_el1", 0, "HFGRTR_EL2.nPIR_EL1: not switched"},
    {SYSREG(3, 0, 10, 2, 4), SYSREG_ABSENT, 0, "por_el1", 0, "HFGRTR_EL2.nPOR_EL1: not switched"},
    {SYSREG_AMAIR_EL1, HARDWARE, "amair_el1", 0, "the guest's own"},
    {SYSREG(3, 0, 10, 4, 0), SYSREG_ABSENT, 0, "lorsa_el1", 0, "HCR_EL2.TLOR: no limited ordering"},
    {SYSREG(3, 0, 10, 4, 4), SYSREG_ABSENT, 0, "mpamidr_el1", 0, "MPAM2_EL2.TIDR: resources are the host's"},
    {SYSREG(3, 0, 10, 4, 7), SYSREG_ABSENT, 0, "lorid_el1", 0, "HCR_EL2.TLOR: no limited ordering"},
    {SYSREG(3, 0, 10, 5, 0), SYSREG_ABSENT, 0, "mpam1_el1", 0, "MPAM2_EL2.TRAPMPAM1EL1: likewise"},
    {SYSREG(3, 0, 10, 5, 1), SYSREG_ABSENT, 0, "mpam0_el1", 0, "MPAM2_EL2.TRAPMPAM0EL1: likewise"},
    {SYSREG_VBAR_EL1, HARDWARE, "vbar_el1", 0, "the guest's own"},
    {SYSREG_ICC_DIR_EL1, SYSREG_GIC, SYSREG_W, "icc_dir_el1", 0, "ICH_HCR_EL2.TDIR: not in a list register"},
    {SYSREG_ICC_RPR_EL1, SYSREG_GIC, SYSREG_R, "icc_rpr_el1", 0, "ICH_HCR_EL2.TC: with icc_dir_el1"},
    {SYSREG_ICC_SGI1R_EL1, SYSREG_GIC, SYSREG_W, "icc_sgi1r_el1", 0, "always traps: to other vCPUs"},
    {SYSREG_ICC_ASGI1R_EL1, SYSREG_GIC, SYSREG_W, "icc_asgi1r_el1", 0, "always traps: to other vCPUs"},
    {SYSREG_ICC_SGI0R_EL1, SYSREG_GIC, SYSREG_W, "icc_sgi0r_el1", 0, "always traps: to other vCPUs"},
    {SYSREG_ICC_CTLR_EL1, SYSREG_GIC, SYSREG_RW, "icc_ctlr_el1", 0, "ICH_HCR_EL2.TC: with icc_dir_el1"},
    {SYSREG(3, 0, 12, 12, 5), SYSREG_FIXED, SYSREG_RW, "icc_sre_el1", 7, "system registers only, no bypass"},
    {SYSREG_CONTEXTIDR_EL1, HARDWARE, "contextidr_el1", 0, "the guest's own"},
    {SYSREG_TPIDR_EL1, HARDWARE, "tpidr_el1", 0, "the guest's own"},
    {SYSREG(3, 0, 13, 0, 5), SYSREG_ABSENT, 0, "accdata_el1", 0, "HFGRTR_EL2.nACCDATA_EL1: not switched"},
    {SYSREG(3, 0, 13, 0, 7), SYSREG_ABSENT, 0, "scxtnum_el1", 0, "HCR_EL2.EnSCXT: not switched"},
    {SYSREG_CNTKCTL_EL1, HARDWARE, "cntkctl_el1", 0, "the guest's own"},
    /* HCR_EL2.TID2: only if CPUs differ in CTR_EL0. One level, data and instructions apart (Ctype1 3), up to
     * which lines are cleaned (LoUIS, LoC, LoUU 1). */
    {SYSREG_CCSIDR_EL1, SYSREG_SIZES, SYSREG_R, "ccsidr_el1", 0, "see caches.h"},
    {SYSREG(3, 1, 0, 0, 1), SYSREG_FIXED, SYSREG_R, "clidr_el1", 0x9200003,
     "one level says all that is needed"},
    {SYSREG(3, 1, 0, 0, 2), SYSREG_ABSENT, 0, "ccsidr2_el1", 0, "what is there is small"},
    {SYSREG(3, 1, 0, 0, 4), SYSREG_ABSENT, 0, "gmid_el1", 0, "HCR_EL2.TID5: no memory tagging"},
    {SYSREG(3, 1, 0, 0, 7), SYSREG_FIXED, SYSREG_R, "aidr_el1", 0, "whatever the maker likes"},
    {SYSREG_CSSELR_EL1, SYSREG_SIZES, SYSREG_RW, "csselr_el1", 0, "the guest's own"},
    {SYSREG_CTR_EL0, ID, "ctr_el0", 0, "what is right on all CPUs: see id_regs.c"},
    {SYSREG(3, 3, 2, 4, 0), SYSREG_HARDWARE, SYSREG_R, "rndr", 0, "the CPU's own, if ID registers say so"},
    {SYSREG(3, 3, 2, 4, 1), SYSREG_HARDWARE, SYSREG_R, "rndrrs", 0, "the CPU's own, if ID registers say so"},
    {SYSREG(3, 3, 4, 2, 2), SYSREG_ABSENT, 0, "svcr", 0, "CPTR_EL2.TSM: no SME"},
    {SYSREG(3, 3, 4, 4, 2), SYSREG_ABSENT, 0, "fpmr", 0, "HCRX_EL2.EnFPM: not switched"},
    {SYSREG(3, 3, 9, 12, 0), SYSREG_ABSENT, 0, "pmcr_el0", 0, "MDCR_EL2.TPM: no PMU"},
    {SYSREG(3, 3, 9, 13, 0), SYSREG_ABSENT, 0, "pmccntr_el0", 0, "MDCR_EL2.TPM: no PMU"},
    {SYSREG(3, 3, 9, 14, 0), SYSREG_ABSENT, 0, "pmuserenr_el0", 0, "MDCR_EL2.TPM: no PMU"},
    {SYSREG(3, 3, 10, 2, 4), SYSREG_ABSENT, 0, "por_el0", 0, "HFGRTR_EL2.nPOR_EL0: not switched"},
    {SYSREG_TPIDR_EL0, HARDWARE, "tpidr_el0", 0, "the guest's own"},
    {SYSREG_TPIDRRO_EL0, HARDWARE, "tpidrro_el0", 0, "the guest's own"},
    {SYSREG(3, 3, 13, 0, 5), SYSREG_ABSENT, 0, "tpidr2_el0", 0, "HFGRTR_EL2.nTPIDR2_EL0: no SME"},
    {SYSREG(3, 3, 13, 0, 7), SYSREG_ABSENT, 0, "scxtnum_el0", 0, "HCR_EL2.EnSCXT: not switched"},
    {SYSREG(3, 3, 13, 2, 0), SYSREG_ABSENT, 0, "amcr_el0", 0, "CPTR_EL2.TAM: no activity monitors"},
    {SYSREG_CNTPCT_EL0, SYSREG_TIMER, SYSREG_R, "cntpct_el0", 0, "the guest's time is not the host's"},
    {SYSREG_CNTP_TVAL_EL0, SYSREG_TIMER, SYSREG_RW, "cntp_tval_el0", 0, "the host has no such timer left"},
    {SYSREG_CNTP_CTL_EL0, SYSREG_TIMER, SYSREG_RW, "cntp_ctl_el0", 0, "the host has no such timer left"},
    {SYSREG_CNTP_CVAL_EL0, SYSREG_TIMER, SYSREG_RW, "cntp_cval_el0", 0, "the host has no such timer left"},
    {SYSREG_CNTV_CTL_EL0, HARDWARE, "cntv_ctl_el0", 0, "the guest's own"},
    {SYSREG_CNTV_CVAL_EL0, HARDWARE, "cntv_cval_el0", 0, "the guest's own"},
    {SYSREG_SP_EL1, HARDWARE, "sp_el1", 0, "the guest's own; named so from EL2 only"},
};

const unsigned sysreg_count = ARRAY_SIZE(sysregs);

const struct sysreg *sysreg_find(uint16_t key)
{
    unsigned low = 0, high = sysreg_count;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (sysregs[middle].key == key)
            return &sysregs[middle];
        if (sysregs[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

#define OSLSR_OSLM 0x8 /* the lock is implemented */
#define OSLSR_OSLK 0x2

void sysreg_file_reset(struct sysreg_file *file)
{
    file->mdscr = 0;
    file->is_os_locked = true;
}

/* Arm ARM, D24.3: OSLAR_EL1, OSLSR_EL1, MDSCR_EL1. */
static enum sysreg_outcome debug_access(struct sysreg_file *file, unsigned key, bool is_write,
                                        uint64_t *value)
{
    if (key == SYSREG_MDSCR_EL1) {
        if (!is_write) {
            *value = file->mdscr;
            return SYSREG_DONE;
        }
        file->mdscr = *value;
        return SYSREG_TO_DEBUG;
    }
    if (is_write)
        file->is_os_locked = *value & 1;
    else
        *value = OSLSR_OSLM | (file->is_os_locked ? OSLSR_OSLK : 0);
    return SYSREG_DONE;
}

enum sysreg_outcome sysreg_access(struct sysreg_file *file, unsigned key, bool is_write, bool from_el0,
                                  uint64_t *value)
{
    const struct sysreg *reg;

    /* Those of programs have op1 = 3; other accesses from EL0 are the guest kernel's to hear of. */
    if (from_el0 && SYSREG_OP1(key) != 3)
        return SYSREG_UNDEFINED;
    /* Reserved ones among them read as zero: D24.1.3, "ID registers". */
    if (sysreg_is_id(key)) {
        if (is_write)
            return SYSREG_UNDEFINED;
        *value = file->id[ID_INDEX(key)];
        return SYSREG_DONE;
    }
    reg = sysreg_find((uint16_t)key);
    if (reg == NULL || !(reg->access & (is_write ? SYSREG_W : SYSREG_R)))
        return SYSREG_UNDEFINED;
    switch ((enum sysreg_owner)reg->owner) {
    case SYSREG_FIXED:
        if (!is_write)
            *value = reg->value;
        return SYSREG_DONE;
    case SYSREG_DEBUG:
        return debug_access(file, key, is_write, value);
    case SYSREG_GIC:
        return SYSREG_TO_GIC;
    case SYSREG_TIMER:
        return SYSREG_TO_TIMER;
    case SYSREG_CACHES:
        return SYSREG_TO_CACHES;
    case SYSREG_SIZES:
        return SYSREG_TO_SIZES;
    case SYSREG_ID:
        *value = file->id[ID_INDEX(key)];
        return SYSREG_DONE;
    case SYSREG_HARDWARE:
        return SYSREG_IN_HARDWARE;
    default:
        return SYSREG_UNDEFINED;
    }
}
