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
has() { command -v "$1" >/dev/null 2>&1; }
postgres() { ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -n 1; }
install_postgres() {
  if [ -z "${MCPLEDGER_TEST_POSTGRES:-}" ] && [ -z "$(postgres)" ] && [ "$(id -u)" = 0 ] && has apt-get; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -qq postgresql || { apt-get update -qq && apt-get install -y -qq postgresql; }
  fi
}
echo "building (Release)"
# What is fetched arrives while the compiler works.
tests/install-node.sh >"$logs/node.txt" &
node=$!
install_postgres </dev/null >"$logs/postgresql.log" 2>&1 &
database=$!
if ! dotnet restore McpLedger.sln -v q </dev/null >"$logs/restore.log" 2>&1; then
  cat "$logs/restore.log"
  exit 1
fi
touch artifacts/.building
# One compiler for all projects instead of a new one for each; it ends with the build.
compiler="mcpledger-$$"
dotnet build McpLedger.sln -c Release --no-restore -v q -p:UseSharedCompilation=true -p:SharedCompilationId="$compiler" </dev/null >"$logs/build.log" 2>&1
built=$?
for process in /proc/[0-9]*; do
  if tr '\0' ' ' 2>/dev/null <"$process/cmdline" | grep -q -- "-pipename:$compiler "; then kill "${process#/proc/}"; fi
done
if [ "$built" != 0 ]; then
  grep -E 'error|warn' "$logs/build.log" | sort -u | head -100
  exit 1
fi
# So that ./mcpledger, which tests start, builds nothing more, and nothing while suites run.
mv -f artifacts/.building artifacts/.built
echo "built in $((SECONDS - started)) s"

wait "$node" "$database"
echo "taking part beside the project's own code:"
if [ -x .tools/node/node_modules/.bin/node ]; then
  echo "  npm servers        node $(.tools/node/node_modules/.bin/node --version), @modelcontextprotocol/server-everything, server-filesystem"
else
  echo "  npm servers        skipped: $(grep . "$logs/node.txt" || echo 'not installed')"
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

# Two suites at a time, since each mostly waits: for processes that start, for engines, for disks. The long forms have the machine for themselves.
at_once="${MCPLEDGER_SUITES_AT_ONCE:-$([ -n "${MCPLEDGER_LONG:-}" ] && echo 1 || echo 2)}"
# The longest come first, so that none of them is left for the end.
suites=()
for name in EndToEnd.Tests Streaming.Tests Projections.Tests Host.Tests $(cd tests && echo *.Tests); do
  if [ ${#only[@]} -gt 0 ] && [[ ! " ${only[*]} " =~ " ${name%.Tests} " ]]; then continue; fi
  if [[ ! " ${suites[*]:-} " =~ " $name " ]]; then suites+=("$name"); fi
done
if [ ${#suites[@]} = 0 ]; then
  echo "there is no suite of that name in tests/" >&2
  exit 2
fi
# Search engines live for minutes here: they compile lightly, as the brokers do.
export OPENSEARCH_JAVA_OPTS="${OPENSEARCH_JAVA_OPTS:--XX:TieredStopAtLevel=1}" ES_JAVA_OPTS="${ES_JAVA_OPTS:--XX:TieredStopAtLevel=1}"
claims="$logs/running"
rm -rf "$claims"
mkdir -p "$claims"

# run_suite NAME: leaves its exit status and figures in its claim.
run_suite() {
  local name="$1" log="$logs/$1.log" began=$SECONDS status p f s
  timeout --kill-after=30 "${MCPLEDGER_SUITE_SECONDS:-$([ -n "${MCPLEDGER_LONG:-}" ] && echo 7200 || echo 1200)}" \
    "artifacts/bin/McpLedger.$name/release/McpLedger.$name" --no-ansi --progress off --show-test-results failed,skipped --show-slowest-tests 15 </dev/null >"$log" 2>&1 &
  echo $! >"$claims/$name/pid"
  wait $!
  status=$?
  rm -f "$claims/$name/pid"
  figure() { sed -n "s/^ *$1: *\([0-9][0-9]*\).*/\1/p" "$log" | tail -n 1; }
  p=$(figure succeeded) f=$(figure failed) s=$(figure skipped)
  printf '%-20s %5s passed %4s failed %4s skipped  %4s s\n' "${name%.Tests}" "${p:-?}" "${f:-?}" "${s:-?}" "$((SECONDS - began))"
  echo "$status ${p:-0} ${f:-0} ${s:-0}" >"$claims/$name/figures"
}

# Takes one suite after another that nobody has taken.
lane() {
  for name in "${suites[@]}"; do
    if [ ! -e "$claims/over" ] && mkdir "$claims/$name" 2>/dev/null; then run_suite "$name"; fi
  done
}

# Suites in the background hear nothing of Ctrl-C.
stop_suites() { touch "$claims/over"; for pid in "$claims"/*/pid; do [ -f "$pid" ] && kill "$(cat "$pid")" 2>/dev/null; done; exit 130; }
trap stop_suites INT TERM
for ((n = 0; n < at_once; n++)); do lane & done
wait
trap - INT TERM

passed=0 failed=0 skipped=0 broken=""
failures="$logs/failures.txt" skips="$logs/skips.txt"
: >"$failures"; : >"$skips"
for name in "${suites[@]}"; do
  short=${name%.Tests}
  log="$logs/$name.log"
  read -r status p f s 2>/dev/null <"$claims/$name/figures" || { status=1 p=0 f=0 s=0; }
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  # One line of the runner's per skipped test, the reason on the next.
  awk '/^ *skipped /{getline; sub(/^ +/, ""); print}' "$log" >>"$skips"
  if [ "$status" != 0 ]; then
    # 8 is the runner's word for "no tests": a project that is empty is no failure of its tests.
    if [ "$status" = 8 ] && [ "$f" = 0 ]; then continue; fi
    if [ "$f" = 0 ]; then
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
