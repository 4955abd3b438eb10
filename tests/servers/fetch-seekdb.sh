#!/usr/bin/env bash
# fetch-seekdb.sh FOLDER VERSION PYTHON: OceanBase seekdb, which its Python package holds as a program, in FOLDER/server.
set -euo pipefail
cd "$1"
"$3" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
  --python-version 3.11 --platform manylinux_2_28_x86_64 pylibseekdb=="$2"
"$3" -m zipfile -e pylibseekdb-*.whl server
chmod +x server/pylibseekdb/seekdb
chmod -R go+rX server
