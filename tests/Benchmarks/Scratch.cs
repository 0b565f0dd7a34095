namespace McpLedger.Benchmarks;

/// <summary>A folder on the checkout's disk (a temporary folder may be memory, and then nothing is measured), gone afterwards.</summary>
internal sealed class Scratch : IDisposable
{
    private Scratch(string path) => Path = path;

    public string Path { get; }

    public static Scratch Make()
    {
        var path = System.IO.Path.Combine(Testing.Processes.Built.Checkout, "artifacts", "bench", $"{Environment.ProcessId}-{Environment.TickCount64}");
        Directory.CreateDirectory(path);
        return new(path);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
