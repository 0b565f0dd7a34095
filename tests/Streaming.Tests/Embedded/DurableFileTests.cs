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
    public async Task Many_that_replace_a_file_at_once_all_succeed_and_leave_nothing_beside_it()
    {
        var path = Path.Combine(_folder, "mark");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Factory.StartNew(
            () =>
            {
                for (var round = 0; round < 50; round++)
                {
                    DurableFile.Replace(path, Encoding.ASCII.GetBytes($"{writer}"), OwnerOnly);
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        Assert.Single(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void What_could_not_replace_a_file_leaves_nothing_beside_it()
    {
        var path = Path.Combine(_folder, "taken");
        Directory.CreateDirectory(Path.Combine(path, "by a folder"));
        Assert.ThrowsAny<SystemException>(() => DurableFile.Replace(path, "x"u8, OwnerOnly));
        Assert.Empty(Directory.GetFiles(_folder));
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
