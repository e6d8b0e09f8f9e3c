# SPDX-License-Identifier: BSD-2-Clause
"""Bearer tokens and their scopes."""

import dataclasses
import re

from harness.config import check, check_equal
from harness.linux import cpio
from harness.registry import each_architecture, everywhere, test

CMDLINE = "token=look:read token=work:operate token=rule:admin token=plain"

# Path, method, the weakest scope that may.
RIGHTS = [
    ("GET", "/v1/host", "read"),
    ("GET", "/v1/host/log", "read"),
    ("GET", "/metrics", "read"),
    ("GET", "/v1/images", "read"),
    ("PUT", "/v1/images/mine", "operate"),
    ("DELETE", "/v1/images/mine", "operate"),
]
ORDER = ["read", "operate", "admin"]
TOKENS = {"look": "read", "work": "operate", "rule": "admin", "plain": "admin"}


@everywhere(cmdline=CMDLINE)
def healthz_is_open(t):
    check_equal(t.api.get("/healthz").status, 200, "status")


@test(host="own", variant="release", cpus=2)
def nothing_configured(t):
    """An image not made for a lab, and no token: only /healthz answers. (It has no debug checks, either, and boots.)"""
    t.host.wait_ready()
    for method, path, _ in RIGHTS + [("GET", "/readyz", "read"), ("GET", "/openapi.json", "read")]:
        answer = t.api.request(method, path, body=b"x" if method == "PUT" else None)
        check(answer.status in (401, 403), f"{method} {path}: {answer.status}")
    check_equal(t.api.get("/healthz").status, 200, "status of /healthz")
    check(t.host.serial.seen(r"no token configured: only /healthz answers"), "the log does not say so")


@everywhere(cmdline=CMDLINE)
def without_token(t):
    for method, path, _ in RIGHTS + [("GET", "/nothing", "read"), ("GET", "/readyz", "read")]:
        answer = t.api.request(method, path, body=b"x" if method == "PUT" else None)
        check_equal((answer.status, answer.code), (401, "unauthorized"), f"{method} {path}")
        check(answer.header("www-authenticate", "").startswith("Bearer"), "no WWW-Authenticate")


@everywhere(cmdline=CMDLINE)
def wrong_tokens(t):
    fields = ["Bearer nonsense", "Bearer", "Bearer ", "Basic bG9vazo=", "bearer", "Bearer look extra", "look",
              "Bearer loo", "Bearer lookk", "Bearer " + "x" * 4000, "Bearer look:read"]
    for field in fields:
        answer = t.api.get("/v1/host", headers={"Authorization": field})
        check_equal(answer.status, 401, f"status for {field[:30]!r}")
    check_equal(t.api.get("/v1/host", headers={"Authorization": "bearer look"}).status, 200, "lower-case scheme")


@everywhere(cmdline=CMDLINE)
def scopes(t):
    for token, scope in TOKENS.items():
        api = t.api.with_token(token)
        for method, path, needed in RIGHTS:
            answer = api.request(method, path, body=b"x" if method == "PUT" else None)
            if ORDER.index(scope) >= ORDER.index(needed):
                check(answer.status // 100 == 2, f"{scope}: {method} {path}: {answer!r}")
            else:
                check_equal((answer.status, answer.code), (403, "forbidden"), f"{scope}: {method} {path}")


@everywhere(cmdline=CMDLINE)
def actions_need_admin(t):
    for token in ("look", "work"):
        answer = t.api.with_token(token).post("/v1/host/actions/reboot")
        check_equal(answer.status, 403, f"status with {token}")


@everywhere(cmdline=CMDLINE)
def page_is_open_but_says_nothing(t):
    answer = t.api.get("/")
    check_equal(answer.status, 200, "status")
    check(t.host.mac not in answer.text, "the page has the host's data in it")


def module(t):
    """Tokens come by a boot module; comments and empty lines do not count."""
    t.logdir.mkdir(parents=True, exist_ok=True)
    name, path = "tokens", t.logdir / "tokens"
    text = b"# who may do what\n\nlook read\n  work\toperate  \r\nrule\n# look admin\nbroken nonsense"
    path.write_bytes(text)
    if t.case.config.board_info.arch == "arm64":  # the one file that its loaders bring may be an archive
        name, path = "initrd", t.logdir / "archive"
        path.write_bytes(cpio({"tokens": (0o100600, text)}))
    t.launch(dataclasses.replace(t.case.config, modules=((name, str(path)),)))
    t.host.wait_ready()
    statuses = {token: t.api.with_token(token).get("/v1/host").status for token in ("look", "work", "rule", "broken", "#")}
    check_equal(statuses, {"look": 200, "work": 200, "rule": 200, "broken": 401, "#": 401}, "statuses")
    check_equal(t.api.get("/v1/host").status, 401, "status without a token")
    check_equal(t.api.with_token("look").delete("/v1/images/x").status, 403, "status of what look may not")


test(host="none", boot=["kernel", "ipxe-http", "grub"])(module)
test(host="none", board=["qemu-virt-arm64"])(module)


@each_architecture(cmdline="token= token=:read token=a:wrong token=good", host="own")
def bad_options(t):
    """A token that is not one is refused with a warning; the good one works, the warning has no secret in it."""
    t.host.wait_ready()
    for token in ("a", "a:wrong", ""):
        check_equal(t.api.get("/v1/host", headers={"Authorization": f"Bearer {token}"}).status, 401, f"{token!r}")
    host = t.api.with_token("good").get_json("/v1/host")
    check(any(re.search(r"token", warning) for warning in host["warnings"]), f"warnings: {host['warnings']}")
