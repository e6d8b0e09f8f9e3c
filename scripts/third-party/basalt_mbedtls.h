/* SPDX-License-Identifier: BSD-2-Clause */
/* What of Mbed TLS is built; everything else is off. No SHA instructions: those need vector registers. */
#define MBEDTLS_SHA256_C
/* WebSocket handshakes ask for it (RFC 6455, 4.2.2); nothing rests on its strength. */
#define MBEDTLS_SHA1_C
