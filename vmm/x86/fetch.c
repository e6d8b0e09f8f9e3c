/* SPDX-License-Identifier: BSD-2-Clause */
#include "fetch.h"

#include "caches.h"
#include <errno.h>
#include <string.h>

static no_inline uint64_t linear_rip_slowly(const struct vcpu *vcpu)
{
    struct x86_segment cs;

    backend_segment_get(vcpu, X86_SEG_CS, &cs);
    return (uint32_t)(cs.base + (uint32_t)backend_rip(vcpu));
}

static inline uint64_t linear_rip(const struct vcpu *vcpu, enum x86_mode mode)
{
    return likely(mode == X86_MODE_64) ? backend_rip(vcpu) : linear_rip_slowly(vcpu);
}

/* Bytes from `linear` to the end of its page or of what is wanted; negative errno: none, see guest_decode().
 */
static int fetch_part(struct vcpu *vcpu, uint64_t linear, uint8_t *to, size_t wanted,
                      struct guest_fault *fault)
{
    size_t length = MIN(wanted, PAGE_SIZE - (linear & (PAGE_SIZE - 1)));
    struct guest_place place;

    if (guest_translate(vcpu, linear, GUEST_FETCH, &place, fault) != 0)
        return -EFAULT;
    if (place.host == NULL) {
        fault->linear = linear;
        return -ENXIO;
    }
    memcpy(to, place.host, length);
    return (int)length;
}

/* The rest of an instruction on the next page matters only if the decoder asks for it. */
static no_inline int decode_uncached(struct vcpu *vcpu, uint64_t linear, struct x86_insn *insn,
                                     struct guest_fault *fault)
{
    uint8_t bytes[X86_INSN_MAX];
    int n = fetch_part(vcpu, linear, bytes, sizeof(bytes), fault), more, result;

    if (n < 0)
        return n;
    result = x86_decode(bytes, (size_t)n, guest_mode(vcpu), insn);
    if (result != -EAGAIN || n == X86_INSN_MAX)
        return result;
    more = fetch_part(vcpu, linear + (unsigned)n, bytes + n, sizeof(bytes) - (unsigned)n, fault);
    return more < 0 ? more : x86_decode(bytes, (size_t)n + (size_t)more, guest_mode(vcpu), insn);
}

static inline uint64_t load64(const uint8_t *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof(value));
    return value;
}

int guest_decode(struct vcpu *vcpu, const struct x86_insn **insn, struct guest_fault *fault)
{
    enum x86_mode mode = guest_mode(vcpu);
    uint64_t linear = linear_rip(vcpu, mode), first, last;
    struct decoded *decoded = &vcpu->arch.caches->decoded[linear & (DECODED_ENTRIES - 1)];
    uint8_t bytes[X86_INSN_MAX];
    struct guest_place place;
    int error;

    if (unlikely((linear & (PAGE_SIZE - 1)) > PAGE_SIZE - X86_INSN_MAX)) {
        *insn = &vcpu->arch.caches->uncached;
        return decode_uncached(vcpu, linear, &vcpu->arch.caches->uncached, fault);
    }
    if (guest_translate(vcpu, linear, GUEST_FETCH, &place, fault) != 0)
        return -EFAULT;
    if (unlikely(place.host == NULL)) {
        fault->linear = linear;
        return -ENXIO;
    }
    first = load64(place.host);
    last = load64(place.host + X86_INSN_MAX - sizeof(last));
    *insn = &decoded->insn;
    if (likely(decoded->first == first && decoded->last == last && decoded->mode == mode &&
               decoded->insn.length != 0))
        return 0;
    /* From what was compared: memory may have changed by now. */
    memcpy(bytes, &first, sizeof(first));
    memcpy(bytes + X86_INSN_MAX - sizeof(last), &last, sizeof(last));
    *decoded = (struct decoded){.first = first, .last = last, .mode = mode};
    error = x86_decode(bytes, sizeof(bytes), mode, &decoded->insn);
    if (error)
        decoded->insn.length = 0;
    return error;
}

bool guest_fetch_is_slow(struct vcpu *vcpu, enum x86_fetch which, uint32_t pattern, unsigned size)
{
    uint64_t linear = linear_rip(vcpu, guest_mode(vcpu));
    struct guest_fault fault;
    struct guest_place place;
    uint32_t bytes = 0;

    if ((linear & (PAGE_SIZE - 1)) > PAGE_SIZE - sizeof(bytes) ||
        guest_translate(vcpu, linear, GUEST_FETCH, &place, &fault) != 0 || place.host == NULL)
        return false;
    if (backend_cpl(vcpu) == 0) {
        unsigned slot = backend_rip(vcpu) % X86_FETCHES;

        vcpu->arch.fetches[which][slot].rip = backend_rip(vcpu);
        vcpu->arch.fetches[which][slot].bytes = place.host;
    }
    memcpy(&bytes, place.host, size);
    return bytes == pattern;
}
