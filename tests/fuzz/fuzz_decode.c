/* SPDX-License-Identifier: BSD-2-Clause */
/* A mode, then instructions one after another. What was decoded must be whole and consistent. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void insn_check(const struct x86_insn *insn, size_t available)
{
    require(insn->length >= 1 && insn->length <= X86_INSN_MAX && insn->length <= available);
    require(insn->op > X86_OP_UNDEFINED && insn->op <= X86_OP_VMX);
    require(insn->form <= X86_FORM_STRING && insn->map <= X86_MAP_OTHER);
    require(insn->reg < X86_GPRS && insn->rm < X86_GPRS && insn->rex < 16);
    require(insn->mem.base <= X86_REG_NONE && insn->mem.segment < X86_SEGS && insn->mem.scale < 4);
    require(insn->mem.index < X86_GPRS || insn->mem.index == X86_REG_NONE);
    require(insn->operand_size == 1 || insn->operand_size == 2 || insn->operand_size == 4 ||
            insn->operand_size == 8);
    require(insn->address_size == 2 || insn->address_size == 4 || insn->address_size == 8);
    require(insn->rm_size >= 1 && insn->rm_size <= 16 && (insn->rm_size & (insn->rm_size - 1)) == 0);
}

/* It takes all of its bytes to decode, and no others. */
static void bytes_check(const uint8_t *bytes, const struct x86_insn *insn, enum x86_mode mode)
{
    uint8_t *copy = malloc(insn->length); /* so that a byte too many is noticed */
    struct x86_insn again;

    memcpy(copy, bytes, insn->length);
    memset(&again, 0, sizeof(again)); /* padding */
    require(x86_decode(copy, insn->length, mode, &again) == 0 && memcmp(&again, insn, sizeof(again)) == 0);
    for (size_t available = 0; available < insn->length; available++)
        require(x86_decode(copy, available, mode, &again) == -EAGAIN);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum x86_mode mode;

    if (size == 0)
        return 0;
    mode = data[0] % 3;
    data++;
    size--;
    while (size > 0) {
        struct x86_insn insn;
        size_t step = 1;
        int result;

        memset(&insn, 0, sizeof(insn));
        result = x86_decode(data, size, mode, &insn);
        require(result == 0 || result == -EINVAL || (result == -EAGAIN && size < X86_INSN_MAX));
        if (result == 0) {
            insn_check(&insn, size);
            bytes_check(data, &insn, mode);
            step = insn.length;
        }
        data += step;
        size -= step;
    }
    return 0;
}
