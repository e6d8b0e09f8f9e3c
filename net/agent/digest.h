/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AGENT_DIGEST_H
#define AGENT_DIGEST_H

#include <core/compiler.h>
#include <core/types.h>
#include <net/http_str.h>

/* SHA-256 digests as header fields and text. Pure. */
#define DIGEST_SIZE        32
#define DIGEST_BASE64_SIZE 45 /* with the terminating 0 */
#define DIGEST_HEX_SIZE    65

/*
 * Reads a Digest field (RFC 3230, 4.3.2: `sha-256=BASE64`, among others). -ENOENT: no SHA-256 in it; -EINVAL:
 * one that is malformed.
 */
must_check int digest_from_rfc3230(struct http_str value, uint8_t out[DIGEST_SIZE]);

/* Reads a Content-Digest or Repr-Digest field (RFC 9530, 2: `sha-256=:BASE64:`, among others). As above. */
must_check int digest_from_rfc9530(struct http_str value, uint8_t out[DIGEST_SIZE]);

void digest_to_base64(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_BASE64_SIZE]);
void digest_to_hex(const uint8_t digest[DIGEST_SIZE], char out[DIGEST_HEX_SIZE]);

#endif
