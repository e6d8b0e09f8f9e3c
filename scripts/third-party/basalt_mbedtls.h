/* SPDX-License-Identifier: BSD-2-Clause */
/* What of Mbed TLS is built; everything else is off. No SHA instructions: those need vector registers. */
#define MBEDTLS_SHA256_C
