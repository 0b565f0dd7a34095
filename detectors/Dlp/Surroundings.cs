using System.Buffers;

namespace McpLedger.Detectors.Dlp;

/// <summary>Words beside a number that say what it is. A member's name stands before its value, and so counts.</summary>
internal static class Surroundings
{
    private const int Before = 56;
    private const int After = 20;

    public static readonly SearchValues<string> Card = Words("card", "visa", "mastercard", "amex", "credit", "debit", "pan ", "pan:", "cc ", "cc:", "kreditkarte", "carte", "tarjeta", "payment");
    public static readonly SearchValues<string> Ssn = Words("ssn", "social security", "social_security", "socialsecurity", "tax id", "taxpayer");
    public static readonly SearchValues<string> Routing = Words("routing", "aba ", "aba:", "rtn", "bank");
    public static readonly SearchValues<string> Npi = Words("npi", "provider identifier", "provider id");
    public static readonly SearchValues<string> Nhs = Words("nhs");
    public static readonly SearchValues<string> Bsn = Words("bsn", "burgerservice", "sofinummer");
    public static readonly SearchValues<string> Pesel = Words("pesel");
    public static readonly SearchValues<string> AustralianTax = Words("tfn", "tax file", "abn", "business number", "medicare");
    public static readonly SearchValues<string> GermanTax = Words("idnr", "steuer", "tin ", "tin:", "tax id");
    public static readonly SearchValues<string> Brazilian = Words("cpf", "cnpj", "cadastro");
    public static readonly SearchValues<string> Norwegian = Words("fødselsnummer", "fodselsnummer", "fnr", "personnummer", "national id");
    public static readonly SearchValues<string> Swedish = Words("personnummer", "personnr", "pnr", "swedish");
    public static readonly SearchValues<string> Danish = Words("cpr");
    public static readonly SearchValues<string> Korean = Words("rrn", "resident registration", "주민");
    public static readonly SearchValues<string> Thai = Words("thai", "national id", "บัตร");
    public static readonly SearchValues<string> Aadhaar = Words("aadhaar", "aadhar", "uidai", "आधार");
    public static readonly SearchValues<string> MyNumber = Words("my number", "mynumber", "マイナンバー");
    public static readonly SearchValues<string> SocialInsurance = Words("social insurance", "social_insurance", "socialinsurance", "sin ", "sin:");
    public static readonly SearchValues<string> SouthAfrican = Words("id number", "rsa id", "south african", "sa id");
    public static readonly SearchValues<string> Imei = Words("imei");
    public static readonly SearchValues<string> French = Words("insee", "sécurité sociale", "securite sociale", "nir ", "nir:", "sécu");
    public static readonly SearchValues<string> Belgian = Words("rijksregister", "registre national", "national number", "niss", "insz");
    public static readonly SearchValues<string> Chinese = Words("身份证", "resident id", "id card", "identity");
    public static readonly SearchValues<string> Phone = Words("phone", "telephone", "tel ", "tel.", "tel:", "mobile", "cell", "call", "fax", "whatsapp", "sms", "contact", "telefon", "handy", "móvil");
    public static readonly SearchValues<string> Spanish = Words("dni", "nif", "nie ", "nie:");
    public static readonly SearchValues<string> Passport = Words("passport", "reisepass", "pasaporte", "passeport");
    public static readonly SearchValues<string> IndianTax = Words("pan ", "pan:", "permanent account", "income tax");
    public static readonly SearchValues<string> Dea = Words("dea ", "dea:", "dea#");
    public static readonly SearchValues<string> Wallet = Words("eth", "ether", "wallet", "0x", "address", "account");

    /// <summary>True when one of the words stands near.</summary>
    public static bool Have(ReadOnlySpan<char> text, int start, int end, SearchValues<string> words)
    {
        // A name stands in the line of its value; what the next line says is about another.
        var before = text[Math.Max(0, start - Before)..start];
        var after = text[end..Math.Min(text.Length, end + After)];
        before = before[(before.LastIndexOf('\n') + 1)..];
        after = after.IndexOf('\n') is >= 0 and var line ? after[..line] : after;
        return IsWord(before, words) || IsWord(after, words);
    }

    private static bool IsWord(ReadOnlySpan<char> near, SearchValues<string> words)
    {
        for (var at = 0; near[at..].IndexOfAny(words) is >= 0 and var hit; at += hit + 1)
        {
            // The beginning of a word: "pan" is not in "company". Identifiers join words by case or underscore.
            var i = at + hit;
            if (i == 0 || !char.IsLetter(near[i - 1]) || (char.IsUpper(near[i]) && char.IsLower(near[i - 1])))
            {
                return true;
            }
        }

        return false;
    }

    private static SearchValues<string> Words(params string[] words) => SearchValues.Create(words, StringComparison.OrdinalIgnoreCase);
}
