using System.Text;
using McpLedger.Detectors.Dlp;

namespace McpLedger.Gateway.Screening;

/// <summary>A line that somebody else wrote and our log shows: without the secrets in it, whatever is screened otherwise.</summary>
internal static class LogLine
{
    /// <summary>The line with each secret replaced by its rule.</summary>
    /// <param name="line">The line.</param>
    /// <param name="found">The caller's list, used again for each line.</param>
    public static string Of(string line, DlpFindings found)
    {
        DlpScan.Run(line, found);
        if (found.All.IsEmpty)
        {
            return line;
        }

        var text = new StringBuilder();
        var from = 0;
        foreach (var value in found.All)
        {
            if (value.Rule.Class == DataClass.Secret)
            {
                text.Append(line.AsSpan(from, value.Start - from)).Append('[').Append(ValueScreen.NameOf(value.Rule)).Append(']');
                from = value.End;
            }
        }

        return text.Append(line.AsSpan(from)).ToString();
    }
}
