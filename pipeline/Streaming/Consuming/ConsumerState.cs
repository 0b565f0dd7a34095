namespace McpLedger.Streaming.Consuming;

/// <summary>How a consumer stands. <see cref="Received"/> = <see cref="Handled"/> + <see cref="Parked"/> + <see cref="InFlight"/>, always (I2).</summary>
/// <param name="Received">Records read since start.</param>
/// <param name="Handled">Records whose effect is kept.</param>
/// <param name="Parked">Records parked.</param>
/// <param name="InFlight">Records read and neither handled nor parked yet.</param>
/// <param name="Position">Offset to go on with; -1 before the first read.</param>
/// <param name="Trouble">What keeps it from going on, in words for an operator; null when nothing does.</param>
public readonly record struct ConsumerState(long Received, long Handled, long Parked, long InFlight, long Position, string? Trouble);

/// <summary>How far a consumer is behind the end of its partition; both 0 when it has caught up.</summary>
/// <param name="Records">Offsets between its position and the end as last seen; 0 while the position is not known.</param>
/// <param name="Age">Time since the oldest record that is not handled was written; where no record can be had, time since it cannot go on.</param>
public readonly record struct ConsumerLag(long Records, TimeSpan Age);
