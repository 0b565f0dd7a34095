using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Training.Dlp;

namespace McpLedger.Detectors.Tests.Dlp;

/// <summary>What each rule finds and what it leaves alone. Numbers are those that their own specifications and registries print; secrets are made, so that none stands in the repository.</summary>
internal static class RuleExamples
{
    private static readonly Draw Draw = new(7);

    public static IReadOnlyList<(string Rule, string Text)> Positive { get; } =
    [
        .. MadeValues.Entities.Where(entity => entity.Key is not ("url-password" or "connection-string-secret")).Select(entity => (entity.Key, $"{entity.Value.Label}: {entity.Value.Make(Draw)}")),
        .. SecretTokens.All.Where(token => token.Rule.Evidence == DlpEvidence.Structure).Select(token => (token.Rule.Id, $"use {token.Prefix}{Draw.Text(token.Alphabet, token.Shortest)}, please")),
        ("slack-webhook", $"https://hooks.slack.com/services/T{Capitals(8)}/B{Capitals(10)}/{Draw.Text(SecretToken.Alphanumeric, 24)}"),
        ("sendgrid-key", $"SG.{Draw.Text(SecretToken.Alphanumeric, 22)}.{Draw.Text(SecretToken.Alphanumeric, 43)}"),
        ("grafana-token", $"glsa_{Draw.Text(SecretToken.Alphanumeric, 32)}_{MadeValues.Hex(Draw, 8)}"),
        ("postman-key", $"PMAK-{MadeValues.Hex(Draw, 24)}-{MadeValues.Hex(Draw, 34)}"),
        ("atlassian-token", WithCrcHex("ATATT3" + Draw.Text(SecretToken.Alphanumeric, 170))),
        ("url-password", $"git clone https://bot:{Draw.Text(SecretToken.Alphanumeric, 14)}@git.internal/app.git"),
        ("connection-string-secret", $"Server=db1;User=app;Password={Draw.Text(SecretToken.Alphanumeric, 14)};Pooling=true"),
        ("azure-key", $"key {Draw.Text(SecretToken.Alphanumeric, 44)}AzFu{Draw.Text(SecretToken.Alphanumeric, 5)}A=="),
        ("aws-secret-key", $"aws_access_key_id = AKIA{Draw.Text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)}\naws_secret_access_key = {Draw.Text(SecretToken.Alphanumeric, 40)}"),
        ("telegram-token", $"bot 123456789:AA{Draw.Text(SecretToken.Alphanumeric, 33)}"),
        ("generic-secret", $"db_password = \"{Draw.Text(SecretToken.Alphanumeric, 22)}\""),
        ("us-ssn", "Her SSN is 219-09-9998."), ("us-routing-number", "routing number 021000021"), ("uk-nhs-number", "NHS 943 476 5919"), ("pl-pesel", "PESEL 44051401359"), ("au-tfn", "TFN 876 543 210"),
        ("au-abn", "ABN 51 824 753 556"), ("de-tax-id", "Steuer-IdNr. 86095742719"), ("br-cpf", "CPF 529.982.247-25"), ("br-cnpj", "CNPJ 11.222.333/0001-81"), ("no-national-id", "fødselsnummer 15108695088"),
        ("se-personal-number", "personnummer 880320-0016"), ("kr-rrn", "971013-9019902"), ("th-national-id", "1-2345-45678-78-1"), ("in-aadhaar", "Aadhaar 2341 2341 2346"), ("za-id", "South African ID number 7503305044089"),
        ("imei", "IMEI 490154203237518"), ("fr-insee", "NIR 295109912611193"), ("be-national-number", "85.07.30-033.28"), ("ch-ahv", "756.9217.0769.85"), ("iban", "DE89 3704 0044 0532 0130 00"), ("uk-nino", "National Insurance AB123456C"),
        ("es-nif", "DNI 54362315K"), ("it-fiscal-code", "RCCMNL83S18D969H"), ("fi-personal-code", "131052-308T"), ("sg-nric", "S1234567D"), ("in-pan", "PAN ACUPA7085R"), ("mx-curp", "BOXW310820HNERXN09"),
        ("cn-resident-id", "11010519491231002X"), ("us-dea-number", "DEA AB1234563"), ("bitcoin-address", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"), ("bitcoin-address", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),
        ("bitcoin-private-key", "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"), ("ethereum-address", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), ("ip-address", "from 52.94.236.248 at noon"),
    ];

    public static IReadOnlyList<(string Rule, string Text)> Negative { get; } =
    [
        // Another last character: the check no longer holds, or the form is broken.
        .. Positive.Where(example => DlpScan.Rules.Single(rule => rule.Id == example.Rule).Evidence == DlpEvidence.Validated && example.Rule is not ("private-key" or "openai-key" or "anthropic-key" or "slack-token" or "slack-webhook" or "sendgrid-key" or "grafana-token" or "postman-key" or "jwt"))
            .Select(example => (example.Rule, Broken(example.Text))),
        .. SecretTokens.All.Select(token => (token.Rule.Id, $"use {token.Prefix}{new string('x', token.Shortest)}, please")),
        .. SecretTokens.All.Select(token => (token.Rule.Id, $"use {token.Prefix}{Draw.Text(token.Alphabet, Math.Min(9, token.Shortest / 2))}, please")),
        ("private-key", "-----BEGIN PRIVATE KEY-----\nyour key goes here\n-----END PRIVATE KEY-----"), ("private-key", "-----BEGIN CERTIFICATE-----\nMIIC+zCCAeOgAwIBAgIJ\n-----END CERTIFICATE-----"),
        ("url-password", "postgres://user:password@localhost/db and https://${USER}:${PASS}@host/x"), ("connection-string-secret", "Server=db1;Password={your_password};Pooling=true"), ("aws-secret-key", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("azure-key", "the mark +ASt in a sentence"), ("telegram-token", "at 12:AAA and 123456789:AAB"), ("generic-secret", "password: required"), ("generic-secret", "token_type = \"bearer\""), ("generic-secret", "secret = os.environ['SECRET']"),
        ("us-ssn", "part 219-09-99981 and 000-12-3456 and 666-12-3456"), ("email-address", "npm i @types/node@20 and user@localhost"), ("phone-number", "2024-05-17 10:30, 1-2-3, 12345"),
        ("ip-address", "version 1.2.3.4, 192.168.1.20, 10.0.0.1 and 999.1.1.1"), ("uk-nino", "part AB123456C"), ("in-pan", "model ACUPA7085R"), ("card-number", "4111 1111 1111 1111 is for tests; id 1755540817123456"),
    ];

    private static string Capitals(int length) => Draw.Text("ABCDEFGHJKLMNPQRSTUVWXYZ", length);

    private static string WithCrcHex(string payload) => $"{payload}={Checksums.Crc32(payload):X8}";

    private static string Broken(string text)
    {
        var at = text.AsSpan().LastIndexOfAnyInRange('0', 'z');
        while (!char.IsAsciiLetterOrDigit(text[at]))
        {
            at--;
        }

        var c = text[at];
        return text[..at] + (char.IsAsciiDigit(c) ? (char)('0' + ((c - '0' + 1) % 10)) : c is 'Z' or 'z' ? (char)(c - 1) : (char)(c + 1)) + text[(at + 1)..];
    }
}
