#!/usr/bin/env bash
# fetch-pgbouncer.sh FOLDER: Debian's PgBouncer and the library it needs, unpacked into FOLDER/server.
set -euo pipefail
cd "$1"
apt-get download -q pgbouncer libc-ares2 2>/dev/null
mkdir server
for package in *.deb; do dpkg-deb -x "$package" server; done
chmod -R go+rX server
