/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VMM_LOAD_TABLES_AML_H
#define VMM_LOAD_TABLES_AML_H

#include <core/compiler.h>
#include <core/types.h>

/*
 * An assembler for ACPI machine language (ACPI 6.5, chapter 20): appends to a buffer and remembers when that
 * was too small, so that callers check once, at the end. Pure.
 *
 * What has a PkgLength is opened and closed:  at = aml_device(a, "PCI0"); ... aml_close(a, at);
 */
struct aml {
    uint8_t *bytes;
    size_t size, capacity;
    bool is_full; /* something did not fit */
};

enum aml_op {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_LOCAL0 = 0x60,
    AML_ARG0 = 0x68,
    AML_ARG1 = 0x69,
    AML_ARG3 = 0x6b,
    AML_STORE = 0x70,
    AML_AND = 0x7b,
    AML_OR = 0x7d,
    AML_LNOT = 0x92,
    AML_LEQUAL = 0x93,
    AML_RETURN = 0xa4,
};

void aml_byte(struct aml *a, uint8_t byte);
void aml_bytes(struct aml *a, const void *bytes, size_t size);

/* A path such as "\\_SB.PCI0": segments are padded to four characters. */
void aml_path(struct aml *a, const char *path);
/* The shortest form of a constant. */
void aml_integer(struct aml *a, uint64_t value);
/* "PNP0A08" as a compressed EISA id (19.3.4). */
void aml_eisaid(struct aml *a, const char *id);
void aml_string(struct aml *a, const char *text);
/* Buffer with a UUID in the byte order of ToUUID (19.6.142). */
void aml_uuid(struct aml *a, const char *text);

/* Name(path, ...): the object follows. */
void aml_name(struct aml *a, const char *path);

size_t aml_scope(struct aml *a, const char *path);
size_t aml_device(struct aml *a, const char *path);
size_t aml_method(struct aml *a, const char *path, unsigned arguments);
size_t aml_package(struct aml *a, uint8_t elements);
size_t aml_if(struct aml *a);
size_t aml_else(struct aml *a);
void aml_close(struct aml *a, size_t at);

/* CreateDWordField(buffer, offset, name). */
void aml_dword_field(struct aml *a, uint8_t buffer_op, uint64_t offset, const char *name);

/* Name(path, ResourceTemplate() {...}): closed by aml_resources_close(). 6.4. */
struct aml_resources {
    size_t package, size_at, first;
};
struct aml_resources aml_resources(struct aml *a, const char *path);
void aml_resources_close(struct aml *a, struct aml_resources r);

/* Fixed port range, 16-bit decode. */
void aml_res_io(struct aml *a, uint16_t base, uint8_t length);
/* One ISA interrupt, edge-triggered, active high. */
void aml_res_irq(struct aml *a, unsigned irq);
/* A fixed 32-bit memory range. */
void aml_res_memory32(struct aml *a, uint32_t base, uint32_t length);

/* What a bridge passes on: [first, last], both included. */
enum aml_window { AML_WINDOW_MEMORY = 0, AML_WINDOW_IO = 1, AML_WINDOW_BUS = 2 };
void aml_res_window16(struct aml *a, enum aml_window kind, uint16_t first, uint16_t last);
void aml_res_window32(struct aml *a, enum aml_window kind, uint32_t first, uint32_t last);
void aml_res_window64(struct aml *a, enum aml_window kind, uint64_t first, uint64_t last);

#endif
