/* SPDX-License-Identifier: BSD-2-Clause */
/* That the third-party code works the way it is configured; what it does beyond that is upstream's to test.
 */

#include <criterion/criterion.h>
#include <libfdt.h>
#include <mbedtls/sha256.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/tree.h>
#include <yyjson.h>

/* FIPS 180-4 example "abc". */
Test(third_party, sha256)
{
    static const unsigned char want[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                           0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                           0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    unsigned char sum[32];

    cr_assert_eq(mbedtls_sha256((const unsigned char *)"abc", 3, sum, 0), 0);
    cr_assert_eq(memcmp(sum, want, sizeof(sum)), 0);
}

Test(third_party, json_is_strict)
{
    static const char good[] = "{\"vcpus\": 2, \"memory\": \"512M\", \"list\": [1, -2, 3.5e3, true, null]}";
    static const char *const bad[] = {"{\"a\":1,}", "{a:1}", "[1 2]", "\"\\ud800\"",
                                      "// x\n1",    "NaN",   "",      "[1]x"};
    yyjson_doc *doc = yyjson_read(good, sizeof(good) - 1, 0);

    cr_assert_not_null(doc);
    cr_assert_eq(yyjson_get_uint(yyjson_obj_get(yyjson_doc_get_root(doc), "vcpus")), 2);
    yyjson_doc_free(doc);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        doc = yyjson_read(bad[i], strlen(bad[i]), 0);
        cr_expect_null(doc, "accepted %s", bad[i]);
        yyjson_doc_free(doc);
    }
}

Test(third_party, fdt)
{
    char tree[512];
    int length;

    cr_assert_eq(fdt_create_empty_tree(tree, sizeof(tree)), 0);
    cr_assert_eq(fdt_setprop_string(tree, 0, "compatible", "basalt,test"), 0);
    cr_assert_str_eq(fdt_getprop(tree, 0, "compatible", &length), "basalt,test");
    cr_assert_eq(fdt_check_full(tree, sizeof(tree)), 0);
    memset(tree + 40, 0xff, 100);
    cr_assert_neq(fdt_check_full(tree, sizeof(tree)), 0);
}

struct node {
    int key;
    RB_ENTRY(node) tree;
    TAILQ_ENTRY(node) list;
};

static int node_compare(const struct node *a, const struct node *b)
{
    return (a->key > b->key) - (a->key < b->key);
}

RB_HEAD(node_tree, node);
RB_GENERATE_STATIC(node_tree, node, tree, node_compare)

Test(third_party, trees_and_lists)
{
    struct node nodes[100], *node, *next;
    struct node_tree tree = RB_INITIALIZER(&tree);
    TAILQ_HEAD(, node) list = TAILQ_HEAD_INITIALIZER(list);
    int expected = 0;

    for (int i = 0; i < 100; i++) {
        nodes[i].key = (i * 37) % 100;
        cr_assert_null(RB_INSERT(node_tree, &tree, &nodes[i]));
        TAILQ_INSERT_TAIL(&list, &nodes[i], list);
    }
    RB_FOREACH (node, node_tree, &tree)
        cr_assert_eq(node->key, expected++);
    TAILQ_FOREACH_SAFE (node, &list, list, next) {
        TAILQ_REMOVE(&list, node, list);
        RB_REMOVE(node_tree, &tree, node);
    }
    cr_assert(RB_EMPTY(&tree));
}
