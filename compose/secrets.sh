#!/usr/bin/env bash
# Makes the secrets that compose.yaml mounts, once: compose/secrets/{postgres,search}. What is there stays.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# The folder is closed to others; the files are not, because a container reads them as another user.
mkdir -p secrets
chmod 700 secrets
for name in postgres search; do
  if [[ -s "secrets/$name" ]]; then
    echo "secrets/$name is there"
  else
    head -c 24 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '\n=' >"secrets/$name"
    chmod 444 "secrets/$name"
    echo "secrets/$name made"
  fi
done
