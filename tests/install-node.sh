#!/usr/bin/env bash
# Installs what tests/node/package.json lists into .tools/node. Says why when it cannot, and exits 0 all the same:
# what needs Node skips without it. Does nothing when it is already there.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
tools="$root/.tools/node"
if [ -f "$tools/package.json" ] && [ -x "$tools/node_modules/.bin/node" ] && cmp -s "$root/tests/node/package.json" "$tools/package.json"; then
  exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
  echo "npm is not installed: the npm servers and the conformance suite take no part"
  exit 0
fi
rm -rf "$tools" && mkdir -p "$tools"
cp "$root/tests/node/package.json" "$tools/package.json"
if ! (cd "$tools" && timeout 180 npm install --no-audit --no-fund --no-package-lock --loglevel=error </dev/null >"$tools/install.log" 2>&1); then
  echo "npm could not install: $(tail -n 1 "$tools/install.log" | cut -c1-200)"
  rm -f "$tools/package.json"
fi
exit 0
