#!/usr/bin/env bash
# fetch-timescaledb.sh FOLDER VERSION: PostgreSQL 17 with TimescaleDB, of a newer Debian than this one, in FOLDER/server.
set -euo pipefail
bash "$(dirname "$0")/fetch-debian.sh" "$1" trixie "postgresql-17-timescaledb=$2"
# initdb starts the server by its name: under each name stands what runs the program with the libraries that came along.
cd "$1/server/usr/lib/postgresql/17/bin"
for program in initdb postgres; do
  mv $program $program.program
  cat >$program <<'S'
#!/bin/sh
libraries=${0%/usr/*}/usr/lib/x86_64-linux-gnu
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" --argv0 "$0" "$0.program" "$@"
S
  chmod 755 $program
done
