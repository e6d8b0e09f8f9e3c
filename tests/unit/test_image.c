/* SPDX-License-Identifier: BSD-2-Clause */
#include <core/image.h>
#include <core/mm.h>
#include <core/time.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Memory that a test can make scarce: `free_pages` of it, no block above `largest_order`. */
static uint64_t free_pages = 1 << 20;
static unsigned largest_order = PAGE_ORDER_MAX;

hpa_t page_alloc(unsigned order, unsigned flags, unsigned node)
{
    void *block;

    if (order > largest_order || (1ULL << order) > free_pages)
        return HPA_NONE;
    block = aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);
    cr_assert_not_null(block);
    free_pages -= 1ULL << order;
    return ptr_to_hpa(block);
}

void page_free(hpa_t block, unsigned order)
{
    free(hpa_to_ptr(block));
    free_pages += 1ULL << order;
}

void mm_stats_get(unsigned node, struct mm_stats *out)
{
    *out = (struct mm_stats){.total_bytes = GIB(4), .free_bytes = free_pages * PAGE_SIZE};
}

uint64_t clock_wall_seconds(void)
{
    return 1234567890;
}

static const uint8_t sha[IMAGE_SHA256_SIZE] = {1, 2, 3};

static uint8_t pattern(uint64_t i)
{
    return (uint8_t)(i * 31 + (i >> 12) * 7 + (i >> 20));
}

/* Uploads `size` patterned bytes in pieces; `announced` or not. */
static void upload(const char *name, uint64_t size, uint64_t announced, bool expect_replaced)
{
    struct image_upload *up;
    uint8_t piece[1460];
    bool is_replaced;

    cr_assert_eq(image_upload_begin(name, announced, &up), 0);
    for (uint64_t done = 0; done < size;) {
        size_t part = MIN(sizeof(piece), size - done);

        for (size_t i = 0; i < part; i++)
            piece[i] = pattern(done + i);
        cr_assert_eq(image_upload_append(up, piece, part), 0);
        done += part;
    }
    cr_assert_eq(image_upload_commit(up, sha, &is_replaced), 0);
    cr_assert_eq(is_replaced, expect_replaced);
}

static void check_content(const char *name, uint64_t size)
{
    struct image *image;
    uint64_t offset = 0;
    const void *bytes;
    size_t length;

    cr_assert_eq(image_get(name, &image), 0);
    cr_assert_eq(image_size(image), size);
    while ((length = image_at(image, offset, &bytes)) > 0) {
        for (size_t i = 0; i < length; i++)
            cr_assert_eq(((const uint8_t *)bytes)[i], pattern(offset + i));
        offset += length;
    }
    cr_assert_eq(offset, size);
    image_put(image);
}

