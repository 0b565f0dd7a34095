namespace McpLedger.Benchmarks.Faults;

/// <summary>What came of a fault that happened once.</summary>
/// <param name="Answered">Answers that clients received whole.</param>
/// <param name="Refused">Errors that they were told.</param>
/// <param name="Broken">Calls whose connection broke, or that nobody answered.</param>
/// <param name="Silence">Longest time in which nobody was answered, seconds.</param>
/// <param name="Recovered">From the end of the fault until everything is ready and knows what the log held two seconds before, seconds.</param>
/// <param name="Wrong">Everything that is not as it should be.</param>
internal sealed record FaultRound(int Answered, int Refused, int Broken, double Silence, double Recovered, IReadOnlyList<string> Wrong)
{
    /// <summary>Whether the machine stood still meanwhile, so that its times say nothing.</summary>
    public required bool Disturbed { get; init; }
}

/// <summary>All times of a fault: a row of the table.</summary>
internal sealed record FaultRow(string Fault, string What, string Durable, IReadOnlyList<FaultRound> Rounds)
{
    public int Times => Rounds.Count;

    public int Answered => Rounds.Sum(r => r.Answered);

    public int Refused => Rounds.Sum(r => r.Refused);

    public int Broken => Rounds.Sum(r => r.Broken);

    /// <summary>Times that count toward the seconds: those in which the machine did not stand still.</summary>
    public int Timed => Rounds.Count(r => !r.Disturbed);

    public double? MedianSilence => Median(r => r.Silence);

    public double? LongestSilence => Undisturbed(r => r.Silence).Max();

    public double? MedianRecovered => Median(r => r.Recovered);

    public double? LongestRecovered => Undisturbed(r => r.Recovered).Max();

    public int Wrong => Rounds.Sum(r => r.Wrong.Count);

    private double? Median(Func<FaultRound, double> of) => Undisturbed(of).Order().ElementAtOrDefault(Timed / 2);

    private IEnumerable<double?> Undisturbed(Func<FaultRound, double> of) => Rounds.Where(r => !r.Disturbed).Select(r => (double?)of(r));
}
