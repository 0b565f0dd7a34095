using System.Globalization;

namespace McpLedger.Host.Clients;

/// <summary>Writes files so that a reader never sees half of one, and secrets so that nobody else can read them.</summary>
internal static class ImportWriter
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>What a secret's file beside the configuration holds; null when there is none.</summary>
    public static string? SecretIn(string path, string file)
    {
        var full = Path.Combine(Path.GetDirectoryName(path)!, file);
        return File.Exists(full) ? File.ReadAllText(full).TrimEnd('\r', '\n') : null;
    }

    /// <returns>Where the file that was there before is kept; null when there was none.</returns>
    public static string? Write(string path, ImportPlan plan, TimeProvider time)
    {
        var folder = Path.GetDirectoryName(path)!;
        foreach (var secret in plan.Secrets.Where(s => s.Value is not null))
        {
            WriteSecret(Path.Combine(folder, secret.File), secret.Value!);
        }

        return ReplaceKeeping(path, plan.Text, time);
    }

    /// <summary>Replaces a file and keeps what was there.</summary>
    public static string? ReplaceKeeping(string path, string text, TimeProvider time)
    {
        string? kept = null;
        if (File.Exists(path))
        {
            kept = string.Create(CultureInfo.InvariantCulture, $"{path}.{time.GetUtcNow():yyyyMMdd-HHmmss}.bak");
            File.Copy(path, kept, overwrite: true);
        }

        var next = path + ".tmp";
        File.WriteAllText(next, text);
        if (kept is not null && !OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(next, File.GetUnixFileMode(path));
        }

        File.Move(next, path, overwrite: true);
        return kept;
    }

    private static void WriteSecret(string path, string value)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
            File.WriteAllText(path, value);
            return;
        }

        Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        File.Delete(path);
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        using var writer = new StreamWriter(file);
        writer.Write(value);
    }
}
