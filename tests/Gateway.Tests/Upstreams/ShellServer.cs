using System.Collections.Immutable;
using McpLedger.Gateway.Configuration;

namespace McpLedger.Gateway.Tests.Upstreams;

/// <summary>A stdio server in a few lines of shell: starts in a millisecond and misbehaves on request.</summary>
internal static class ShellServer
{
    private const string Script =
        """
        answer() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
        while IFS= read -r line; do
          id=${line#*\"id\":}; id=${id%%,*}; id=${id%%\}*}
          token=${line#*\"progressToken\":}; token=${token%%,*}; token=${token%%\}*}
          case $line in
            *'"method":"initialize"'*)
              case $MODE in
                refuses) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32602,"message":"no"}}\n' "$id" ;;
                grumbles) printf '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}\n{"jsonrpc":"2.0","id":%s,"error":{"code":-32602,"message":"no"}}\n' "$id" ;;
                modern) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no such method"}}\n' "$id" ;;
                says) answer '{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"shell","version":"1"},"instructions":"'"$(cat "$SAYS")"'"}' ;;
                *) answer '{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"shell","version":"1"}}' ;;
              esac ;;
            *'"method":"server/discover"'*)
              case $MODE in
                modern) answer '{"supportedVersions":["2026-07-28"],"capabilities":{},"resultType":"complete"}' ;;
                garbled) answer '{"supportedVersions":["\ud800",7,"2026-07-28"],"capabilities":{},"resultType":"complete"}' ;;
                mute) ;;
                fragile) exit 9 ;;
                *) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no such method"}}\n' "$id" ;;
              esac ;;
            *'"method":"test/spaced"'*) printf '{ "id" : %s ,\t"result":{ "x" : 1.0, "y":"\\u0041" }, "jsonrpc":"2.0" }\r\n' "$id" ;;
            *'"method":"test/line"'*) answer "$line" ;;
            *'"method":"test/last"'*) answer "${last:-null}" ;;
            *'"method":"test/pid"'*) answer "{\"pid\":$$}" ;;
            *'"method":"test/env"'*) answer "{\"env\":\"$(env | sort | tr '\n' ';')\"}" ;;
            *'"method":"test/progress"'*)
              for n in 1 2; do printf '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%s,"progress":%s}}\n' "$token" "$n"; done
              answer '{"done":true}' ;;
            *'"method":"test/listen"'*)
              printf '{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s}}}\n' "$id" ;;
            *'"method":"test/log"'*)
              printf '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}\n'; answer '{}' ;;
            *'"method":"test/changed"'*)
              printf '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}\n'; answer '{}' ;;
            *'"method":"test/many"'*)
              n=0; while [ $n -lt 1000 ]; do n=$((n+1)); printf '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:%s"}}\n' $n; done; answer '{}' ;;
            *'"method":"test/flow"'*)
              n=0; while [ $n -lt 500 ]; do n=$((n+1)); printf '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":%s,"progress":%s}}\n' "$token" "$n"; done; answer '{}' ;;
            *'"method":"test/ask"'*)
              printf '{"jsonrpc":"2.0","id":"s1","method":"roots/list"}\n'; asker=$id ;;
            *'"id":"s1"'*'"result"'*) id=$asker; answer "$line" ;;
            *'"method":"test/silent"'*) ;;
            *'"method":"test/release"'*) own=$id; id=$(printf '%s' "$line" | sed 's/.*"release":\([^}]*\)}.*/\1/'); answer '{"late":true}'; id=$own; answer '{"own":true}' ;;
            *'"method":"test/exit"'*) exit 3 ;;
            *'"method":"test/flood"'*) while :; do printf '%65536s' x; done ;;
            *'"method":"test/garbage"'*) printf 'Server started!\n\n{"broken\n[1,2\n\377\376\n'; answer '{}' ;;
            *'"method":"test/twin"'*) printf '{"jsonrpc":"2.0","id":%s,"result":{},"result":{"hidden":1}}\n' "$id" ;;
            *'"method":"test/wrong"'*)
              printf '{"jsonrpc":"2.0","id":"%s","result":{"wrong":1}}\n{"jsonrpc":"2.0","id":424242,"result":{"wrong":2}}\n' "$id"; answer '{"right":true}' ;;
            *'"method":"test/double"'*) answer '{"n":1}'; answer '{"n":2}' ;;
            *'"method":"test/stderr"'*) head -c 5000000 /dev/zero | tr '\0' 'e' >&2; n=0; while [ $n -lt 2000 ]; do n=$((n+1)); echo "line $n" >&2; done; answer '{}' ;;
            *'"method":"test/fork"'*) sleep 1000 >/dev/null 2>&1 </dev/null & answer "{\"pid\":$!}" ;;
            *'"method":"test/stray"'*) setsid sh -c 'printf "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":{\"pid\":%s}}\n" "$1" "$$"; exec sleep 1000' sh "$id" </dev/null & ;;
            *'"method":"test/stubborn"'*) trap '' TERM; answer '{}'; while :; do sleep 1000; done ;;
            *'"method":"test/deaf"'*) answer '{}'; while :; do sleep 1000; done ;;
            *'"method":"test/close"'*) exec >&-; while :; do sleep 1000; done ;;
            *'"method":"notifications/'*) last=$line ;;
            *) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"no such method"}}\n' "$id" ;;
          esac
        done
        """;

    /// <summary>A server that reads and never answers, and writes a line for each start into <paramref name="starts"/>.</summary>
    public static ServerConfig Silent(string starts) => Config("silent", stdio => stdio with { Arguments = ["-c", "echo started >> \"$STARTS\"; cat > /dev/null"], Environment = stdio.Environment.Add("STARTS", starts) });

    /// <summary>A server in one of the modes: legacy, modern, garbled (names a version that is no text), mute (never answers server/discover), fragile (ends at it), refuses (initialize), grumbles (a log line first, then refuses), says (gives the instructions that stand in the file SAYS).</summary>
    public static ServerConfig Config(string mode, Func<StdioConfig, StdioConfig>? with = null)
    {
        var stdio = new StdioConfig
        {
            Command = "sh",
            Arguments = ["-c", Script],
            Environment = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal).Add("MODE", mode),
            ShutdownGrace = TimeSpan.FromSeconds(5),
        };
        return new() { Name = "shell", Transport = UpstreamTransport.Stdio, Stdio = with is null ? stdio : with(stdio) };
    }
}
