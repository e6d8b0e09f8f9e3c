# SPDX-License-Identifier: BSD-2-Clause
"""The image store: uploads whole, cut, wrong, too large; what is left afterwards."""

import base64
import hashlib
import os
import time

from harness.api import Closed, chunked
from harness.config import Failure, check, check_equal
from harness.registry import everywhere, test
from harness.stopwatch import Stopwatch, at_most, wait_until


def _digest(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def _free(t):
    return t.api.get_json("/v1/host")["memory"]["free_bytes"]


def _check_free_returns(t, before, slack=1 << 20):
    """Free memory comes back: at once, or when the last answer has been acknowledged."""
    wait_until(lambda: _free(t) >= before - slack, 10, lambda: f"{(before - _free(t)) >> 10} KiB of memory are gone")


def _check_absent(t, name):
    check_equal(t.api.get(f"/v1/images/{name}").status, 404, "status of what must not exist")
    names = [item["name"] for item in t.api.get_json("/v1/images")["items"]]
    check(name not in names, "the list names it")


@everywhere()
def upload_and_read(t):
    data = os.urandom(300_001)
    answer = t.api.put("/v1/images/one", data)
    check_equal((answer.status, answer.header("location")), (201, "/v1/images/one"), "answer")
    image = answer.json()
    check_equal((image["name"], image["size_bytes"], image["state"], image["in_use"]),
                ("one", len(data), "ready", False), "image")
    check_equal(image["sha256"], hashlib.sha256(data).hexdigest(), "digest")
    check_equal(image["digest"], f"sha-256=:{_digest(data)}:", "digest field")
    check_equal(t.api.get_json("/v1/images/one"), image, "GET afterwards")
    content = t.api.get("/v1/images/one/content")
    check(content.body == data, "other content came back")
    check_equal(t.api.delete("/v1/images/one").status, 204, "delete")
    _check_absent(t, "one")
    check_equal(t.api.delete("/v1/images/one").status, 404, "second delete")


@everywhere()
def replace(t):
    t.api.put("/v1/images/again", b"first")
    answer = t.api.put("/v1/images/again", b"second")
    check_equal(answer.status, 200, "status")
    check_equal(t.api.get("/v1/images/again/content").body, b"second", "content")
    t.api.delete("/v1/images/again")


@everywhere()
def empty(t):
    check_equal(t.api.put("/v1/images/empty", b"").status, 201, "status")
    check_equal(t.api.get("/v1/images/empty/content").body, b"", "content")
    t.api.delete("/v1/images/empty")


@everywhere()
def ranges(t):
    data = bytes(range(256)) * 100
    t.api.put("/v1/images/ranged", data)
    for field, first, last in (("bytes=0-9", 0, 9), ("bytes=100-", 100, len(data) - 1),
                               ("bytes=-7", len(data) - 7, len(data) - 1), ("bytes=25000-99999", 25000, len(data) - 1)):
        answer = t.api.get("/v1/images/ranged/content", headers={"Range": field})
        check_equal(answer.status, 206, f"status for {field}")
        check_equal(answer.header("content-range"), f"bytes {first}-{last}/{len(data)}", "Content-Range")
        check(answer.body == data[first:last + 1], f"wrong bytes for {field}")
    answer = t.api.get("/v1/images/ranged/content", headers={"Range": "bytes=99999-"})
    check_equal((answer.status, answer.header("content-range")), (416, f"bytes */{len(data)}"), "answer")
    t.api.delete("/v1/images/ranged")


@everywhere()
def etags(t):
    tag = t.api.put("/v1/images/tagged", b"x").header("etag")
    check(tag and tag.startswith('"'), f"ETag: {tag}")
    check_equal(t.api.get("/v1/images/tagged", headers={"If-None-Match": tag}).status, 304, "status of a match")
    check_equal(t.api.put("/v1/images/tagged", b"y", headers={"If-Match": '"other"'}).status, 412, "status, wrong tag")
    check_equal(t.api.put("/v1/images/tagged", b"y", headers={"If-None-Match": "*"}).status, 412, "status, exists")
    check_equal(t.api.get("/v1/images/tagged/content").body, b"x", "content after refusals")
    check_equal(t.api.put("/v1/images/tagged", b"y", headers={"If-Match": tag}).status, 200, "status, right tag")
    check(t.api.get("/v1/images/tagged").header("etag") != tag, "the tag stays the same")
    check_equal(t.api.delete("/v1/images/tagged", headers={"If-Match": tag}).status, 412, "delete with an old tag")
    check_equal(t.api.delete("/v1/images/tagged").status, 204, "delete")


@everywhere(arguments={"field": ["Digest", "Content-Digest", "Repr-Digest"]})
def digest(t, field):
    data = os.urandom(5000)
    spell = "sha-256={}" if field == "Digest" else "sha-256=:{}:"
    good = t.api.put("/v1/images/sum", data, headers={field: spell.format(_digest(data))})
    check_equal(good.status, 201, "status with the right digest")
    bad = t.api.put("/v1/images/sum2", data, headers={field: spell.format(_digest(data + b"x"))})
    check_equal((bad.status, bad.code), (400, "digest_mismatch"), "answer to a wrong digest")
    _check_absent(t, "sum2")
    odd = t.api.put("/v1/images/sum2", data, headers={field: "sha-256=:what?"})
    check_equal((odd.status, odd.code), (400, "bad_digest_header"), "answer to an odd digest")
    _check_absent(t, "sum2")
    t.api.delete("/v1/images/sum")


@everywhere()
def wrong_digest_keeps_the_old(t):
    t.api.put("/v1/images/kept", b"old")
    bad = t.api.put("/v1/images/kept", b"new", headers={"Digest": f"sha-256={_digest(b'else')}"})
    check_equal(bad.status, 400, "status")
    check_equal(t.api.get("/v1/images/kept/content").body, b"old", "content")
    t.api.delete("/v1/images/kept")


@everywhere()
def names(t):
    """64 characters of [A-Za-z0-9._-]; everything else is refused by name."""
    for name in ("a", "A-b_c.9", "x" * 64, "a..b", "-"):
        check_equal(t.api.put(f"/v1/images/{name}", b"x").status, 201, f"status for {name!r}")
        check_equal(t.api.delete(f"/v1/images/{name}").status, 204, f"delete of {name!r}")
    for name in (".hidden", "..", "x" * 65, "x" * 5000, "a%20b", "a%00", "a%2e%2e%2fb", "%ff", "%c3%a9", "a+b", "a*b",
                 "a%0d%0aX:y", "%22", "a;b", "%3Cscript%3E"):
        answer = t.api.put(f"/v1/images/{name}", b"x")
        check(answer.status in (400, 404, 422), f"status {answer.status} for {name[:20]!r}")
        check_equal(answer.header("content-type").split(";")[0], "application/problem+json", "Content-Type")
    check_equal(t.api.get_json("/v1/images")["items"], [], "what remains")


@everywhere()
def paging(t):
    names = [f"page-{i:02}" for i in range(25)]
    for name in reversed(names):
        t.api.put(f"/v1/images/{name}", name.encode())
    seen, cursor = [], None
    while True:
        page = t.api.get_json("/v1/images?limit=7" + (f"&cursor={cursor}" if cursor else ""))
        check(len(page["items"]) <= 7, "more than the limit")
        seen += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    check_equal(seen, names, "names over all pages")
    for name in names:
        t.api.delete(f"/v1/images/{name}")
    for query in ("limit=0", "limit=x", "cursor=%00"):
        check(t.api.get(f"/v1/images?{query}").status in (400, 422), f"?{query} is accepted")


@everywhere(arguments={"how": ["close", "reset", "chunked"]})
def cut_upload(t, how):
    """Half an upload leaves nothing: no image, no memory."""
    t.api.get("/v1/images")
    before = _free(t)
    connection = t.api.open()
    if how == "chunked":
        connection.send(b"PUT /v1/images/cut HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.send(chunked(bytes(4 << 20), 65536)[:-5])
    else:
        connection.send(b"PUT /v1/images/cut HTTP/1.1\r\nHost: x\r\nContent-Length: 33554432\r\n\r\n")
        connection.send(bytes(16 << 20))
    if how == "reset":
        connection.abort()
    else:
        connection.close()
    wait_until(lambda: t.api.get("/v1/images/cut").status == 404, 10, "the cut upload stays")
    _check_absent(t, "cut")
    _check_free_returns(t, before)


@everywhere()
def cut_replacement_keeps_the_old(t):
    t.api.put("/v1/images/half", b"whole")
    connection = t.api.open()
    connection.send(b"PUT /v1/images/half HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + bytes(500_000))
    connection.abort()
    time.sleep(0.5)
    check_equal(t.api.get("/v1/images/half/content").body, b"whole", "content")
    t.api.delete("/v1/images/half")


@everywhere()
def larger_than_memory_announced(t):
    """507 before the first byte, with figures."""
    before = _free(t)
    with t.api.open() as connection:
        connection.send(b"PUT /v1/images/huge HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n"
                        b"Expect: 100-continue\r\n\r\n")
        answer = connection.read_response(interim=True)
    check_equal((answer.status, answer.code), (507, "insufficient_storage"), "answer")
    check(any(char.isdigit() for char in answer.json()["detail"]), "no figures in the detail")
    _check_absent(t, "huge")
    _check_free_returns(t, before)


@everywhere(timeout=90)
def larger_than_memory_streamed(t):
    """Chunked, so only the running out tells: 507, and everything comes back."""
    before = _free(t)
    piece = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    sent = 0
    with t.api.open(60) as connection:
        connection.send(b"PUT /v1/images/endless HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < 2 << 30:
                connection.send(piece)
                sent += 1 << 20
        except OSError:
            pass  # the host answered and closed; the answer may still be readable
        try:
            answer = connection.read_response()
            check_equal((answer.status, answer.code), (507, "insufficient_storage"), "answer")
        except Closed:
            raise Failure(f"closed after {sent >> 20} MiB without an answer that could be read") from None
    _check_absent(t, "endless")
    _check_free_returns(t, before)
    check_equal(t.api.put("/v1/images/after", bytes(1 << 20)).status, 201, "status of an upload afterwards")
    t.api.delete("/v1/images/after")


@everywhere()
def two_uploads_of_one_name(t):
    with t.api.open() as first:
        first.send(b"PUT /v1/images/same HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello")
        watch = Stopwatch()
        while True:
            second = t.api.put("/v1/images/same", b"other")
            if second.status == 409 or watch.is_past(5):
                break
            t.api.delete("/v1/images/same")  # ours was first by a hair
        check_equal((second.status, second.code), (409, "upload_in_progress"), "answer to the second")
        first.send(b"world")
        check_equal(first.read_response().status // 100, 2, "status class of the first")
    check_equal(t.api.get("/v1/images/same/content").body, b"helloworld", "content")
    t.api.delete("/v1/images/same")


def one_gib(t):
    """1 GiB arrives intact, the API answers meanwhile, and the memory comes back."""
    t.host.wait_ready()
    before = _free(t)
    block = os.urandom(1 << 20)
    total, digest = 1 << 30, hashlib.sha256()
    began = time.monotonic()
    with t.api.open(120) as connection:
        connection.send(b"PUT /v1/images/gib HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % total)
        for number in range(total >> 20):
            # Every block differs, so that a lost or doubled one is found.
            piece = number.to_bytes(8, "little") + block[8:]
            digest.update(piece)
            connection.send(piece)
            if number % 128 == 64:
                with at_most(10, "an answer during the upload"):
                    check_equal(t.api.get("/healthz").status, 200, "answer during the upload")
        answer = connection.read_response()
    seconds = time.monotonic() - began
    check_equal(answer.status, 201, "status")
    check_equal(answer.json()["sha256"], digest.hexdigest(), "digest as the host computed it")
    print(f"     1 GiB in {seconds:.0f} s at {t.case.config.cpus} CPUs: {1024 / seconds:.1f} MiB/s", flush=True)
    tail = t.api.get("/v1/images/gib/content", headers={"Range": f"bytes={total - (1 << 20)}-"}, timeout=60)
    check(tail.body == piece, "the last MiB reads back differently")
    check_equal(t.api.delete("/v1/images/gib").status, 204, "delete")
    _check_free_returns(t, before)


test(cpus=[1, 2], memory="2G", host="own", timeout=120)(one_gib)
if os.environ.get("BASALT_TEST_FULL") == "1":  # it takes two minutes of a processor
    test(board=["qemu-virt-arm64"], cpus=2, memory="2G", host="own", timeout=120)(one_gib)
