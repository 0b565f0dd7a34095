#!/usr/bin/env bash
# Builds everything and runs every test project. `./test.sh` takes the short forms, `./test.sh --all` the long ones
# (10 million mutated inputs, 100 kills, …). Test projects can be named: `./test.sh Contracts Gateway`.
# The last line is "N passed, N failed, N skipped"; the exit status is that of the tests.
set -u
cd "$(dirname "$0")" || exit 1
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
only=()
for argument in "$@"; do
  case "$argument" in
    --all) export MCPLEDGER_LONG=1 MCPLEDGER_FUZZ_COUNT=10000000 MCPLEDGER_KILLS=100 ;;
    --help|-h) sed -n '2,4p' "$0" | cut -c3-; exit 0 ;;
    -*) echo "test.sh knows --all and names of test projects, not $argument" >&2; exit 2 ;;
    *) only+=("$argument") ;;
  esac
done

if ! command -v dotnet >/dev/null 2>&1; then
  echo "The .NET 10 SDK is needed and 'dotnet' is not on the path." >&2
  exit 1
fi

logs=artifacts/test-logs
mkdir -p "$logs"
started=$SECONDS
echo "building (Release)"
if ! dotnet restore McpLedger.sln -v q </dev/null >"$logs/restore.log" 2>&1; then
  cat "$logs/restore.log"
  exit 1
fi
if ! dotnet build McpLedger.sln -c Release --no-restore -v q </dev/null >"$logs/build.log" 2>&1; then
  grep -E 'error|warn' "$logs/build.log" | sort -u | head -100
  exit 1
fi
echo "built in $((SECONDS - started)) s"

node_note=$(tests/install-node.sh)
has() { command -v "$1" >/dev/null 2>&1; }
echo "taking part beside the project's own code:"
if [ -x .tools/node/node_modules/.bin/node ]; then
  echo "  npm servers        node $(.tools/node/node_modules/.bin/node --version), @modelcontextprotocol/server-everything, server-filesystem"
else
  echo "  npm servers        skipped: ${node_note:-not installed}"
fi
shared=${MCPLEDGER_SHARED:-}
if [ -z "$shared" ]; then
  folder=$PWD
  while [ "$folder" != / ] && [ -z "$shared" ]; do
    folder=$(dirname "$folder")
    [ -d "$folder/shared/vectors" ] && shared="$folder/shared"
  done
fi
if [ -n "$shared" ] && [ -d "$shared/vectors" ]; then echo "  vectors            $(cd "$shared" && pwd)/vectors"; else echo "  vectors            skipped: no shared/vectors beside the checkout, and MCPLEDGER_SHARED is not set"; fi
postgres() { ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -n 1; }
if [ -z "${MCPLEDGER_TEST_POSTGRES:-}" ] && [ -z "$(postgres)" ] && [ "$(id -u)" = 0 ] && has apt-get; then
  export DEBIAN_FRONTEND=noninteractive
  { apt-get install -y -qq postgresql || { apt-get update -qq && apt-get install -y -qq postgresql; }; } </dev/null >"$logs/postgresql.log" 2>&1
fi
if [ -n "${MCPLEDGER_TEST_POSTGRES:-}" ]; then
  echo "  PostgreSQL         the one that MCPLEDGER_TEST_POSTGRES names"
elif [ -n "$(postgres)" ]; then
  echo "  PostgreSQL         $("$(dirname "$(postgres)")/postgres" --version | cut -d' ' -f3), started by the tests"
else
  echo "  PostgreSQL         skipped, unless a Docker engine answers: not installed, and installing it needs root and apt-get"
fi
if [ "$(id -u)" = 0 ] && mkdir -p "$logs/tmpfs" && mount -t tmpfs -o size=64k none "$logs/tmpfs" 2>/dev/null; then
  umount "$logs/tmpfs"
  echo "  tmpfs (disk full)  mounted by the tests"
else
  echo "  tmpfs (disk full)  skipped: mounting one needs root"
fi
if has nginx; then echo "  nginx              $(nginx -v 2>&1 | cut -d/ -f2) (in ./bench.sh only)"; else echo "  nginx              not installed (in ./bench.sh only)"; fi

passed=0 failed=0 skipped=0 broken=""
failures="$logs/failures.txt" skips="$logs/skips.txt"
: >"$failures"; : >"$skips"
for folder in tests/*.Tests; do
  name=$(basename "$folder")
  short=${name%.Tests}
  if [ ${#only[@]} -gt 0 ] && [[ ! " ${only[*]} " =~ " $short " ]]; then continue; fi
  program="artifacts/bin/McpLedger.$name/release/McpLedger.$name"
  log="$logs/$name.log"
  began=$SECONDS
  timeout --kill-after=30 "${MCPLEDGER_SUITE_SECONDS:-$([ -n "${MCPLEDGER_LONG:-}" ] && echo 7200 || echo 1200)}" \
    "$program" --no-ansi --progress off --show-test-results failed,skipped --show-slowest-tests 15 </dev/null >"$log" 2>&1
  status=$?
  figure() { sed -n "s/^ *$1: *\([0-9][0-9]*\).*/\1/p" "$log" | tail -n 1; }
  p=$(figure succeeded) f=$(figure failed) s=$(figure skipped)
  passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0})) skipped=$((skipped + ${s:-0}))
  printf '%-20s %5s passed %4s failed %4s skipped  %4s s\n' "$short" "${p:-?}" "${f:-?}" "${s:-?}" "$((SECONDS - began))"
  # One line of the runner's per skipped test, the reason on the next.
  awk '/^ *skipped /{getline; sub(/^ +/, ""); print}' "$log" >>"$skips"
  if [ "$status" != 0 ]; then
    # 8 is the runner's word for "no tests": a project that is empty is no failure of its tests.
    if [ "$status" = 8 ] && [ "${f:-0}" = 0 ]; then continue; fi
    if [ "${f:-0}" = 0 ]; then
      failed=$((failed + 1)) broken="$broken $short(exit $status)"
      { echo "$short ended without a result (exit $status), its last lines:"; tail -n 60 "$log"; } >>"$failures"
    else
      # From a failed test's line to the next test's line: its message and where it stands.
      awk '/^ *(failed|skipped|passed) /{shown = /^ *failed /} shown' "$log" | head -n 200 >>"$failures"
    fi
  fi
done

if [ -s "$skips" ]; then
  echo "skipped, and why:"
  sort "$skips" | uniq -c | sort -rn | sed 's/^/  /'
fi
if [ -s "$failures" ]; then
  echo "failed:"
  sed 's/^/  /' "$failures"
fi
[ -n "$broken" ] && echo "ended without a result:$broken"
echo "took $((SECONDS - started)) s$([ -n "${MCPLEDGER_LONG:-}" ] && echo ', long forms' || echo ', short forms (./test.sh --all runs the long ones)')"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
