# SPDX-License-Identifier: BSD-2-Clause
"""HTTP/1.1 as it should be used, and the answers that wrong use gets."""

from harness.api import Closed, chunked
from harness.config import check, check_equal
from harness.registry import everywhere

PROBLEM = "application/problem+json"


def _exchange(t, data, method="GET"):
    """Sends bytes on a new connection and reads one answer."""
    with t.api.open() as connection:
        connection.send(data)
        return connection.read_response(method)


def _check_problem(answer, status, code=None):
    check_equal(answer.status, status, "status")
    check_equal((answer.header("content-type") or "").split(";")[0], PROBLEM, "Content-Type")
    problem = answer.json()
    check_equal(problem["status"], status, "status member")
    for member in ("type", "title", "detail", "code"):
        check(isinstance(problem.get(member), str) and problem[member], f"problem without {member}: {problem}")
    if code:
        check_equal(problem["code"], code, "code")


@everywhere()
def probes(t):
    health = t.api.get("/healthz")
    check_equal((health.status, health.body), (200, b"ok\n"), "/healthz")
    ready = t.api.get("/readyz")
    check_equal((ready.status, ready.body), (200, b"ready\n"), "/readyz")


@everywhere()
def common_fields(t):
    answer = t.api.get("/v1/host")
    check((answer.header("server") or "").startswith("basalt/"), f"Server: {answer.header('server')}")
    check(answer.header("x-request-id"), "no X-Request-Id")
    check_equal(answer.header("content-type").split(";")[0], "application/json", "Content-Type")
    check_equal(int(answer.header("content-length")), len(answer.body), "Content-Length")


@everywhere()
def keep_alive(t):
    with t.api.open() as connection:
        for _ in range(50):
            check_equal(t.api.get("/healthz", connection=connection).body, b"ok\n", "body")


@everywhere()
def connection_close(t):
    with t.api.open() as connection:
        connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = connection.read_response()
        check_equal((answer.status, answer.header("connection")), (200, "close"), "answer")
        check(connection.at_end(), "the connection stays open")


@everywhere()
def http_1_0(t):
    with t.api.open() as connection:
        connection.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        check_equal(connection.read_response().status, 200, "status")
        check(connection.at_end(), "the connection stays open")


@everywhere()
def head(t):
    for path in ("/healthz", "/v1/host", "/metrics", "/"):
        wanted = t.api.get(path)
        with t.api.open() as connection:
            connection.send_request("HEAD", path)
            answer = connection.read_response("HEAD")
            check_equal(answer.status, wanted.status, f"HEAD {path}")
            check(answer.header("content-type") == wanted.header("content-type"), f"HEAD {path}: other Content-Type")
            # Nothing follows it: the next answer starts right behind.
            connection.send_request("GET", "/healthz")
            check_equal(connection.read_response().body, b"ok\n", f"answer after HEAD {path}")


@everywhere()
def pipelining(t):
    """Answers come in the order of the requests, whatever each costs."""
    paths = ["/healthz", "/v1/host", "/nothing", "/readyz", "/metrics", "/healthz"] * 10
    with t.api.open() as connection:
        connection.send(b"".join(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode() for path in paths))
        statuses = [connection.read_response().status for _ in paths]
    check_equal(statuses, [404 if path == "/nothing" else 200 for path in paths], "statuses")


