using System.Text;
using McpLedger.Detectors.Dlp;

namespace McpLedger.Detectors.Training.Dlp;

/// <summary>A value that a made text holds.</summary>
/// <param name="Rule">The rule that should find it.</param>
/// <param name="Start">First character.</param>
/// <param name="Length">Characters.</param>
internal sealed record MadeSpan(string Rule, int Start, int Length);

/// <summary>A made text and what is in it.</summary>
internal sealed record MadeText(string Text, IReadOnlyList<MadeSpan> Spans);

/// <summary>
/// Texts with values in them, and texts with what only looks like values, for training and for measuring. Templates of the two sets are different ones, as seeds are.
/// </summary>
internal static class DlpTexts
{
    private static readonly string[] TrainingSecretFrames =
    [
        "{0} = \"{1}\"", "{0}: {1}", "\"{0}\": \"{1}\",", "export {0}={1}", "{0}='{1}'", "your {0} is {1} and it expires on Friday", "--{0} {1} --verbose", "<{0}>{1}</{0}>", "const {0} = '{1}';", "{0} := `{1}`", "  {0}: '{1}'\n  region: eu-west-1",
    ];

    private static readonly string[] HeldOutSecretFrames =
    [
        "db.{0} => \"{1}\"", "ENV {0}={1}", "{{\"user\":\"svc\",\"{0}\":\"{1}\",\"port\":5432}}", "set {0}={1}\nstart", "config[\"{0}\"] = \"{1}\"", "{0}={1}&grant_type=client_credentials", "The {0} was {1} until today.", "- name: {0}\n  {0}: {1}", "curl -d '{0}={1}' https://api.internal/v1",
    ];

    private static readonly string[] TrainingNames = ["password", "db_password", "DB_PASSWD", "client_secret", "api_key", "apiKey", "API_TOKEN", "secretKey", "auth_token", "passphrase", "access_key", "jwt_secret", "smtp_pwd", "admin_password"];
    private static readonly string[] HeldOutNames = ["root_password", "userPassword", "PGPASSWORD", "app_secret", "service_api_key", "accessToken", "signing_secret", "vault_token", "encryption_key_secret", "mysql_pwd", "webhookSecret", "private_key_passphrase"];

    private static readonly string[] TrainingDecoyNames = ["token_type", "password_policy", "secret_name", "auth_url", "token_count", "api_key_id", "password_hint", "author", "secretary", "tokenizer", "auth_method", "max_tokens", "password_field", "api_key_header"];
    private static readonly string[] HeldOutDecoyNames = ["token_endpoint", "password_reset_url", "secret_arn", "auth_provider", "next_page_token", "access_key_label", "passwordMinLength", "authority", "tokens_per_minute", "oauth_callback", "credential_type", "secret_path"];

    private static readonly string[] TrainingDecoys = ["Bearer", "string", "required", "process.env.TOKEN", "getPassword()", "/run/secrets/db", "https://auth.host.net/token", "see the wiki page", "at least twelve characters", "X-Api-Key", "base64", "sha256", "null,", "false", "prod-db-credentials", "user.password", "tok_count", "minimum 8"];
    private static readonly string[] HeldOutDecoys = ["basic", "optional", "os.getenv('SECRET')", "self._password", "/etc/app/token.txt", "https://login.tenant.org/oauth2", "ask the on-call engineer", "must contain a digit", "Authorization", "cl100k_base", "argon2id", "undefined", "true", "staging-cache-secret", "form.password.value", "hidden", "service_account", "gpt-tokenizer"];

