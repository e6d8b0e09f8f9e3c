# SPDX-License-Identifier: BSD-2-Clause
"""A VM on a host under test, by the API only."""

import contextlib

from .config import BUILD, Failure, Skip, check_equal
from .stopwatch import wait_until


def guest_file(config, name, suffix=".bin"):
    """A program of tests/guest."""
    path = BUILD / config.board / "guest" / f"{name}{suffix}"
    if not path.exists():
        raise Skip(f"{path} is missing: make guests")
    return path


def upload(api, name, data):
    """Puts an image there unless it is there already (hosts are shared by tests)."""
    if api.get(f"/v1/images/{name}").status == 200:
        return name
    answer = api.put(f"/v1/images/{name}", data, timeout=60)
    if answer.status not in (200, 201):
        raise Failure(f"upload of {name}: {answer!r}")
    return name


class Vm:
    """POSTs a VM; as a context manager it is stopped and deleted in the end, whatever state it is in."""

    def __init__(self, api, name, **config):
        self.api = api
        self.name = name
        self.path = f"/v1/vms/{name}"
        answer = api.post("/v1/vms", {"name": name, **config}, timeout=60)
        if answer.status != 201:
            raise Failure(f"create {name}: {answer!r}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.delete()
        else:  # the failure that is under way tells more than what follows from it
            with contextlib.suppress(Failure):
                self.delete()

    def try_action(self, name):
        return self.api.post(f"{self.path}/actions/{name}", timeout=60)

    def action(self, name):
        answer = self.try_action(name)
        if answer.status != 200:
            raise Failure(f"{name} of {self.name}: {answer!r}")
        return answer.json()

    def start(self):
        self.action("start")
        return self

    def delete(self):
        if self.info()["state"] in ("running", "paused"):
            self.action("stop")
        answer = self.api.delete(self.path, timeout=60)
        if answer.status != 204:
            raise Failure(f"delete of {self.name}: {answer!r}")

    def info(self):
        return self.api.get_json(self.path)

    def wait_state(self, states, timeout=30):
        """Until the state is one of these; gives the VM as the API shows it."""
        states = (states,) if isinstance(states, str) else states
        info = {}

        def is_there():
            info.update(self.info())
            return info["state"] in states

        wait_until(is_there, timeout,
                   lambda: f"{self.name} is {info['state']}, not {states}; it said {self.output()[-300:]!r}")
        return info

    def wait_end(self, timeout=30):
        return self.wait_state(("stopped", "crashed"), timeout)

    def output(self):
        """What the console keeps."""
        answer = self.api.get(f"{self.path}/console/log")
        if answer.status != 200:
            raise Failure(f"console of {self.name}: {answer!r}")
        return answer.body.decode("latin-1")

    def wait_output(self, text, timeout=30, after=0):
        """Until `text` is on the console behind byte `after` of what is kept; the output is given."""
        kept = [""]

        def has_said():
            kept[0] = self.output()
            return text in kept[0][after:]

        wait_until(has_said, timeout, lambda: f"{self.name} does not say {text!r} but {kept[0][after:][-300:]!r}")
        return kept[0]

    def type(self, text):
        answer = self.api.post(f"{self.path}/console/input", text.encode())
        if answer.status not in (200, 204):
            raise Failure(f"console input of {self.name}: {answer!r}")

    def run(self, timeout=30):
        """Starts it and waits for its exit code 0."""
        self.start()
        info = self.wait_end(timeout)
        if info["state"] != "stopped" or info["exit_code"] != 0:
            raise Failure(f"{self.name}: {info['state']}, exit code {info['exit_code']}, crash {info['crash']}; "
                          f"it said {self.output()[-600:]!r}")
        return info


def make(t, guest, name=None, memory="8M", vcpus=1, cmdline="", **more):
    """A VM with a guest of tests/guest."""
    image = upload(t.api, f"guest-{guest}", guest_file(t.host.config, guest).read_bytes())
    return Vm(t.api, name or guest, vcpus=vcpus, memory=memory, kernel=image, cmdline=cmdline,
              debug_exit=True, **more)


@contextlib.contextmanager
def neighbour(t):
    """A second VM that must answer as before when the first is done."""
    with make(t, "echo", name="neighbour") as vm:
        vm.start()
        vm.wait_output("ready")
        yield vm
        check_answers(vm, "after")
        vm.type("end\n")
        check_equal(vm.wait_end()["exit_code"], 0, "the neighbour's exit code")


def check_answers(vm, word):
    vm.type(f"{word}\n")
    vm.wait_output(f"you said {word}")