Test(image, names)
{
    cr_assert(image_name_valid("a", 1));
    cr_assert(image_name_valid("A-b_c.9", 7));
    cr_assert_not(image_name_valid("", 0));
    cr_assert_not(image_name_valid(".a", 2));
    cr_assert_not(image_name_valid("a b", 3));
    cr_assert_not(image_name_valid("a/b", 3));
    cr_assert_not(image_name_valid("\xc3\xa9", 2));
    cr_assert_not(image_name_valid("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 65));
}

Test(image, sizes_come_back_whole)
{
    const uint64_t sizes[] = {0, 1, 4095, 4096, 4097, 65536, MIB(2) + 5, MIB(5) - 1};
    uint64_t before = free_pages;

    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        upload("known", sizes[i], sizes[i], false);
        check_content("known", sizes[i]);
        cr_assert_leq(before - free_pages, sizes[i] / PAGE_SIZE + 1,
                      "announced sizes waste less than a page");
        upload("unknown", sizes[i], IMAGE_SIZE_UNKNOWN, false);
        check_content("unknown", sizes[i]);
        cr_assert_eq(image_delete("known"), 0);
        cr_assert_eq(image_delete("unknown"), 0);
        cr_assert_eq(free_pages, before);
    }
}

Test(image, fragmented_memory_does)
{
    uint64_t before = free_pages;

    largest_order = 1;
    upload("pieces", MIB(3) + 1, MIB(3) + 1, false);
    check_content("pieces", MIB(3) + 1);
    cr_assert_eq(image_delete("pieces"), 0);
    cr_assert_eq(free_pages, before);
}

Test(image, replaced_in_one_moment)
{
    uint64_t before = free_pages;
    struct image *old;
    const void *bytes;

    upload("x", 100, 100, false);
    cr_assert_eq(image_get("x", &old), 0);
    upload("x", 200, 200, true);
    check_content("x", 200);
    cr_assert_eq(image_at(old, 0, &bytes), 100, "a reader keeps what it has");
    image_put(old);
    cr_assert_eq(image_delete("x"), 0);
    cr_assert_eq(free_pages, before);
}

Test(image, no_room)
{
    struct image_room room;
    struct image_upload *up;
    static uint8_t zeroes[MIB(1)];
    uint64_t before;
    int error = 0;

    free_pages = MIB(160) / PAGE_SIZE;
    before = free_pages;
    image_room(&room);
    cr_assert_eq(room.reserve_bytes, MIB(128)); /* 4 GiB / 32 */
    cr_assert_eq(room.available_bytes, MIB(32));
    cr_assert_eq(image_upload_begin("big", MIB(32) + 1, &up), -ENOSPC);
    cr_assert_eq(image_upload_begin("big", UINT64_MAX - 1, &up), -ENOSPC);
    cr_assert_eq(free_pages, before);
    cr_assert_eq(image_upload_begin("big", IMAGE_SIZE_UNKNOWN, &up), 0);
    for (unsigned i = 0; i < 64 && !error; i++)
        error = image_upload_append(up, zeroes, sizeof(zeroes));
    cr_assert_eq(error, -ENOSPC);
    cr_assert_geq(free_pages * PAGE_SIZE, room.reserve_bytes);
    image_upload_abort(up);
    cr_assert_eq(free_pages, before);
    cr_assert_eq(image_delete("big"), -ENOENT);
}

Test(image, uploads_and_states)
{
    struct image_upload *first, *second;
    struct image_info info;
    uint64_t count, bytes;
    bool is_replaced;

    cr_assert_eq(image_upload_begin(".bad", 1, &first), -EINVAL);
    cr_assert_eq(image_upload_begin("same", 3, &first), 0);
    cr_assert_eq(image_upload_begin("same", 3, &second), -EALREADY);
    cr_assert_eq(image_upload_append(first, "ab", 2), 0);
    cr_assert_eq(image_info_get("same", &info), 0);
    cr_assert_eq(info.state, IMAGE_UPLOADING);
    cr_assert_eq(info.size_bytes, 2);
    cr_assert_eq(image_delete("same"), -EALREADY);
    cr_assert_eq(image_upload_append(first, "cd", 2), -EFBIG);
    cr_assert_eq(image_upload_commit(first, sha, &is_replaced), -EPROTO);
    cr_assert_eq(image_upload_append(first, "c", 1), 0);
    cr_assert_eq(image_upload_commit(first, sha, &is_replaced), 0);
    image_totals(&count, &bytes);
    cr_assert_eq(count, 1);
    cr_assert_eq(bytes, 3);
    cr_assert_eq(image_info_get("same", &info), 0);
    cr_assert_eq(info.state, IMAGE_READY);
    cr_assert_eq(info.created_seconds, 1234567890);
    cr_assert_arr_eq(info.sha256, sha, sizeof(sha));
    cr_assert_eq(image_delete("same"), 0);
}

Test(image, in_use_stays)
{
    struct image_upload *up;
    struct image_info info;
    struct image *image;
    bool is_replaced;

    upload("disk", 10, 10, false);
    cr_assert_eq(image_upload_begin("disk", 1, &up), 0);
    cr_assert_eq(image_use("disk", &image), 0);
    cr_assert_eq(image_upload_append(up, "x", 1), 0);
    cr_assert_eq(image_upload_commit(up, sha, &is_replaced), -EBUSY);
    image_upload_abort(up);
    cr_assert_eq(image_upload_begin("disk", 1, &up), -EBUSY);
    cr_assert_eq(image_delete("disk"), -EBUSY);
    cr_assert_eq(image_info_get("disk", &info), 0);
    cr_assert(info.is_in_use);
    image_unuse(image);
    cr_assert_eq(image_delete("disk"), 0);
    cr_assert_eq(image_use("disk", &image), -ENOENT);
}

Test(image, listed_by_name)
{
    static const char *const names[] = {"a", "b", "b.1", "c"};
    struct image_info info = {.name = ""};
    char long_name[100];

    for (int i = 3; i >= 0; i--)
        upload(names[i], 1, 1, false);
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(image_info_next(info.name, &info), 0);
        cr_assert_str_eq(info.name, names[i]);
    }
    cr_assert_eq(image_info_next(info.name, &info), -ENOENT);
    cr_assert_eq(image_info_next("b.", &info), 0);
    cr_assert_str_eq(info.name, "b.1");
    memset(long_name, 'x', 99);
    long_name[99] = '\0';
    cr_assert_eq(image_info_next(long_name, &info), -ENOENT);
    cr_assert_eq(image_info_get(long_name, &info), -ENOENT);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(image_delete(names[i]), 0);
}

Test(image, registered_memory_is_not_freed)
{
    static uint8_t module[10] = "0123456789";
    uint64_t before = free_pages;
    struct image *image;
    const void *bytes;

    cr_assert_eq(image_register("mod", ptr_to_hpa(module), sizeof(module), sha), 0);
    cr_assert_eq(image_register("mod", ptr_to_hpa(module), sizeof(module), sha), -EEXIST);
    cr_assert_eq(image_register("a b", hpa(0), 0, sha), -EINVAL);
    cr_assert_eq(image_get("mod", &image), 0);
    cr_assert_eq(image_at(image, 3, &bytes), 7);
    cr_assert_eq(bytes, module + 3);
    image_put(image);
    cr_assert_eq(image_delete("mod"), 0);
    cr_assert_eq(free_pages, before);
}
