using System.Numerics;
using System.Text;
using McpLedger.Detectors.Dlp;

namespace McpLedger.Detectors.Training.Dlp;

/// <summary>Values that are valid by construction: each check is worked out here from its definition, not asked of the detector.</summary>
internal static class MadeValues
{
    private const string Digits = "0123456789";
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    private static readonly string[] Names = ["anna", "bruno", "chen", "dora", "emil", "fatima", "george", "hana", "ivan", "julia", "kofi", "lena", "marco", "nadia", "omar", "priya"];
    private static readonly string[] Domains = ["mailbox.org", "contoso.co.uk", "fabrikam.io", "northwind.net", "acme-tools.com", "uni-bern.ch", "proseware.dev"];

    /// <summary>One value of each kind that the generator writes, with the words that stand beside it in the world.</summary>
    public static readonly IReadOnlyDictionary<string, (string Label, Func<Draw, string> Make)> Entities = new Dictionary<string, (string, Func<Draw, string>)>
    {
        ["card-number"] = ("credit card", Card),
        ["iban"] = ("IBAN", Iban),
        ["us-ssn"] = ("SSN", draw => $"{Number(draw, 100, 665)}-{Number(draw, 10, 99)}-{Number(draw, 1000, 9999)}"),
        ["in-aadhaar"] = ("Aadhaar", Aadhaar),
        ["uk-nhs-number"] = ("NHS number", draw => Mod11(draw, 9, [10, 9, 8, 7, 6, 5, 4, 3, 2])),
        ["nl-bsn"] = ("BSN", Bsn),
        ["pl-pesel"] = ("PESEL", Pesel),
        ["br-cpf"] = ("CPF", Cpf),
        ["es-nif"] = ("DNI", draw => draw.Text(Digits, 8) is var digits ? digits + "TRWAGMYFPDXBNJZSQVHLCKE"[int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture) % 23] : ""),
        ["ca-sin"] = ("social insurance number", draw => Spaced(WithLuhn("1234567"[draw.Below(7)] + draw.Text(Digits, 7)), 3)),
        ["us-npi"] = ("NPI", draw => WithLuhn("80840" + "12"[draw.Below(2)] + draw.Text(Digits, 8))[5..]),
        ["us-routing-number"] = ("routing number", Routing),
        ["email-address"] = ("e-mail", Mail),
        ["phone-number"] = ("phone", Phone),
        ["github-token"] = ("token", draw => WithCrc("ghp_", draw.Text(SecretToken.Alphanumeric, 30))),
        ["npm-token"] = ("_authToken", draw => WithCrc("npm_", draw.Text(SecretToken.Alphanumeric, 30))),
        ["aws-access-key-id"] = ("access key", draw => (draw.Once(4) ? "ASIA" : "AKIA") + draw.Text(Upper + "234567", 16)),
        ["openai-key"] = ("OPENAI_API_KEY", draw => "sk-" + draw.Text(SecretToken.Alphanumeric, 20) + "T3BlbkFJ" + draw.Text(SecretToken.Alphanumeric, 20)),
        ["anthropic-key"] = ("ANTHROPIC_API_KEY", draw => "sk-ant-api03-" + draw.Text(SecretToken.Url, 93) + "AA"),
        ["slack-token"] = ("bot token", draw => $"xoxb-{draw.Text("123456789", 12)}-{draw.Text("123456789", 13)}-{draw.Text(SecretToken.Alphanumeric, 24)}"),
        ["stripe-key"] = ("stripe", draw => "sk_live_" + draw.Text(SecretToken.Alphanumeric, 24 + (draw.Below(2) * 75))),
        ["google-api-key"] = ("maps key", draw => "AIza" + draw.Text(SecretToken.Url, 35)),
        ["gitlab-token"] = ("gitlab", draw => "glpat-" + draw.Text(SecretToken.Url, 20)),
        ["jwt"] = ("session", Jwt),
        ["private-key"] = ("key", PrivateKey),
        ["url-password"] = ("database", draw => draw.Text(SecretToken.Alphanumeric + "-_.!", draw.Between(8, 20))),
        ["connection-string-secret"] = ("connection", draw => draw.Text(SecretToken.Alphanumeric + "!#%+/", draw.Between(8, 24))),
        ["azure-key"] = ("storage", draw => draw.Text(SecretToken.Alphanumeric + "+/", 76) + "+ASt" + draw.Text(SecretToken.Alphanumeric, 5) + "A=="),
    };

    public static string WithLuhn(string digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            var digit = digits[^(i + 1)] - '0';
            sum += i % 2 == 0 ? (digit * 2 / 10) + (digit * 2 % 10) : digit;
        }

        return digits + ((10 - (sum % 10)) % 10);
    }

    public static string Mail(Draw draw) => $"{draw.Of(Names)}.{draw.Of(Names)}{draw.Below(90)}@{draw.Of(Domains)}";

    public static string Address(Draw draw) => $"https://{draw.Of(["id", "cdn", "login"])}.{draw.Of(Domains)}/{draw.Of(Names)}/{draw.Text(Digits, draw.Between(4, 8))}{draw.Of(["", "?v=4", "?s=80&d=identicon", "/oauth2/authorize"])}";

    public static string Date(Draw draw)
    {
        var (year, month, day) = (draw.Between(2015, 2031), Number(draw, 10, 12), Number(draw, 10, 28));
        var time = $"{Number(draw, 10, 23)}:{Number(draw, 10, 59)}:{Number(draw, 10, 59)}";
        return draw.Below(6) switch
        {
            0 => $"{year}-{month}-{day}",
            1 => $"{year}-{month}-{day}T{time}Z",
            2 => $"{year}-{month}-{day}T{time}.{draw.Text(Digits, 3)}+02:00",
            3 => $"{year}-{month}-{day} {time}",
            4 => $"{day}/{month}/{year}",
            _ => $"{draw.Between(1_500_000_000, 1_900_000_000)}",
        };
    }

    public static string Uuid(Draw draw) => new Guid(draw.Bytes(16)).ToString();

    public static string Hex(Draw draw, int length) => draw.Text("0123456789abcdef", length);

    private static string Card(Draw draw)
    {
        var (start, length) = draw.Of([("4", 16), ("51", 16), ("53", 16), ("55", 16), ("2231", 16), ("34", 15), ("37", 15), ("6011", 16), ("65", 16), ("3528", 16)]);
        var digits = WithLuhn(start + draw.Text(Digits, length - start.Length - 1));
        return length == 16 && draw.Once(2) ? Spaced(digits, 4) : digits;
    }

    private static string Iban(Draw draw)
    {
        var (country, body) = draw.Of([("DE", "18n"), ("GB", "4a14n"), ("FR", "23n"), ("NL", "4a10n"), ("ES", "20n"), ("CH", "17n"), ("BE", "12n"), ("PL", "24n"), ("SE", "20n")]);
        var account = body.Contains('a', StringComparison.Ordinal) ? draw.Text(Upper, 4) + draw.Text(Digits, int.Parse(body[2..^1], System.Globalization.CultureInfo.InvariantCulture)) : draw.Text(Digits, int.Parse(body[..^1], System.Globalization.CultureInfo.InvariantCulture));
        var number = string.Concat((account + country + "00").Select(c => char.IsAsciiDigit(c) ? c.ToString() : (c - 'A' + 10).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        var check = 98 - (int)(BigInteger.Parse(number, System.Globalization.CultureInfo.InvariantCulture) % 97);
        var compact = $"{country}{check:00}{account}";
        return draw.Once(2) ? Spaced(compact, 4) : compact;
    }

    private static string Aadhaar(Draw draw)
    {
        var body = "23456789"[draw.Below(8)] + draw.Text(Digits, 10);
        return Spaced(Enumerable.Range(0, 10).Select(check => body + check).First(number => Verhoeff(number) == 0), 4);
    }

    /// <summary>Verhoeff's sum by the group itself: rotations and reflections of a pentagon.</summary>
    private static int Verhoeff(string number)
    {
        int[] first = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
        var sum = 0;
        for (var i = 0; i < number.Length; i++)
        {
            var digit = number[^(i + 1)] - '0';
            for (var times = 0; times < i % 8; times++)
            {
                digit = first[digit];
            }

            sum = (sum, digit) switch
            {
                ( < 5, < 5) => (sum + digit) % 5,
                ( < 5, _) => ((sum + digit) % 5) + 5,
                (_, < 5) => ((sum - digit) % 5 + 5) % 5 + 5,
                _ => ((sum - digit) % 5 + 5) % 5,
            };
        }

        return sum;
    }

    private static string Mod11(Draw draw, int length, int[] weights)
    {
        while (true)
        {
            var body = draw.Text(Digits, length);
            var check = (11 - (body.Zip(weights, (digit, weight) => (digit - '0') * weight).Sum() % 11)) % 11;
            if (check < 10)
            {
                return body + check;
            }
        }
    }

    private static string Bsn(Draw draw)
    {
        while (true)
        {
            var body = "123456789"[draw.Below(9)] + draw.Text(Digits, 7);
            var check = body.Select((digit, i) => (digit - '0') * (9 - i)).Sum() % 11;
            if (check < 10)
            {
                return body + check;
            }
        }
    }

    private static string Pesel(Draw draw)
    {
        int[] weights = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3];
        var body = $"{Number(draw, 50, 99)}0{draw.Between(1, 9)}{Number(draw, 10, 28)}{draw.Text(Digits, 4)}";
        return body + ((10 - (body.Zip(weights, (digit, weight) => (digit - '0') * weight).Sum() % 10)) % 10);
    }

    private static string Cpf(Draw draw)
    {
        var body = draw.Text(Digits, 9);
        for (var length = 9; length < 11; length++)
        {
            var rest = body.Select((digit, i) => (digit - '0') * (length + 1 - i)).Sum() % 11;
            body += rest < 2 ? 0 : 11 - rest;
        }

        return $"{body[..3]}.{body[3..6]}.{body[6..9]}-{body[9..]}";
    }

    private static string Routing(Draw draw)
    {
        int[] weights = [3, 7, 1, 3, 7, 1, 3, 7];
        var body = draw.Of(["01", "02", "06", "11", "12", "26", "31"]) + draw.Text(Digits, 6);
        return body + ((10 - (body.Zip(weights, (digit, weight) => (digit - '0') * weight).Sum() % 10)) % 10);
    }

    private static string Phone(Draw draw) => draw.Below(4) switch
    {
        0 => $"+1 {Number(draw, 201, 989)}-{Number(draw, 220, 989)}-{draw.Text(Digits, 4)}",
        1 => $"({Number(draw, 201, 989)}) {Number(draw, 220, 989)}-{draw.Text(Digits, 4)}",
        2 => $"+44 20 {Number(draw, 2000, 9999)} {Number(draw, 1000, 9999)}",
        _ => $"+49 {Number(draw, 151, 179)} {Number(draw, 1000000, 9999999)}",
    };

    private static string Jwt(Draw draw)
    {
        var header = Url64(Encoding.ASCII.GetBytes(draw.Once(2) ? """{"alg":"HS256","typ":"JWT"}""" : """{"typ":"JWT","alg":"RS256","kid":"k1"}"""));
        return $"{header}.{Url64(Encoding.ASCII.GetBytes($$"""{"sub":"{{draw.Below(100000)}}","exp":{{1700000000 + draw.Below(90000000)}}}"""))}.{Url64(draw.Bytes(32))}";
    }

    private static string PrivateKey(Draw draw)
    {
        byte[] der = [0x30, 0x82, 0x04, 0xA4, 0x02, 0x01, 0x00, 0x02, 0x82, 0x01, 0x01, 0x00, .. draw.Bytes(draw.Between(200, 1180))];
        var kind = draw.Of(["RSA ", "EC ", ""]);
        return $"-----BEGIN {kind}PRIVATE KEY-----\n{Convert.ToBase64String(der, Base64FormattingOptions.InsertLineBreaks).ReplaceLineEndings("\n")}\n-----END {kind}PRIVATE KEY-----";
    }

    private static string WithCrc(string prefix, string payload)
    {
        const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        var crc = uint.MaxValue;
        foreach (var c in payload)
        {
            crc ^= c;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 1 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        crc = ~crc;
        var tail = "";
        for (var i = 0; i < 6; i++, crc /= 62)
        {
            tail = Base62[(int)(crc % 62)] + tail;
        }

        return prefix + payload + tail;
    }

    private static string Url64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static string Spaced(string compact, int size) => string.Join(' ', compact.Chunk(size).Select(part => new string(part)));

    private static string Number(Draw draw, int first, int last) => draw.Between(first, last).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
