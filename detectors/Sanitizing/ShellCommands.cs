using System.Collections.Frozen;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>Programs by what they can do to whoever runs them.</summary>
internal static class ShellCommands
{
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Interpreters =
        Set("bash sh zsh dash ksh fish python python2 python3 perl ruby node deno php lua tclsh pwsh powershell iex osascript cmd cmd.exe powershell.exe");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Fetchers = Set("curl wget fetch iwr irm invoke-webrequest aria2c scp rsync ftp tftp certutil bitsadmin");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Harmful = Set(
        "rm dd mkfs shred wipefs fdisk chmod chown chattr useradd usermod passwd visudo crontab iptables ufw nc ncat netcat socat telnet ssh nohup shutdown reboot halt poweroff kill killall pkill insmod mount umount "
        + "systemctl service schtasks reg net taskkill del format rmdir mkfifo xxd openssl gpg eval exec source sudo su doas whoami id uname env printenv history");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Ordinary = Set(
        "ls cd cat echo printf pwd cp mv mkdir touch ln head tail grep egrep rg awk sed sort uniq wc cut tr tee xargs find which test true false sleep date hostname ps top df du tar gzip gunzip zip unzip git npm npx yarn "
        + "pnpm pip pip3 uv pipx poetry conda cargo rustc go make cmake gcc g++ javac java mvn gradle dotnet docker podman kubectl helm terraform ansible aws gcloud az brew apt apt-get yum dnf apk pacman snap export set "
        + "unset alias jq yq base64 md5sum sha256sum diff patch less more man vim nano code open start type dir copy mysql psql sqlite3 redis-cli mongo pytest jest tox ruff black eslint tsc nvm bundle gem rails composer");

    public static bool IsInterpreter(ReadOnlySpan<char> word) => Interpreters.Contains(word);

    public static bool IsFetcher(ReadOnlySpan<char> word) => Fetchers.Contains(word);

    public static bool IsHarmful(ReadOnlySpan<char> word) => Harmful.Contains(word) || IsFetcher(word) || IsInterpreter(word);

    public static bool IsAny(ReadOnlySpan<char> word) => Ordinary.Contains(word) || IsHarmful(word);

    /// <summary>The first word at <paramref name="at"/>, blanks before it passed over; a path's last part.</summary>
    public static ReadOnlySpan<char> WordAt(ReadOnlySpan<char> text, scoped ref int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t')
        {
            at++;
        }

        var start = at;
        while (at < text.Length && at - start < 64 && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '-' or '_' or '.' or '/' or '+'))
        {
            start = text[at] == '/' ? at + 1 : start;
            at++;
        }

        return text[start..at];
    }

    private static FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Set(string words) =>
        words.Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();
}
