using System.Diagnostics.CodeAnalysis;
using Confluent.Kafka;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Shares the partitions out among the processes of a role: a consumer group, for its assignment only. A runner is started for each partition that is assigned
/// and has ended before the partition goes to somebody else. Positions are the runners' own; the group keeps none and fetches nothing.
/// </summary>
public sealed class PartitionAssignments
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(1);

    private readonly string _group;
    private readonly RunPartition _run;
    private readonly KafkaClients _clients;
    private readonly KafkaTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly TopicNames _topics;
    private readonly int _partitions;
    private readonly TimeSpan _sessionTimeout;
    private readonly Dictionary<TopicPartition, (CancellationTokenSource Stop, Task Running)> _runners = [];
    private readonly Lock _gate = new();

    /// <summary>A member of a group; <see cref="RunAsync"/> makes it join.</summary>
    /// <param name="options">The ledger's.</param>
    /// <param name="role">Name of the group: the topic prefix and this.</param>
    /// <param name="run">Does a partition's work.</param>
    /// <param name="sessionTimeout">Time after which a process that says nothing has lost its partitions.</param>
    /// <param name="telemetry">Where it is told.</param>
    /// <param name="time">The clock.</param>
    public PartitionAssignments(KafkaLedgerOptions options, string role, RunPartition run, TimeSpan sessionTimeout, KafkaTelemetry telemetry, TimeProvider time) =>
        (_group, _run, _clients, _telemetry, _time, _topics, _partitions, _sessionTimeout) = (options.TopicPrefix + role, run, new(options, telemetry), telemetry, time, new(options.TopicPrefix), options.Partitions, sessionTimeout);

    /// <summary>The partitions that are this process's now.</summary>
    public IReadOnlyList<LedgerPartition> Assigned
    {
        get
        {
            lock (_gate)
            {
                return [.. _runners.Keys.Select(_topics.PartitionOf).OfType<LedgerPartition>().Order(Comparer<LedgerPartition>.Create(static (a, b) => (a.Log, a.Number).CompareTo((b.Log, b.Number))))];
            }
        }
    }

    /// <summary>Is a member until cancelled; then every runner ends and the partitions go to the others.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var membership = new Membership(_sessionTimeout, cancellationToken);
            var running = Task.Factory.StartNew(() => Run(membership), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            if (await EndsAsync(running, membership, cancellationToken).ConfigureAwait(false) && cancellationToken.IsCancellationRequested)
            {
                return;
            }

            // The group gives them away when it misses this member; the work on them ends now.
            membership.Leave();
            Stop(Places());
        }
    }

    /// <returns>False when the client did not come back.</returns>
    private async Task<bool> EndsAsync(Task running, Membership membership, CancellationToken cancellationToken)
    {
        if (!await membership.Pulse.WaitAsync(running, () => membership.IsHeard, cancellationToken).ConfigureAwait(false))
        {
            _telemetry.LogStuck(_group, membership.Pulse.Longest);
            return false;
        }

        if (!running.IsCompleted)
        {
            return await running.EndsAsync(_telemetry).ConfigureAwait(false);
        }

        await running.ConfigureAwait(false);
        return true;
    }

    private void Run(Membership membership)
    {
        try
        {
            using var consumer = Join(membership);
            Take(consumer, membership);
        }
        catch (KafkaException e)
        {
            _telemetry.LogGroup(_group, e.Error.Reason);
            membership.Wait(Restart);
        }
    }

    private IConsumer<Ignore, byte[]> Join(Membership membership) => KafkaClients.Made(() => _clients.Member(_group, _sessionTimeout)
        .SetPartitionsAssignedHandler((_, partitions) =>
        {
            membership.Hear(() => partitions.ForEach(Start));
            return partitions.Select(static p => new TopicPartitionOffset(p, Offset.End));
        })
        .SetPartitionsRevokedHandler((_, partitions) => membership.Hear(() => Stop(partitions.Select(static p => p.TopicPartition))))
        .SetPartitionsLostHandler((_, partitions) => membership.Hear(() => Stop(partitions.Select(static p => p.TopicPartition))))
        .Build());

    private void Take(IConsumer<Ignore, byte[]> consumer, Membership membership)
    {
        consumer.Subscribe([_topics.Calls, _topics.Control]);
        while (!membership.IsOver)
        {
            try
            {
                membership.Pulse.Sign();
                _ = consumer.Consume(Slice);
                consumer.Pause(consumer.Assignment);
            }
            catch (KafkaException e)
            {
                _telemetry.LogGroup(_group, e.Error.Reason);
                membership.Wait(Restart);
            }
        }

        consumer.Close();
    }

    private void Start(TopicPartition place)
    {
        // Partitions that were added to a topic are not the ledger's: nothing is written to them.
        if (_topics.PartitionOf(place) is not { } partition || partition.Number >= (partition.Log == LedgerLog.Calls ? _partitions : 1))
        {
            return;
        }

        var stop = new CancellationTokenSource();
        lock (_gate)
        {
            _runners[place] = (stop, Task.Run(() => KeepRunningAsync(partition, stop.Token), CancellationToken.None));
        }

        _telemetry.LogAssigned(_group, partition);
    }

    private List<TopicPartition> Places()
    {
        lock (_gate)
        {
            return [.. _runners.Keys];
        }
    }

    /// <summary>Blocks until the runners have ended: only then does the group give their partitions away.</summary>
    private void Stop(IEnumerable<TopicPartition> places)
    {
        List<(TopicPartition Place, CancellationTokenSource Stop, Task Running)> ending = [];
        lock (_gate)
        {
            foreach (var place in places)
            {
                if (_runners.TryGetValue(place, out var runner))
                {
                    ending.Add((place, runner.Stop, runner.Running));
                }
            }
        }

        ending.ForEach(static e => e.Stop.Cancel());
        foreach (var (place, stop, running) in ending)
        {
            running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
            stop.Dispose();
            lock (_gate)
            {
                _runners.Remove(place);
            }

            _telemetry.LogRevoked(_group, _topics.PartitionOf(place).GetValueOrDefault());
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Edge of a runner: whatever ends one partition's work is told, and the work begins anew; the others go on.")]
    private async Task KeepRunningAsync(LedgerPartition partition, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await _run(partition, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _telemetry.LogRunnerEnded(_group, partition, e);
            }

            await Task.Delay(Restart, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>
    /// One client's time in the group. What a client says that was given up (<see cref="ClientPulse"/>) is not heard: another has taken its place.
    /// </summary>
    private sealed class Membership(TimeSpan patience, CancellationToken cancellationToken)
    {
        private readonly Lock _gate = new();
        private volatile bool _isHeard;
        private volatile bool _isLeft;

        public bool IsOver => _isLeft || cancellationToken.IsCancellationRequested;

        public ClientPulse Pulse { get; } = new(patience);

        /// <summary>Whether its thread is in a handler: while runners begin or end it is not away in the client, however long they take.</summary>
        public bool IsHeard => _isHeard;

        public void Wait(TimeSpan longest) => cancellationToken.WaitHandle.WaitOne(longest);

        public void Hear(Action said)
        {
            lock (_gate)
            {
                if (!_isLeft)
                {
                    _isHeard = true;
                    try
                    {
                        said();
                    }
                    finally
                    {
                        Pulse.Sign();
                        _isHeard = false;
                    }
                }
            }
        }

        public void Leave()
        {
            lock (_gate)
            {
                _isLeft = true;
            }
        }
    }
}