    // What is named like a secret and is a date, somebody, a place in the network or in a list.
    private static readonly (string[] Training, string[] HeldOut, string? Rule, Func<Draw, string> Make)[] PublicValues =
    [
        (["token_expires_at", "auth_time", "password_changed"], ["authored_date", "lastAuthenticated", "secret_rotated_at", "credential_expiry"], null, MadeValues.Date),
        (["author_email", "auth_contact"], ["authorEmail", "credential_owner"], "email-address", MadeValues.Mail),
        (["author_url", "auth_server"], ["author_avatar_url", "token_issuer", "authorization_uri"], null, MadeValues.Address),
        (["page_token", "syncToken"], ["nextPageToken", "continuation_token", "next_token", "cursorToken"], null, draw => Convert.ToBase64String(draw.Bytes(draw.Between(12, 30)))),
    ];

    private static readonly string[] Prose =
    [
        "The quarterly report is ready for review and covers all regions.", "Please check the attached invoice before the meeting on Tuesday.", "Build 4.12.0 passed on Linux and macOS after the fix.", "Order {0} was shipped with tracking number {1}.",
        "The commit {2} introduced the regression, see issue #{3}.", "Request {4} took 182 ms and returned 200.", "Released 2024-05-17 as version 10.2.{3}; the checksum is {5}.", "Room 12B, seats 120-140, opens at 09:30.", "Pi is 3.14159265358979 and e is 2.718281828459045.",
        "Part 8801-4432-1190 is out of stock until week 37.", "Timestamps such as {6} are in microseconds.", "Coordinates 46.9480, 7.4474 are in Bern.", "The server 10.0.12.7 answers on port 8443.", "ISBN 978-3-16-148410-0 costs 29.90.", "sha256:{5} and md5:{7} were recorded.", "Version 1.2.3.4 replaces 1.2.3.3 on 12/11/2024.",
    ];

    /// <summary>Makes <paramref name="count"/> texts.</summary>
    /// <param name="seed">The same seed, the same texts.</param>
    /// <param name="count">How many.</param>
    /// <param name="heldOut">True for the templates, names and decoys that training never sees.</param>
    public static IReadOnlyList<MadeText> Make(ulong seed, int count, bool heldOut)
    {
        var draw = new Draw(seed * 2 + (heldOut ? 1UL : 0));
        return [.. Enumerable.Range(0, count).Select(_ => One(draw, heldOut))];
    }

    private static MadeText One(Draw draw, bool heldOut)
    {
        var text = new StringBuilder();
        var spans = new List<MadeSpan>();
        var parts = draw.Between(2, 6);
        for (var i = 0; i < parts; i++)
        {
            switch (draw.Below(5))
            {
                case 0:
                    Entity(draw, heldOut, text, spans);
                    break;
                case 1:
                    Secret(draw, heldOut, text, spans);
                    break;
                case 2:
                    Decoy(draw, heldOut, text, spans);
                    break;
                default:
                    text.Append(Sentence(draw));
                    break;
            }

            text.Append(draw.Once(3) ? "\n\n" : "\n");
        }

        return new(text.ToString(), spans);
    }

    private static void Entity(Draw draw, bool heldOut, StringBuilder text, List<MadeSpan> spans)
    {
        var (rule, (label, make)) = draw.Of([.. MadeValues.Entities]);
        var value = make(draw);
        var frame = (rule, heldOut) switch
        {
            ("url-password", _) => heldOut ? "redis://cache:{1}@cache.internal:6379/0" : "DATABASE_URL=postgres://app:{1}@db.internal:5432/main",
            ("connection-string-secret", _) => heldOut ? "Data Source=sql2;User ID=sa;Pwd={1};Encrypt=yes" : "Server=tcp:sql1;Database=app;User Id=app;Password={1};Encrypt=True",
            ("azure-key", _) => heldOut ? "AccountKey {1}" : "{0} {1}",
            ("private-key", _) => heldOut ? "found this in the image:\n{1}\n" : "{1}",
            (_, true) => draw.Of(["{0} on file: {1}.", "{{\"{0}\":\"{1}\"}}", "Please update {0} to {1} for the customer", "| {0} | {1} |"]),
            _ => draw.Of(["{0}: {1}", "My {0} is {1}, thanks.", "{0}={1}", "The {0} {1} was used yesterday."]),
        };
        Write(text, spans, frame, label, value, rule);
    }

