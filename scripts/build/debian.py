# SPDX-License-Identifier: BSD-2-Clause
"""
Packages of a named Debian release, whichever release this machine runs. All state of apt is private (own lists and
cache, the machine's own mirror and keyring), so the machine's is neither needed nor changed. And what
Linux guests are made of: the release's kernel, and an initramfs.
"""
import fcntl
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


class Apt:
    """
    apt with its state under `root`, seeing only one suite's packages of one kind (deb, deb-src) and architecture, which
    need not be this machine's nor one that its dpkg knows.
    """

    def __init__(self, root, kind, suite, arch="amd64"):
        root = os.path.abspath(root)
        for sub in ("lists/partial", "cache/archives/partial"):
            os.makedirs(f"{root}/{sub}", exist_ok=True)
        entry = subprocess.run([HERE / "debsources.py", kind, suite], check=True, capture_output=True, text=True).stdout
        with open(f"{root}/suite.sources", "w") as file:
            file.write(entry)
        self.options = [
            "-o", f"Dir::Etc::sourcelist={root}/suite.sources", "-o", "Dir::Etc::sourceparts=/dev/null",
            "-o", f"Dir::State::lists={root}/lists", "-o", f"Dir::Cache={root}/cache",
            "-o", f"APT::Architecture={arch}", "-o", f"APT::Architectures={arch}",
            # What is installed on the machine in other versions is no matter here.
            "-o", "Dir::State::status=/dev/null",
            # Private directories need no drop to the _apt user, who may not be able to enter them.
            "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"]
        subprocess.run(["apt-get", "-qq", *self.options, "update"], check=True)


class Packages:
    """
    Binary packages of a release, unpacked under root/SUITE/PACKAGE (root/SUITE-ARCH/PACKAGE for other architectures
    than amd64); what is there is not asked for again.
    """

    def __init__(self, root, suite, arch="amd64"):
        self.root = pathlib.Path(root).resolve() / (suite if arch == "amd64" else f"{suite}-{arch}")
        self.suite = suite
        self.arch = arch
        self._apt = None

    def _download(self, name, folder):
        self._apt = self._apt or Apt(self.root / "apt", "deb", self.suite, self.arch)
        work = self.root / "download"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        subprocess.run(["apt-get", "-qq", *self._apt.options, "download", name], cwd=work, check=True)
        archive = next(work.glob("*.deb"))
        partial = folder.with_suffix(".new")
        shutil.rmtree(partial, ignore_errors=True)
        subprocess.run(["dpkg-deb", "-x", archive, partial], check=True)
        fields = subprocess.run(["dpkg-deb", "-f", archive, "Depends"], check=True, capture_output=True, text=True)
        (partial / "depends").write_text(fields.stdout)
        shutil.rmtree(work)
        os.rename(partial, folder)

    def unpack(self, name):
        """The folder of a package."""
        folder = self.root / name
        self.root.mkdir(parents=True, exist_ok=True)
        with open(self.root / ".lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # programs that want the same run side by side
            if not folder.exists():
                self._download(name, folder)
        return folder

    def kernel(self):
        """The kernel that the cloud metapackage names, as a bzImage or arm64's Image."""
        depends = (self.unpack(f"linux-image-cloud-{self.arch}") / "depends").read_text()
        name = re.search(r"linux-image-\d[^ ,]*", depends).group()
        return next((self.unpack(name) / "boot").glob("vmlinuz-*"))

    def busybox(self):
        """Its static busybox."""
        folder = self.unpack("busybox-static")
        return next(path for path in (folder / "bin/busybox", folder / "usr/bin/busybox") if path.exists())


def cpio(files):
    """An initramfs in the kernel's newc format: name -> (mode, bytes)."""
    out = b""
    for number, (name, (mode, data)) in enumerate([*files.items(), ("TRAILER!!!", (0, b""))], 1):
        fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        entry = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        out += entry + b"\0" * (-len(entry) % 4) + data + b"\0" * (-len(data) % 4)
    return out


def initramfs(busybox, init, programs=()):
    """busybox, the script that is its /init, and further programs (paths) in /bin."""
    files = {"bin": (0o40755, b""), "init": (0o100755, init.encode())}
    for path in (busybox, *programs):
        files[f"bin/{path.name}"] = (0o100755, path.read_bytes())
    return cpio(files)
