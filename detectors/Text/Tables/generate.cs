#:property InvariantGlobalization=false
#:property PublishAot=false
#:property TreatWarningsAsErrors=false
#:property RunAnalyzers=false
#:property RestorePackagesWithLockFile=false
#:property ManagePackageVersionsCentrally=false

// Writes the tables beside this file:
//   dotnet run generate.cs -- folding                 folding.txt, from the Unicode data of ICU
//   dotnet run generate.cs -- language FOLDER         letter-pairs.txt and words.txt, counted over the training sets in FOLDER
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;

switch (args)
{
    case ["folding"]: Folding(); break;
    case ["language", var folder]: Language(folder); break;
    default: Console.Error.WriteLine("folding | language FOLDER"); return 2;
}

return 0;

// A line: the code point or range, then what it becomes, as hexadecimal code points; a range moves by the same distance. Nothing: it is deleted.
static void Folding()
{
    var lines = new List<string>();
    var (from, to, target) = (-1, -1, -1);
    foreach (var code in Enumerable.Range(0x80, 0xFF80).Concat(Enumerable.Range(0x1D400, 0x400)).Concat(Enumerable.Range(0x1F100, 0x100)))
    {
        if (code is (>= 0xD800 and <= 0xDFFF) or (>= 0xFDD0 and <= 0xFDEF) or (>= 0xFFFE and <= 0xFFFF))
        {
            continue;
        }

        var source = char.ConvertFromUtf32(code);
        var folded = Fold(source);
        var single = folded.Length == 1 ? folded[0] : -1;
        if (from >= 0 && single >= 0 && folded != source && code == to + 1 && single - code == target - from)
        {
            to = code;
            continue;
        }

        Flush();
        if (folded == source)
        {
            continue;
        }

        if (single < 0)
        {
            lines.Add($"{code:X4} {string.Join(' ', folded.Select(c => $"{(int)c:X4}"))}".TrimEnd());
            continue;
        }

        (from, to, target) = (code, code, single);
    }

    Flush();
    File.WriteAllLines("folding.txt", lines);

    void Flush()
    {
        if (from >= 0)
        {
            lines.Add(from == to ? $"{from:X4} {target:X4}" : $"{from:X4}-{to:X4} {target:X4}");
        }

        from = -1;
    }
}

static string Fold(string source)
{
    var rune = Rune.GetRuneAt(source, 0);
    if (IsInvisible(rune.Value))
    {
        return "";
    }

    if (Rune.IsWhiteSpace(rune))
    {
        return rune.Value is 0x85 or 0x2028 or 0x2029 ? "\n" : " ";
    }

    var compatible = source.Normalize(NormalizationForm.FormKC).ToLowerInvariant().Normalize(NormalizationForm.FormKC);

    // Letters lose the accents that combine with Latin, Greek and Cyrillic; the marks of other scripts are letters there.
    var text = new StringBuilder();
    foreach (var each in compatible.EnumerateRunes())
    {
        var parts = each.ToString().Normalize(NormalizationForm.FormD);
        text.Append(parts.Length > 1 && parts.Skip(1).All(mark => mark is >= '\u0300' and <= '\u036F') ? parts[..1] : each.ToString());
    }

    return text.ToString().Trim() is { Length: > 0 } whole ? whole : " ";
}

static bool IsInvisible(int code) =>
    code is 0xAD or 0x34F or 0x61C or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or (>= 0x200B and <= 0x200F) or (>= 0x202A and <= 0x202E)
        or (>= 0x2060 and <= 0x206F) or 0x3164 or (>= 0xFE00 and <= 0xFE0F) or 0xFEFF or 0xFFA0 or (>= 0xFFF0 and <= 0xFFFB) or (>= 0x300 and <= 0x36F) or (>= 0x80 and <= 0x9F and not 0x85);

static void Language(string folder)
{
    var words = new Dictionary<string, int>();
    var pairs = new double[27, 27];
    foreach (var path in Directory.EnumerateFiles(folder, "*.jsonl.gz").Order(StringComparer.Ordinal))
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            using var row = JsonDocument.Parse(line);
            var inRow = new HashSet<string>();
            foreach (var word in Split(row.RootElement.GetProperty("text").GetString()!))
            {
                // A word counts once a text: templates would fill the list.
                if (!inRow.Add(word))
                {
                    continue;
                }

                words[word] = words.GetValueOrDefault(word) + 1;
            }
        }
    }

    var known = words.Where(word => word.Value >= 25 && word.Key.Length is >= 2 and <= 14 || word.Key is "a" or "i").OrderByDescending(word => word.Value).ThenBy(word => word.Key, StringComparer.Ordinal).Take(8000).ToArray();
    foreach (var (word, count) in known)
    {
        var before = 26;
        foreach (var letter in word.Append('{'))
        {
            pairs[before, letter - 'a'] += count;
            before = letter - 'a';
        }
    }

    File.WriteAllLines("words.txt", known.Select(word => word.Key));

    // Natural logarithm of how much likelier the second letter is after the first than any letter is, in tenths; 27th is the border of a word.
    File.WriteAllLines("letter-pairs.txt", Enumerable.Range(0, 27).Select(first =>
    {
        var total = Enumerable.Range(0, 27).Sum(second => pairs[first, second]);
        return string.Join(' ', Enumerable.Range(0, 27).Select(second => (int)Math.Round(10 * Math.Log((pairs[first, second] + total / 5000 + 1) / (total + 1) * 27))));
    }));
}

static IEnumerable<string> Split(string text)
{
    var start = -1;
    for (var i = 0; i <= text.Length; i++)
    {
        var letter = i < text.Length && char.IsAsciiLetter(text[i]);
        if (letter && start < 0)
        {
            start = i;
        }
        else if (!letter && start >= 0)
        {
            // What has a digit or another script beside it is an identifier.
            if ((start == 0 || !Sticks(text[start - 1])) && (i == text.Length || !Sticks(text[i])) && i - start <= 20)
            {
                var word = text[start..i];
                if (word[1..] == word[1..].ToLowerInvariant())
                {
                    yield return word.ToLowerInvariant();
                }
            }

            start = -1;
        }
    }
}

static bool Sticks(char c) => char.IsLetterOrDigit(c) || c is '_' or '\\' or '/' or '@' or '=' or '<';
