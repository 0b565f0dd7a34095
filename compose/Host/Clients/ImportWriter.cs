using System.Globalization;
using System.Text;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Host.Clients;

/// <summary>Writes files so that a reader never sees half of one, and secrets so that nobody else can read them.</summary>
internal static class ImportWriter
{
    private const int MostCopies = 1000;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Everybody = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

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

    /// <summary>Replaces a file, or the one that it is a link to, and keeps what was there beside that.</summary>
    public static string? ReplaceKeeping(string path, string text, TimeProvider time)
    {
        var target = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
        var bytes = Encoding.UTF8.GetBytes(text);
        if (!File.Exists(target))
        {
            DurableFile.Replace(target, bytes, Everybody);
            return null;
        }

        var kept = Keep(target, time);
        var mode = OperatingSystem.IsWindows() ? OwnerOnly : File.GetUnixFileMode(target);
        DurableFile.Replace(target, bytes, mode);
        if (!OperatingSystem.IsWindows())
        {
            // The process's mask may have taken some of it away.
            File.SetUnixFileMode(target, mode);
        }

        return kept;
    }

    // Under a name that nothing has: of what is kept there is no other copy.
    private static string Keep(string path, TimeProvider time)
    {
        var stem = string.Create(CultureInfo.InvariantCulture, $"{path}.{time.GetUtcNow():yyyyMMdd-HHmmss}");
        for (var i = 1; ; i++)
        {
            var kept = i == 1 ? $"{stem}.bak" : string.Create(CultureInfo.InvariantCulture, $"{stem}-{i}.bak");
            try
            {
                File.Copy(path, kept, overwrite: false);
                return kept;
            }
            catch (IOException) when (File.Exists(kept) && i < MostCopies)
            {
                // The next number is free, or the one after it.
            }
        }
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
