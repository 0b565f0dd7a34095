using System.Text;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Tests.Embedded;

public sealed class DurableFileTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("mcpledger-durable-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Of_many_that_make_a_file_at_once_one_succeeds_and_its_content_stands()
    {
        const int Makers = 8;
        for (var round = 0; round < 100; round++)
        {
            var path = Path.Combine(_folder, $"{round}.key");
            using var start = new Barrier(Makers);
            var made = await Task.WhenAll(Enumerable.Range(0, Makers).Select(maker => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait(TestContext.Current.CancellationToken);
                    return DurableFile.TryCreate(path, Encoding.ASCII.GetBytes($"{maker}"), OwnerOnly) ? $"{maker}" : null;
                },
                TestContext.Current.CancellationToken,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)));
            Assert.Equal(Assert.Single(made, maker => maker is not null), await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        }

        Assert.Equal(100, Directory.GetFiles(_folder).Length);
    }

    [Fact]
    public void A_file_that_stands_is_left_as_it_is()
    {
        var path = Path.Combine(_folder, "once");
        Assert.True(DurableFile.TryCreate(path, "first"u8, OwnerOnly));
        Assert.False(DurableFile.TryCreate(path, "second"u8, OwnerOnly));
        Assert.Equal("first", File.ReadAllText(path));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
        }
    }
}
