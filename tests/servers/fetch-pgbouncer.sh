#!/usr/bin/env bash
# fetch-pgbouncer.sh FOLDER: Debian 12's PgBouncer and the library it needs, unpacked into FOLDER/server.
set -euo pipefail
cd "$1"
apt-get download -q pgbouncer=1.18.0-1+deb12u1 libc-ares2=1.18.1-3
mkdir server
for package in *.deb; do dpkg-deb -x "$package" server; done
chmod -R go+rX server
