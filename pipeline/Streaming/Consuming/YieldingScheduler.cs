using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace McpLedger.Streaming.Consuming;

/// <summary>
/// Runs tasks one after the other on a thread that gives way to others: what may wait must take neither a thread-pool thread for as long as a
/// transaction lasts nor a core from those who wait for an answer. On Linux .NET's thread priorities do nothing, but a thread has a nice value.
/// </summary>
public sealed partial class YieldingScheduler : TaskScheduler, IDisposable
{
    private const int Nice = 10;
    private readonly BlockingCollection<Task> _tasks = [];
    private readonly Thread _thread;

    /// <summary>Starts the thread.</summary>
    /// <param name="name">Name of the thread.</param>
    public YieldingScheduler(string name)
    {
        _thread = new(Run) { IsBackground = true, Name = name, Priority = ThreadPriority.BelowNormal };
        _thread.Start();
    }

    /// <inheritdoc/>
    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs <paramref name="work"/>, with what it awaits in between, on the thread.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(work, cancellationToken, TaskCreationOptions.DenyChildAttach, this).Unwrap();

    /// <summary>Ends the thread once what was begun is done.</summary>
    public void Dispose()
    {
        _tasks.CompleteAdding();
        if (Environment.CurrentManagedThreadId != _thread.ManagedThreadId)
        {
            _thread.Join();
        }

        _tasks.Dispose();
    }

    /// <inheritdoc/>
    protected override void QueueTask(Task task) => _tasks.Add(task);

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && Environment.CurrentManagedThreadId == _thread.ManagedThreadId && TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task> GetScheduledTasks() => _tasks;

    private void Run()
    {
        if (OperatingSystem.IsLinux())
        {
            // 0 and 0: the calling thread (setpriority(2), "C library/kernel differences"). Refused, it is a thread like the others.
            _ = Native.SetPriority(0, 0, Nice);
        }

        foreach (var task in _tasks.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
        }
    }

    private static partial class Native
    {
        [LibraryImport("libc", EntryPoint = "setpriority")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int SetPriority(int which, int who, int nice);
    }
}
