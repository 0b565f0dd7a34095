using System.Text;
using McpLedger.Detectors.Behaviour;

namespace McpLedger.Detectors.Tests.Behaviour;

/// <summary>An agent whose calls and results a tracker sees, two seconds apart.</summary>
internal sealed class Agent(BehaviourTracker tracker, string session = "s", string name = "a", string owner = "ada")
{
    private readonly List<BehaviourSignal> _said = [];
    private int _number;

    public DateTimeOffset Now { get; set; } = new(2026, 11, 26, 10, 0, 0, TimeSpan.Zero);

    /// <summary>Everything that was said of it.</summary>
    public IReadOnlyList<BehaviourSignal> Said => _said;

    public int Calls => _number;

    public string Server { get; set; } = "demo";

    public IReadOnlyList<BehaviourSignal> Call(string tool, string arguments = "{}", string result = "ok", double seconds = 2, bool isError = false, double tail = 0, bool isFlagged = false, string suspicious = "", ToolTraits? traits = null)
    {
        Now += TimeSpan.FromSeconds(seconds);
        var call = new Guid(++_number, 0, 0, new byte[8]);
        var before = _said.Count;
        _said.AddRange(tracker.OnCall(new()
        {
            Call = call, At = Now, Session = session, Agent = name, Owner = owner, Server = Server, Tool = tool, Traits = traits ?? ToolNames.Guess(tool), Arguments = Encoding.UTF8.GetBytes(arguments),
        }));
        _said.AddRange(tracker.OnResult(new()
        {
            Call = call, At = Now, Session = session, Agent = name, Owner = owner, IsError = isError, Content = Encoding.UTF8.GetBytes(result), Tail = tail, IsFlagged = isFlagged, Suspicious = Encoding.UTF8.GetBytes(suspicious),
        }));
        return _said[before..];
    }

    /// <summary>Hears what a server says of its own, and that looks like an attack.</summary>
    public void Hear(string text) => _said.AddRange(tracker.OnMessage(new()
    {
        Call = new Guid(++_number, 0, 0, new byte[8]), At = Now, Session = session, Agent = name, Owner = owner, Content = Encoding.UTF8.GetBytes(text), Tail = 4, IsFlagged = true, Suspicious = Encoding.UTF8.GetBytes(text),
    }));
}
