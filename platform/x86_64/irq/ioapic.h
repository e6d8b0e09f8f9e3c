/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef X86_IOAPIC_H
#define X86_IOAPIC_H

/* Maps the IOAPICs of host_info and masks everything, the legacy PICs included. Boot CPU, once. */
void ioapic_init(void);

#endif
