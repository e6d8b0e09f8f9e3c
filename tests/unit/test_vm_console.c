/* SPDX-License-Identifier: BSD-2-Clause */
#include "vm_fake.h"
#include "ws_frame.h"

/* The console's WebSocket, through the HTTP engine. */

static void start(void)
{
    start_server();
    make_vm("a");
}

TestSuite(vm_console, .init = start, .fini = end_server);

#define HANDSHAKE                                                                                        \
    " HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/* A client: what it has received, by kind. */
struct client {
    struct mock *m;
    size_t at; /* in m->out: what was not looked at yet */
    char bytes[300000], text[1000];
    size_t n_bytes;
    unsigned pings, pongs, closes, frames, status;
};

static struct client *attach(const char *path, const char *headers)
{
    struct client *c = calloc(1, sizeof(*c));
    char head[512];
    const char *end;

    c->m = connect_client();
    snprintf(head, sizeof(head), "GET %s" HANDSHAKE "%s\r\n", path, headers);
    mock_send_str(c->m, head);
    settle();
    cr_assert_eq(status_of(c->m->out), 101, "%s", c->m->out);
    cr_assert_not_null(strstr(c->m->out, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    end = strstr(c->m->out, "\r\n\r\n");
    c->at = (size_t)(end + 4 - c->m->out);
    return c;
}

/* Looks at the frames that have come. */
static void receive(struct client *c)
{
    settle();
    if (!mock_gone(c->m))
        mock_settle(c->m);
    while (c->m->out_len - c->at >= 2) {
        const uint8_t *f = (const uint8_t *)c->m->out + c->at;
        size_t length = f[1], head = 2;

        cr_assert(!(f[1] & 0x80), "a server does not mask");
        if (length == 126) {
            if (c->m->out_len - c->at < 4)
                break;
            length = (size_t)f[2] << 8 | f[3];
            head = 4;
        }
        cr_assert_neq(f[1], 127);
        if (c->m->out_len - c->at < head + length)
            break;
        c->frames++;
        if (f[0] == (0x80 | WS_BINARY)) {
            cr_assert(c->n_bytes + length <= sizeof(c->bytes));
            memcpy(c->bytes + c->n_bytes, f + head, length);
            c->n_bytes += length;
        } else if (f[0] == (0x80 | WS_TEXT)) {
            strncat(c->text, (const char *)f + head, length);
        } else if (f[0] == (0x80 | WS_CLOSE)) {
            c->closes++;
            c->status = length >= 2 ? (unsigned)(f[head] << 8 | f[head + 1]) : 1005;
        } else {
            cr_assert(f[0] == (0x80 | WS_PING) || f[0] == (0x80 | WS_PONG));
            c->pings += f[0] == (0x80 | WS_PING);
            c->pongs += f[0] == (0x80 | WS_PONG);
        }
        c->at += head + length;
    }
}

static void say_frame(struct client *c, enum ws_opcode opcode, const void *bytes, size_t length)
{
    uint8_t *f = calloc(1, length + WS_HEAD_MAX);
    size_t head = 2;

    f[0] = (uint8_t)(0x80 | opcode);
    f[1] = (uint8_t)(0x80 | MIN(length, 126));
    if (length >= 126) {
        cr_assert(length < 65536);
        f[2] = (uint8_t)(length >> 8);
        f[3] = (uint8_t)length;
        head = 4;
    }
    /* A mask of zeros is one, too. */
    head += 4;
    memcpy(f + head, bytes, length);
    mock_send(c->m, f, head + length);
    free(f);
    settle();
}

static void leave(struct client *c)
{
    disconnect_client(c->m);
    settle();
    free(c);
}

static size_t guest_reads(char *out, size_t size)
{
    struct vm_console *console = fake_find("a")->console;
    size_t n = 0;
    int byte;

    while (n < size && (byte = console_take(console)) >= 0)
        out[n++] = (char)byte;
    return n;
}

static void print(const char *text)
{
    fake_print("a", text, strlen(text));
    settle();
}

static void expect_bytes(struct client *c, const char *text)
{
    receive(c);
    cr_assert(c->n_bytes == strlen(text) && memcmp(c->bytes, text, c->n_bytes) == 0, "%.*s", (int)c->n_bytes,
              c->bytes);
}

Test(vm_console, replays_then_follows)
{
    struct client *one, *two;
    char input[16];

    print("booting\n");
    one = attach("/v1/vms/a/console", "");
    expect_bytes(one, "booting\n");
    print("# ");
    pass(10 * NSEC_PER_MSEC);
    expect_bytes(one, "booting\n# ");
    two = attach("/v1/vms/a/console", "");
    expect_bytes(two, "booting\n# ");
    say_frame(one, WS_BINARY, "ls\n", 3);
    say_frame(two, WS_TEXT, "id\n", 3);
    cr_assert_eq(guest_reads(input, sizeof(input)), 6);
    cr_assert_eq(memcmp(input, "ls\nid\n", 6), 0);
    print("x");
    pass(10 * NSEC_PER_MSEC);
    expect_bytes(one, "booting\n# x");
    expect_bytes(two, "booting\n# x");
    cr_assert_eq(one->text[0], '\0', "nobody asked for offsets");
    leave(one);
    print("y");
    pass(10 * NSEC_PER_MSEC);
    expect_bytes(two, "booting\n# xy");
    leave(two);
}

Test(vm_console, tells_offsets_when_asked)
{
    struct client *c;

    print("0123456789");
    c = attach("/v1/vms/a/console?offset=4", "Sec-WebSocket-Protocol: chat, basalt.console.v1\r\n");
    cr_assert_not_null(strstr(c->m->out, "Sec-WebSocket-Protocol: basalt.console.v1\r\n"));
    expect_bytes(c, "456789");
    cr_assert_str_eq(c->text, "{\"offset\":4}");
    leave(c);
    c = attach("/v1/vms/a/console?offset=10", "Sec-WebSocket-Protocol: basalt.console.v1\r\n");
    print("ab");
    pass(10 * NSEC_PER_MSEC);
    expect_bytes(c, "ab");
    cr_assert_str_eq(c->text, "{\"offset\":10}");
    leave(c);
    /* An offset of another VM of that name. */
    c = attach("/v1/vms/a/console?offset=1000", "");
    expect_bytes(c, "0123456789ab");
    leave(c);
}

Test(vm_console, output_that_trickles_is_gathered)
{
    struct client *c = attach("/v1/vms/a/console", "");
    unsigned frames;

    pass(NSEC_PER_SEC);
    receive(c);
    frames = c->frames;
    for (unsigned i = 0; i < 100; i++) {
        print("z");
        pass(100 * NSEC_PER_USEC);
    }
    pass(10 * NSEC_PER_MSEC);
    receive(c);
    cr_assert_eq(c->n_bytes, 100);
    cr_assert(c->frames - frames <= 4, "%u frames", c->frames - frames);
    leave(c);
}

Test(vm_console, much_output_in_portions)
{
    struct client *c = attach("/v1/vms/a/console", "");
    char *text = malloc(60000);

    c->m->out_portion = 1000;
    for (size_t i = 0; i < 60000; i++)
        text[i] = (char)(i * 31);
    fake_print("a", text, 60000);
    settle();
    pass(10 * NSEC_PER_MSEC);
    receive(c);
    cr_assert(c->n_bytes == 60000 && memcmp(c->bytes, text, 60000) == 0);
    leave(c);
    free(text);
}

Test(vm_console, one_that_does_not_read_loses_only_its_own)
{
    struct client *slow = attach("/v1/vms/a/console", "Sec-WebSocket-Protocol: basalt.console.v1\r\n");
    struct client *good = attach("/v1/vms/a/console", "");
    char line[64];
    unsigned n = 0;

    receive(slow);
    slow->m->room = 5000;
    slow->m->manual_ack = true;
    for (unsigned i = 0; i < 4000; i++) {
        n += (unsigned)snprintf(line, sizeof(line), "line %u of what the guest says\n", i);
        print(line);
        if (i % 100 == 0)
            pass(10 * NSEC_PER_MSEC);
    }
    pass(10 * NSEC_PER_MSEC);
    receive(good);
    cr_assert_eq(good->n_bytes, n);
    cr_assert(!mock_gone(slow->m));
    /* It reads again: it misses what the ring has overwritten, and is told. */
    slow->m->room = SIZE_MAX;
    receive(slow);
    cr_assert(slow->n_bytes > 60000 && slow->n_bytes < 75000, "%zu", slow->n_bytes);
    snprintf(line, sizeof(line), "{\"offset\":0}{\"offset\":%u}", n - 65536);
    cr_assert_str_eq(slow->text, line);
    cr_assert_eq(memcmp(slow->bytes + slow->n_bytes - 65536, good->bytes + n - 65536, 65536), 0);
    /* It stops for good. */
    slow->m->room = 10;
    for (unsigned i = 0; i < 4000; i++)
        print("more of it, and then some\n");
    mock_now += 31 * NSEC_PER_SEC;
    http_server_tick(server);
    settle();
    cr_assert(mock_gone(slow->m));
    good->n_bytes = 0;
    print("!");
    pass(10 * NSEC_PER_MSEC);
    receive(good);
    cr_assert(good->n_bytes > 0 && good->bytes[good->n_bytes - 1] == '!');
    leave(slow);
    leave(good);
}

Test(vm_console, input_waits_for_the_guest)
{
    struct client *c = attach("/v1/vms/a/console", "");
    static char text[20000], got[20000];
    size_t n = 0;

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i % 26);
    say_frame(c, WS_BINARY, text, sizeof(text));
    cr_assert(c->m->in_len > 10000, "the rest stays with TCP");
    for (unsigned round = 0; round < 1000 && n < sizeof(got); round++) {
        n += guest_reads(got + n, 100);
        settle();
    }
    cr_assert_eq(n, sizeof(text));
    cr_assert_eq(memcmp(got, text, n), 0);
    cr_assert_eq(c->m->in_len, 0);
    leave(c);
}

Test(vm_console, input_that_nobody_takes_is_dropped_in_the_end)
{
    struct client *c = attach("/v1/vms/a/console", "");
    static char text[20000], got[20000];

    say_frame(c, WS_BINARY, text, sizeof(text));
    cr_assert(c->m->in_len > 10000);
    pass(11 * NSEC_PER_SEC);
    cr_assert_eq(c->m->in_len, 0);
    say_frame(c, WS_PING, "", 0);
    receive(c);
    cr_assert_eq(c->pongs, 1);
    cr_assert_eq(guest_reads(got, sizeof(got)), 4096);
    settle();
    say_frame(c, WS_BINARY, "x", 1);
    cr_assert_eq(guest_reads(got, sizeof(got)), 1);
    leave(c);
}

Test(vm_console, says_goodbye)
{
    struct client *c = attach("/v1/vms/a/console", ""), *d = attach("/v1/vms/a/console", "");

    say_frame(c, WS_CLOSE, "\x03\xe8", 2);
    receive(c);
    cr_assert(c->closes == 1 && c->status == 1000 && c->m->shut);
    mock_eof(c->m);
    cr_assert(c->m->closed);
    leave(c);

    mock_send(d->m, "\x01\x01zz", 4); /* not masked */
    receive(d);
    cr_assert(d->closes == 1 && d->status == 1002);
    leave(d);

    c = attach("/v1/vms/a/console", "");
    mock_eof(c->m);
    cr_assert(mock_gone(c->m));
    leave(c);
}

Test(vm_console, ends_with_the_vm)
{
    struct client *c = attach("/v1/vms/a/console", ""), *stuck = attach("/v1/vms/a/console", "");

    receive(stuck);
    stuck->m->room = 0;
    stuck->m->manual_ack = true;
    print("last words\n");
    cr_assert_eq(status_of(request("DELETE", "/v1/vms/a", "", "")), 204);
    cr_assert_eq(fake_alive, 0, "no client keeps its memory");
    expect_bytes(c, "last words\n");
    cr_assert(c->closes == 1 && c->status == 1001);
    /* Whatever they still do touches nothing that is gone. */
    say_frame(c, WS_BINARY, "x", 1);
    say_frame(stuck, WS_BINARY, "x", 1);
    stuck->m->room = SIZE_MAX;
    receive(stuck);
    cr_assert_eq(stuck->closes, 1);
    leave(c);
    leave(stuck);
    pass(20 * NSEC_PER_SEC);
    cr_assert_null(timers);
}

Test(vm_console, silent_peers_are_pinged_then_given_up)
{
    struct client *c = attach("/v1/vms/a/console", ""), *dead = attach("/v1/vms/a/console", "");

    for (unsigned s = 0; s < 120; s++) {
        unsigned pings = c->pings;

        pass(NSEC_PER_SEC);
        receive(c);
        if (c->pings > pings)
            say_frame(c, WS_PONG, "", 0);
        receive(dead);
    }
    cr_assert(c->pings >= 2 && !mock_gone(c->m) && !c->m->shut);
    cr_assert(dead->pings == 1 && dead->m->shut);
    leave(c);
    leave(dead);
}

Test(vm_console, too_many_clients)
{
    struct client *clients[64];

    for (unsigned i = 0; i < ARRAY_SIZE(clients); i++)
        clients[i] = attach("/v1/vms/a/console", "");
    cr_assert_eq(
        status_of(request("GET", "/v1/vms/a/console",
                          "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                          "")),
        503);
    for (unsigned i = 0; i < ARRAY_SIZE(clients); i++)
        leave(clients[i]);
}

Test(vm_console, what_is_no_handshake)
{
    const char *answer = request("GET", "/v1/vms/a/console", "", "");

    cr_assert_eq(status_of(answer), 426);
    cr_assert(strstr(answer, "Sec-WebSocket-Version: 13\r\n") && strstr(answer, "Upgrade: websocket\r\n"));
    answer = request("GET", "/v1/vms/a/console",
                     "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: tooshort\r\n",
                     "");
    cr_assert_eq(status_of(answer), 400);
    cr_assert_eq(status_of(request("GET", "/v1/vms/b/console", "", "")), 404);
    cr_assert_eq(status_of(request("GET", "/v1/vms/a/console?offset=x", "", "")), 400);
}

Test(vm_console, gone_before_the_answer)
{
    struct mock *m = connect_client();

    mock_send_str(m, "GET /v1/vms/a/console" HANDSHAKE "\r\n");
    disconnect_client(m);
    settle();

    /* Everything at once, and FIN. */
    m = connect_client();
    mock_send_str(m, "GET /v1/vms/a/console" HANDSHAKE "\r\n");
    mock_eof(m);
    settle();
    cr_assert(m->closed || m->shut || m->aborted);
    disconnect_client(m);

    /* The transport fails in the middle of the upgrade. */
    m = connect_client();
    mock_send_str(m, "GET /v1/vms/a/console" HANDSHAKE "\r\n");
    m->fail_writes = true;
    settle();
    cr_assert(m->aborted);
    disconnect_client(m);
}

Test(vm_console, transport_fails_while_sending)
{
    struct client *c = attach("/v1/vms/a/console", ""), *d = attach("/v1/vms/a/console", "");

    c->m->fail_writes = true;
    print("x");
    pass(10 * NSEC_PER_MSEC);
    cr_assert(c->m->aborted);
    expect_bytes(d, "x");
    leave(c);
    leave(d);
}
