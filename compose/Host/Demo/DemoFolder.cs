using System.Text;

namespace McpLedger.Host.Demo;

/// <summary>What the demonstration puts into its folder: a configuration, a file to read, and later a copy of the ledger to tamper with.</summary>
internal sealed class DemoFolder(string root)
{
    public string Root => root;

    public string Config => Path.Combine(root, "mcpledger.yaml");

    public string Data => Path.Combine(root, "ledger");

    public string Copy => Path.Combine(root, "tampered-copy");

    public string Files => Path.Combine(root, "files");

    public string VerifierKeys => Path.Combine(Data, "keys", "signing.vkey");

    public void WriteConfig(Uri sample, NodeServers? node)
    {
        Directory.CreateDirectory(Files);
        File.WriteAllText(Path.Combine(Files, "hello.txt"), "What was written yesterday can be read today.\n");
        string[] names = node is null ? ["sample"] : ["sample", "everything", "files"];
        var yaml = new StringBuilder("ledger: { data: ledger }\nlisten: { url: http://127.0.0.1:0 }\nservers:\n").Append("  sample: { url: ").Append(sample).Append(" }\n");
        if (node is not null)
        {
            yaml.Append("  everything: { command: node, args: [").Append(Quote(node.Everything)).Append(", stdio] }\n");
            yaml.Append("  files: { command: node, args: [").Append(Quote(node.Filesystem)).Append(", ").Append(Quote(Files)).Append("] }\n");
        }

        yaml.Append("principals: { anonymous: loopback }\nrules:\n  - { id: demo, allow: { principals: [anonymous], servers: [").AppendJoin(", ", names).Append("] } }\n");
        yaml.Append("  - { id: no-delete, block: { tools: [\"delete_*\"] }, reason: \"Deleting is not allowed here. Ask the operator of this gateway.\" }\n");
        File.WriteAllText(Config, yaml.ToString());
    }

    /// <summary>Copies the ledger while it is written to: the signed state first, so that what it covers is there when the records are copied after it.</summary>
    public void CopyLedger()
    {
        foreach (var part in (string[])["tiles", "blobs", "ledger"])
        {
            CopyFolder(Path.Combine(Data, part), Path.Combine(Copy, part));
        }
    }

    /// <summary>Changes one byte of an event in the copy: a digit of how long the call took.</summary>
    /// <returns>Where; null when the event is not there.</returns>
    public (string File, long At, char Was, char Is)? Tamper(string eventId)
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(Copy, "ledger", "calls-0"), "*.seg").Order(StringComparer.Ordinal))
        {
            var bytes = File.ReadAllBytes(path);
            var record = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes($"\"id\":\"{eventId}\""));
            var member = record < 0 ? -1 : bytes.AsSpan(record).IndexOf("\"durationMicros\":"u8);
            if (member >= 0)
            {
                var at = record + member + "\"durationMicros\":".Length;
                var was = (char)bytes[at];
                bytes[at] = (byte)(was == '1' ? '2' : '1');
                File.WriteAllBytes(path, bytes);
                return (path, at, was, (char)bytes[at]);
            }
        }

        return null;
    }

    private static void CopyFolder(string from, string to)
    {
        if (!Directory.Exists(from))
        {
            return;
        }

        Directory.CreateDirectory(to);

        // A checkpoint before the tiles it stands on: tiles only grow.
        foreach (var file in Directory.EnumerateFiles(from).Where(f => !Path.GetFileName(f).StartsWith("lock", StringComparison.Ordinal)).OrderBy(f => Path.GetFileName(f) != "checkpoint").ThenBy(f => f, StringComparer.Ordinal))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.EnumerateDirectories(from))
        {
            CopyFolder(folder, Path.Combine(to, Path.GetFileName(folder)));
        }
    }

    private static string Quote(string text) => System.Text.Json.JsonSerializer.Serialize(text);
}
