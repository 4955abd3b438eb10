#!/usr/bin/env bash
# fetch-pglite.sh FOLDER PGLITE SOCKET: these versions of PGlite and of the server for it, as npm has them, in FOLDER/server.
set -euo pipefail
command -v npm >/dev/null || { echo "npm is not installed; run apt-get install npm" >&2; exit 1; }
mkdir "$1/server"
cd "$1/server"
# The server names all its extensions as peers; none of them is wanted.
npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps --prefix . \
  @electric-sql/pglite@"$2" @electric-sql/pglite-socket@"$3"
chmod -R go+rX .
