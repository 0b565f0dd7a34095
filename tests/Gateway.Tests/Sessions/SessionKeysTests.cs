using System.Security.Cryptography;
using McpLedger.Gateway.Sessions;

namespace McpLedger.Gateway.Tests.Sessions;

public sealed class SessionKeysTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mcpledger-keys-").FullName;

    private string File => Path.Combine(_folder, "keys", "sessions.key");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_file_is_made_once_for_its_owner_only()
    {
        var first = SessionKeys.LoadOrCreate(File);
        var second = SessionKeys.LoadOrCreate(File);
        Assert.Equal(first.Current, second.Current);
        Assert.Null(first.Previous);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        }
    }

    [Fact]
    public async Task Replicas_that_start_at_once_share_one_key()
    {
        var keys = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => SessionKeys.LoadOrCreate(File))));
        Assert.Single(keys.Select(k => Convert.ToHexString(k.Current)).Distinct());
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(File)!));
    }

    [Fact]
    public void A_second_line_is_the_previous_key()
    {
        var current = RandomNumberGenerator.GetBytes(32);
        var previous = RandomNumberGenerator.GetBytes(32);
        Write($"{Convert.ToBase64String(current)}\n{Convert.ToBase64String(previous)}\n");
        var keys = SessionKeys.LoadOrCreate(File);
        Assert.Equal(current, keys.Current);
        Assert.Equal(previous, keys.Previous);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64!\n")]
    [InlineData("AAAA\n")]
    public void A_file_that_holds_something_else_is_refused_with_its_name(string content)
    {
        Write(content);
        Assert.Contains(File, Assert.Throws<InvalidDataException>(() => SessionKeys.LoadOrCreate(File)).Message);
    }

    [Fact]
    public void A_file_that_others_may_read_is_refused_with_the_remedy()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "File modes are a Unix matter.");
        SessionKeys.LoadOrCreate(File);
#pragma warning disable CA1416 // Skipped on Windows above.
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
#pragma warning restore CA1416
        Assert.Contains("chmod 600", Assert.Throws<InvalidDataException>(() => SessionKeys.LoadOrCreate(File)).Message);
    }

    private void Write(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, content);
        if (!OperatingSystem.IsWindows())
        {
            System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
