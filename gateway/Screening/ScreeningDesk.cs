using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Redaction;
using McpLedger.Detectors.Sanitizing;
using McpLedger.Detectors.Text;

namespace McpLedger.Gateway.Screening;

/// <summary>What looking through one message needs: buffers that are made once and used again, by one thread at a time. Nothing is allocated while nothing is found.</summary>
internal sealed class ScreeningDesk
{
    private const int MaxShapes = 1024;
    private const int MaxHidden = 8192;
    private const int MaxValues = 2048;
    private const int MaxViewValues = 256;
    private const int MaxSightings = 16;
    private byte[] _clear = [];

    public ScreeningDesk(int maxChars, ReadOnlySpan<byte> redactionKey)
    {
        MaxChars = maxChars;
        Text = new(TextLimits.Default with { MaxChars = maxChars });
        Redactor = new(redactionKey);
    }

    public int MaxChars { get; }

    public MessageText Text { get; }

    /// <summary>Shapes of code.</summary>
    public SanitizeFindings Shapes { get; } = new(MaxShapes);

    /// <summary>Runs of what is unseen.</summary>
    public SanitizeFindings Hidden { get; } = new(MaxHidden);

    public DlpFindings Values { get; } = new(MaxValues);

    public DlpFindings ViewValues { get; } = new(MaxViewValues);

    public SecretSighting[] Sightings { get; } = new SecretSighting[MaxSightings];

    public InjectionReading Reading { get; } = new();

    public Redactor Redactor { get; }

    /// <summary>What was taken out of the message so that what is hidden in it could be seen; what <see cref="Text"/> was read from has no such characters.</summary>
    public EditList Unseen { get; } = new();

    /// <summary>What one step plans, before it is added to what the others did.</summary>
    public EditList Step { get; } = new();

    /// <summary>What a step planned, as edits of the body, before it joins a list that it was planned behind.</summary>
    public EditList Joining { get; } = new();

    /// <summary>What is to change in what passes, as ranges of the body that was received.</summary>
    public EditList Passed { get; } = new();

    /// <summary>What is to change in what is recorded.</summary>
    public EditList Masked { get; } = new();

    /// <summary>Values that are to go from what passes.</summary>
    public List<DlpFinding> ToRedact { get; } = [];

    /// <summary>Values that are to go from what is recorded.</summary>
    public List<DlpFinding> ToMask { get; } = [];

    /// <summary>Bytes that the lists of edits keep.</summary>
    public int KeptEdits => Unseen.Kept + Step.Kept + Joining.Kept + Passed.Kept + Masked.Kept;

    public ScreeningNotes Notes { get; } = new();

    /// <summary>Forgets the message before.</summary>
    public void Begin()
    {
        Unseen.Clear();
        Passed.Clear();
        Masked.Clear();
        ToRedact.Clear();
        ToMask.Clear();
        Notes.Clear();
    }

    /// <summary>The body without <see cref="Unseen"/>.</summary>
    public ReadOnlySpan<byte> Clear(ReadOnlySpan<byte> body)
    {
        var length = Unseen.LengthAfter(body.Length);
        if (_clear.Length < length)
        {
            _clear = GC.AllocateUninitializedArray<byte>(length);
        }

        return _clear.AsSpan(0, Unseen.Apply(body, _clear));
    }
}
