#!/bin/sh -e
# SPDX-License-Identifier: BSD-2-Clause
# deps.sh [ARCH]: installs the Debian packages that building and testing need, if any is missing; with ARCH, also those
# for boards of that architecture. Debian 12 and 13, root or sudo.

# python3 first: it derives the backports entry below.
packages="python3 python3-kconfiglib
    gcc libc6-dev binutils git make tar xz-utils bzip2 ca-certificates
    clang-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev llvm-19 libcriterion-dev
    qemu-system-x86 qemu-system-common qemu-utils ovmf ipxe ipxe-qemu
    grub-pc-bin grub-efi-amd64-bin grub-common xorriso mtools dnsmasq-base iproute2 openssl"
case ${1:-x86_64} in
x86_64) qemu_system=qemu-system-x86 ;;
arm64)
    qemu_system=qemu-system-arm
    packages="$packages gcc-aarch64-linux-gnu binutils-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm qemu-efi-aarch64
        device-tree-compiler u-boot-qemu"
    ;;
*) echo "deps: no such architecture: $1" >&2; exit 1 ;;
esac
# Older QEMU lacks what the boards use; Debian 12 has 10 in its backports.
qemu_min=1:10

installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null | sed -n 's/ installed$//p')
missing=
for package in $packages; do
    printf '%s\n' "$installed" | grep -qx "$package" || missing="$missing $package"
done
qemu_version=$(dpkg-query -W -f '${Version}' $qemu_system 2>/dev/null || true)
if dpkg --compare-versions "${qemu_version:-0}" lt "$qemu_min"; then
    old_qemu=y
fi
[ -n "$missing$old_qemu" ] || exit 0

echo "  DEPS   $missing${old_qemu:+ (QEMU >= ${qemu_min#*:})}"
root=
if [ "$(id -u)" != 0 ]; then
    root=sudo
    command -v sudo >/dev/null || { echo "deps: root or sudo is needed to install:$missing" >&2; exit 1; }
fi
apt_get() {
    $root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@"
}
apt_get update
without_qemu=$(printf '%s\n' $missing | grep -v '^qemu-[su]' || true)
[ -z "$without_qemu" ] || apt_get install --no-install-recommends $without_qemu >/dev/null

if [ -n "$old_qemu" ] || printf '%s\n' $missing | grep -q '^qemu-[su]'; then
    qemu=$(printf '%s\n' $packages | grep '^qemu-[su]')
    candidate=$(apt-cache policy $qemu_system | sed -n 's/ *Candidate: //p')
    if dpkg --compare-versions "${candidate:-0}" ge "$qemu_min"; then
        apt_get install --no-install-recommends $qemu >/dev/null
    else
        # Private lists and sources: the machine's own are read, not changed.
        dir=$(mktemp -d)
        trap 'rm -rf "$dir"' EXIT
        chmod 755 "$dir"
        mkdir -p "$dir/parts" "$dir/lists/partial"
        cp /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list "$dir/parts/" 2>/dev/null || true
        . /etc/os-release
        scripts/build/debsources.py deb "$VERSION_CODENAME-backports" >"$dir/parts/backports.sources"
        set -- -o Dir::Etc::sourceparts="$dir/parts" -o Dir::State::lists="$dir/lists"
        apt_get "$@" update
        apt_get "$@" install --no-install-recommends -t "$VERSION_CODENAME-backports" $qemu >/dev/null
    fi
fi

for package in $packages; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
        { echo "deps: $package could not be installed" >&2; exit 1; }
done
