using System.Security.Cryptography;
using System.Text;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Host.Access;

/// <summary>The token that is made at first start, so that whoever owns the data folder can administer the ledger. Only its digest is held in memory.</summary>
internal sealed class AdminToken
{
    private const string Prefix = "mcpladm_";
    private const int SecretDigits = 64;
    private readonly Digest _sha256;

    private AdminToken(string token) => _sha256 = Digest.Of(Encoding.UTF8.GetBytes(token));

    public static string PathIn(string dataFolder) => Path.Combine(dataFolder, "access", "admin.token");

    /// <summary>Opens the token of a data folder, making it where there is none.</summary>
    public static AdminToken Open(string dataFolder)
    {
        var path = PathIn(dataFolder);
        if (!File.Exists(path))
        {
            PrivateFile.Write(path, Encoding.ASCII.GetBytes(Prefix + RandomNumberGenerator.GetHexString(SecretDigits, lowercase: true) + "\n"));
        }

        return new(Read(dataFolder)!);
    }

    /// <returns>Null when there is none.</returns>
    public static string? Read(string dataFolder) => File.Exists(PathIn(dataFolder)) ? File.ReadAllText(PathIn(dataFolder)).Trim() : null;

    /// <summary>Compares in constant time.</summary>
    public bool Matches(ReadOnlySpan<char> presented)
    {
        if (presented.Length != Prefix.Length + SecretDigits)
        {
            return false;
        }

        Span<byte> expected = stackalloc byte[Digest.Size];
        Span<byte> actual = stackalloc byte[Digest.Size];
        _sha256.CopyTo(expected);
        Digest.Of(Encoding.UTF8.GetBytes(presented.ToArray())).CopyTo(actual);
        return CryptographicOperations.FixedTimeEquals(expected, actual);
    }
}
