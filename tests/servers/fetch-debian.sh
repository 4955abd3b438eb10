#!/usr/bin/env bash
# fetch-debian.sh FOLDER SUITE PACKAGE[=VERSION]: a server of another Debian than this one, with every library it needs, from
# that suite's signed packages, unpacked into FOLDER/server. apt's state is FOLDER's own; the system's packages and sources
# stay as they are.
set -euo pipefail
folder=$1 suite=$2 package=$3 apt=$1/apt
# What comes along as a dependency, and no server needs to run.
unused='perl.*|libperl.*|gcc-.*-base|libgdbm.*|libdb5.*|debconf|passwd|systemd.*|init-system-helpers|adduser|dpkg|tar|base-passwd'
unused+='|cdebconf|.*-perl|psmisc|procps|libpam-.*|login.*|mount|util-linux|bsdutils|libc-bin|coreutils|sensible-utils|bash|base-files'
unused+='|galera.*|rsync|lsof|socat|gawk|iproute2|sysvinit-utils|dash|grep|sed|hostname|ucf|media-types|mariadb-client.*|libllvm.*|libz3.*'
mirror=$({ cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null || true; } |
  sed -nE 's/^(URIs:|deb( \[[^]]*\])?) *([^ ]+).*/\3/p' | head -1)
[ -n "$mirror" ] || { echo "no Debian mirror is configured here" >&2; exit 1; }
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$folder/server"
: >"$apt/status" # nothing counts as installed: the list holds all libraries, the C library too
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >"$apt/sources.list"
get() {
  apt-get -qq -o Dir::State::Lists="$apt/lists" -o Dir::State::status="$apt/status" -o Dir::Etc::sourcelist="$apt/sources.list" \
    -o Dir::Etc::sourceparts=/dev/null -o Dir::Cache="$apt" -o Dir::Cache::archives="$apt/archives" -o Acquire::Languages=none \
    -o Acquire::Retries=3 -o APT::Sandbox::User=root "$@"
}
get update
wanted=$(get --no-install-recommends -y --print-uris install "$package" |
  sed -nE "s/^'[^ ]* ([^_]+)_.*/\1/p" | grep -vxE "$unused")
cd "$apt/archives"
# shellcheck disable=SC2086
get download $wanted
for package in *.deb; do dpkg -x "$package" "$folder/server"; done
chmod -R go+rX "$folder/server"