    private static void Secret(Draw draw, bool heldOut, StringBuilder text, List<MadeSpan> spans) =>
        Write(text, spans, draw.Of(heldOut ? HeldOutSecretFrames : TrainingSecretFrames), draw.Of(heldOut ? HeldOutNames : TrainingNames), SecretValue(draw), DlpScoreboard.Generic);

    private static void Decoy(Draw draw, bool heldOut, StringBuilder text, List<MadeSpan> spans)
    {
        var frame = draw.Of(heldOut ? HeldOutSecretFrames : TrainingSecretFrames);
        if (draw.Once(4))
        {
            var (training, others, rule, make) = draw.Of(PublicValues);
            Write(text, rule is null ? [] : spans, frame, draw.Of(heldOut ? others : training), make(draw), rule ?? DlpScoreboard.Generic);
            return;
        }

        // Either the name promises nothing, or the value is none.
        var value = draw.Of(heldOut ? HeldOutDecoys : TrainingDecoys);
        var name = draw.Of(heldOut ? HeldOutNames : TrainingNames);
        if (draw.Once(2))
        {
            name = draw.Of(heldOut ? HeldOutDecoyNames : TrainingDecoyNames);
            value = draw.Below(5) switch { 0 => MadeValues.Uuid(draw), 1 => MadeValues.Hex(draw, 8), 2 => $"{draw.Between(1, 9999)}", 3 => draw.Of(["production", "primary-region", "oauth-client", "internal_service"]), _ => value };
        }

        Write(text, [], frame, name, value, DlpScoreboard.Generic);
    }

    private static string SecretValue(Draw draw) => draw.Below(6) switch
    {
        0 => draw.Text(SecretToken.Alphanumeric, draw.Between(16, 40)),
        1 => draw.Text(SecretToken.Alphanumeric + "!#%*+-_.?", draw.Between(9, 20)),
        2 => draw.Of(["Summer", "Dragon", "Welcome", "Berlin", "Kitchen", "Garden", "Sunrise", "Falcon"]) + draw.Text("0123456789", draw.Between(2, 4)) + draw.Of(["!", "#", "$", "!!", "?"]),
        3 => MadeValues.Hex(draw, draw.Of([32, 40, 48, 64])),
        4 => Convert.ToBase64String(draw.Bytes(draw.Between(15, 33))),
        _ => draw.Text("abcdefghijkmnpqrstuvwxyz", draw.Between(3, 5)) + draw.Text("0123456789", 3) + draw.Text("ABCDEFGHKLMNPQRSTUVWXYZ", 3) + draw.Of(["-", "_", "!", ""]) + draw.Text("abcdefghijkmnpqrstuvwxyz0123456789", draw.Between(3, 6)),
    };

    private static string Sentence(Draw draw) => string.Format(
        System.Globalization.CultureInfo.InvariantCulture, draw.Of(Prose), draw.Text("0123456789", draw.Between(6, 10)), "1Z" + draw.Text("0123456789", 12),
        MadeValues.Hex(draw, 40), draw.Below(5000), MadeValues.Uuid(draw), MadeValues.Hex(draw, 64), 1_700_000_000_000_000 + (draw.Below(1_000_000_000) * 1000L), MadeValues.Hex(draw, 32));

    private static void Write(StringBuilder text, List<MadeSpan> spans, string frame, string name, string value, string rule)
    {
        var at = frame.IndexOf("{1}", StringComparison.Ordinal);
        string Fill(string part) => part.Replace("{0}", name, StringComparison.Ordinal).Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal);
        text.Append(Fill(frame[..at]));
        spans.Add(new(rule, text.Length, value.Length));
        text.Append(value).Append(Fill(frame[(at + 3)..]));
    }
}