@everywhere()
def pipelining_with_bodies(t):
    """A body is never taken for the next request."""
    name = "/v1/images/pipelined"
    evil = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
    with t.api.open() as connection:
        head = b"PUT %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (name.encode(), len(evil))
        connection.send(head + evil + b"GET %s/content HTTP/1.1\r\nHost: x\r\n\r\n" % name.encode()
                        + b"DELETE %s HTTP/1.1\r\nHost: x\r\n\r\n" % name.encode()
                        + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        answers = [connection.read_response() for _ in range(4)]
    check_equal([answer.status for answer in answers], [201, 200, 204, 200], "statuses")
    check_equal(answers[1].body, evil, "the body")


@everywhere(arguments={"size": [1, 7, 4096]})
def chunked_body(t, size):
    data = bytes(range(256)) * 16
    with t.api.open() as connection:
        connection.send(b"PUT /v1/images/chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + chunked(data, size))
        check_equal(connection.read_response().status // 100, 2, "status class")
    check_equal(t.api.get("/v1/images/chunked/content").body, data, "content")
    check_equal(t.api.delete("/v1/images/chunked").status, 204, "delete")


@everywhere()
def chunked_with_extensions_and_trailers(t):
    with t.api.open() as connection:
        connection.send(b"PUT /v1/images/trailers HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        b"3;ext=\"a;b\"\r\nabc\r\n0\r\nX-Trailer: y\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        check_equal(connection.read_response().status // 100, 2, "status class")
        check_equal(connection.read_response().body, b"ok\n", "next answer")
    check_equal(t.api.delete("/v1/images/trailers").status, 204, "delete")


@everywhere()
def expect_continue(t):
    with t.api.open() as connection:
        connection.send(b"PUT /v1/images/expected HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
                        b"Expect: 100-continue\r\n\r\n")
        check_equal(connection.read_response(interim=True).status, 100, "interim status")
        connection.send(b"hello")
        check_equal(connection.read_response().status // 100, 2, "status class")
    check_equal(t.api.delete("/v1/images/expected").status, 204, "delete")


@everywhere()
def expect_refused(t):
    """Who asks first learns at once that the body is not wanted."""
    with t.api.open() as connection:
        connection.send(b"PUT /v1/images/.bad HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n"
                        b"Expect: 100-continue\r\n\r\n")
        _check_problem(connection.read_response(interim=True), 422)
    answer = _exchange(t, b"GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: a-miracle\r\n\r\n")
    check_equal(answer.status, 417, "status of an unknown expectation")


@everywhere()
def not_found(t):
    for path in ("/nothing", "/v1/nothing", "/v1/images/absent", "/v1/host/actions/dance", "/v2", "//", "/v1//host"):
        _check_problem(t.api.get(path), 404, "not_found" if "images" not in path else None)


@everywhere()
def method_not_allowed(t):
    for method, path in (("POST", "/healthz"), ("DELETE", "/v1/host"), ("GET", "/v1/host/actions/reboot"),
                         ("PUT", "/v1/images")):
        answer = t.api.request(method, path, body=b"")
        _check_problem(answer, 405)
        allowed = {item.strip() for item in (answer.header("allow") or "").split(",")}
        check(allowed and method not in allowed, f"Allow: {answer.header('allow')}")


@everywhere()
def options(t):
    answer = t.api.request("OPTIONS", "/v1/host")
    check(answer.status in (200, 204), f"status {answer.status}")
    check("GET" in (answer.header("allow") or ""), f"Allow: {answer.header('allow')}")


@everywhere()
def unknown_method(t):
    _check_problem(_exchange(t, b"BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n"), 501)


@everywhere()
def unknown_version(t):
    _check_problem(_exchange(t, b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n"), 505)


@everywhere()
def target_too_long(t):
    _check_problem(_exchange(t, b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"), 414)


@everywhere()
def fields_too_large(t):
    """One field that is too long; many short ones; and then the usual amount still passes."""
    _check_problem(_exchange(t, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40000 + b"\r\n\r\n"), 431)
    many = b"".join(b"X-%d: y\r\n" % i for i in range(1000))
    _check_problem(_exchange(t, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n"), 431)
    usual = b"".join(b"X-%d: %s\r\n" % (i, b"y" * 100) for i in range(60))
    check_equal(_exchange(t, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + usual + b"\r\n").status, 200, "status")


@everywhere()
def length_required(t):
    with t.api.open() as connection:
        connection.send(b"PUT /v1/images/nolength HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = connection.read_response()
    # Without Content-Length and Transfer-Encoding the body is empty by RFC 9112, 6.3; an upload must say it.
    _check_problem(answer, 411)


@everywhere()
def transfer_coding_unknown(t):
    answer = _exchange(t, b"PUT /v1/images/gz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n")
    check(answer.status in (400, 501), f"status {answer.status}")


@everywhere()
def content_encoding_refused(t):
    answer = t.api.put("/v1/images/gz", b"data", headers={"Content-Encoding": "gzip"})
    _check_problem(answer, 415)
    check_equal(t.api.get("/v1/images/gz").status, 404, "status of what must not exist")


@everywhere()
def body_too_large_for_an_action(t):
    answer = _exchange(t, b"POST /v1/host/actions/reboot HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                          b"Content-Length: 100000000\r\n\r\n")
    _check_problem(answer, 413)


@everywhere()
def action_body_type(t):
    answer = t.api.post("/v1/host/actions/reboot", b"<xml/>", headers={"Content-Type": "text/xml"})
    _check_problem(answer, 415)


@everywhere()
def action_body_unknown_field(t):
    answer = t.api.post("/v1/host/actions/reboot", {"nonsense": 1})
    check(answer.status in (400, 422), f"status {answer.status}")
    check("nonsense" in answer.text, f"the field is not named: {answer.text}")


@everywhere()
def not_acceptable(t):
    answer = t.api.get("/v1/host/log", headers={"Accept": "image/png"})
    check(answer.status in (200, 406), f"status {answer.status}")
    plain = t.api.get("/v1/host/log", headers={"Accept": "text/plain"})
    check_equal((plain.status, plain.header("content-type").split(";")[0]), (200, "text/plain"), "log as text")


@everywhere()
def percent_encoding(t):
    check_equal(t.api.get("/%68ealthz").status, 200, "status of an encoded letter")
    check(t.api.get("/healthz%00").status in (400, 404), "NUL in the path")
    check(t.api.get("/health%zz").status in (400, 404), "bad escape in the path")
    check(t.api.get("/v1/images/a%2fb").status in (400, 404, 422), "slash in a name")


@everywhere()
def query_is_checked(t):
    for query in ("limit=x", "limit=-1", "offset=99999999999999999999999", "level=loud"):
        answer = t.api.get(f"/v1/host/log?{query}")
        check(answer.status in (400, 422), f"?{query}: {answer!r}")


@everywhere()
def request_id_is_returned(t):
    answer = t.api.get("/healthz", headers={"X-Request-Id": "abc-123"})
    check_equal(answer.header("x-request-id"), "abc-123", "X-Request-Id")


@everywhere()
def page(t):
    answer = t.api.get("/")
    check_equal((answer.status, answer.header("content-type").split(";")[0]), (200, "text/html"), "page")
    check(b"basalt" in answer.body.lower(), "the page does not name the host's software")


@everywhere(cpus=2, net="tap")
def two_hundred_at_once(t):
    """200 requests in flight on 200 connections: all are sent before the first answer is read."""
    connections = [t.api.open(60) for _ in range(200)]
    try:
        for number, connection in enumerate(connections):
            connection.send_request("GET", ("/healthz", "/v1/host", "/metrics", "/v1/host/log")[number % 4])
        statuses = [connection.read_response().status for connection in connections]
    except Closed as closed:
        check(False, f"a connection was closed: {closed}")
    finally:
        for connection in connections:
            connection.close()
    check_equal(statuses, [200] * 200, "statuses")
