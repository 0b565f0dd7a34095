#!/usr/bin/env bash
# Runs a benchmark: `./bench.sh` compares direct, nginx, bare YARP and McpLedger; `./bench.sh --help` lists the others.
set -eu
cd "$(dirname "$0")"
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
case "${1:-}" in
  conformance|crash) tests/install-node.sh ;;
esac
mkdir -p artifacts
if ! dotnet build tests/Benchmarks -c Release -v q </dev/null >artifacts/bench-build.log 2>&1; then
  cat artifacts/bench-build.log >&2
  exit 1
fi
# The load's own sockets complete on the thread that polls them: fewer switches on the side that is not measured. Its children don't inherit it.
export DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1
exec artifacts/bin/McpLedger.Benchmarks/release/McpLedger.Benchmarks "$@"
