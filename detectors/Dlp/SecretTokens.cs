using System.Buffers;

namespace McpLedger.Detectors.Dlp;

/// <summary>The secrets that are known by how they begin.</summary>
internal static class SecretTokens
{
    private const int TailLength = 6;

    public static readonly SecretToken[] All =
    [
        new("github-token", "ghp_", SecretToken.Alphanumeric, 36, 36, HasCrcTail),
        new("github-token", "gho_", SecretToken.Alphanumeric, 36, 36, HasCrcTail),
        new("github-token", "ghu_", SecretToken.Alphanumeric, 36, 36, HasCrcTail),
        new("github-token", "ghs_", SecretToken.Alphanumeric, 36, 36, HasCrcTail),
        new("github-token", "ghr_", SecretToken.Alphanumeric, 36, 76, HasCrcTail),
        new("github-fine-grained-token", "github_pat_", SecretToken.Word, 82, 82),
        new("npm-token", "npm_", SecretToken.Alphanumeric, 36, 36, HasCrcTail),
        new("gitlab-token", "glpat-", SecretToken.Url, 20, 60),
        new("gitlab-token", "gldt-", SecretToken.Url, 20, 60),
        new("gitlab-token", "glrt-", SecretToken.Url, 20, 60),
        new("slack-token", "xoxb-", SecretToken.Alphanumeric + "-", 30, 120, IsSlack),
        new("slack-token", "xoxp-", SecretToken.Alphanumeric + "-", 30, 160, IsSlack),
        new("slack-token", "xoxa-", SecretToken.Alphanumeric + "-", 30, 160, IsSlack),
        new("slack-token", "xapp-", SecretToken.Alphanumeric + "-", 60, 200, IsSlack),
        new("slack-webhook", "hooks.slack.com/services/", SecretToken.Alphanumeric + "/", 40, 60, IsSlackHook),
        new("stripe-key", "sk_live_", SecretToken.Alphanumeric, 24, 120),
        new("stripe-key", "rk_live_", SecretToken.Alphanumeric, 24, 120),
        new("stripe-test-key", "sk_test_", SecretToken.Alphanumeric, 24, 120),
        new("stripe-webhook-secret", "whsec_", SecretToken.Alphanumeric + "+/=", 32, 64),
        new("openai-key", "sk-", SecretToken.Url, 40, 220, static token => token.Contains("T3BlbkFJ", StringComparison.Ordinal)),
        new("anthropic-key", "sk-ant-api03-", SecretToken.Url, 93, 95, static token => token.EndsWith("AA")),
        new("anthropic-key", "sk-ant-admin01-", SecretToken.Url, 93, 95, static token => token.EndsWith("AA")),
        new("anthropic-token", "sk-ant-oat01-", SecretToken.Url, 80, 120),
        new("anthropic-token", "sk-ant-sid01-", SecretToken.Url, 80, 140),
        new("openrouter-key", "sk-or-v1-", SecretToken.LowerHex, 64, 64),
        new("groq-key", "gsk_", SecretToken.Alphanumeric, 52, 52),
        new("xai-key", "xai-", SecretToken.Alphanumeric, 70, 90),
        new("perplexity-key", "pplx-", SecretToken.Alphanumeric, 48, 64),
        new("replicate-token", "r8_", SecretToken.Alphanumeric, 37, 40),
        new("nvidia-key", "nvapi-", SecretToken.Url, 60, 80),
        new("langsmith-key", "lsv2_pt_", SecretToken.LowerHex + "_", 43, 43),
        new("langsmith-key", "lsv2_sk_", SecretToken.LowerHex + "_", 43, 43),
        new("google-api-key", "AIza", SecretToken.Url, 35, 35),
        new("google-oauth-secret", "GOCSPX-", SecretToken.Url, 28, 28),
        new("google-access-token", "ya29.", SecretToken.Url, 30, 2048),
        new("aws-access-key-id", "AKIA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, 16),
        new("aws-access-key-id", "ASIA", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, 16),
        new("sendgrid-key", "SG.", SecretToken.Url + ".", 66, 66, static token => token[25] == '.'),
        new("huggingface-token", "hf_", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 34, 34),
        new("huggingface-token", "api_org_", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 34, 34),
        new("digitalocean-token", "dop_v1_", SecretToken.LowerHex, 64, 64),
        new("digitalocean-token", "doo_v1_", SecretToken.LowerHex, 64, 64),
        new("digitalocean-token", "dor_v1_", SecretToken.LowerHex, 64, 64),
        new("databricks-token", "dapi", SecretToken.LowerHex, 32, 32),
        new("docker-token", "dckr_pat_", SecretToken.Url, 27, 36),
        new("pypi-token", "pypi-AgEIcHlwaS5vcmc", SecretToken.Url, 50, 300),
        new("shopify-token", "shpat_", SecretToken.LowerHex, 32, 32),
        new("shopify-token", "shpss_", SecretToken.LowerHex, 32, 32),
        new("shopify-token", "shpca_", SecretToken.LowerHex, 32, 32),
        new("shopify-token", "shppa_", SecretToken.LowerHex, 32, 32),
        new("new-relic-key", "NRAK-", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 27, 27),
        new("grafana-cloud-token", "glc_", SecretToken.Alphanumeric + "+/=", 60, 400),
        new("grafana-token", "glsa_", SecretToken.Word, 41, 41, static token => token[^9] == '_'),
        new("linear-key", "lin_api_", SecretToken.Alphanumeric, 40, 40),
        new("notion-token", "ntn_", SecretToken.Alphanumeric, 40, 60),
        new("postman-key", "PMAK-", SecretToken.LowerHex + "-", 59, 59, static token => token[29] == '-'),
        new("atlassian-token", "ATATT3", SecretToken.Url + "=", 100, 250, HasCrcHexTail),
        new("vault-token", "hvs.", SecretToken.Url, 24, 200),
        new("age-secret-key", "AGE-SECRET-KEY-1", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58, 58),
        new("mailgun-key", "key-", SecretToken.LowerHex, 32, 32),
        new("supabase-key", "sbp_", SecretToken.LowerHex, 40, 40),
        new("buildkite-token", "bkua_", SecretToken.Alphanumeric, 40, 40),
        new("contentful-token", "CFPAT-", SecretToken.Url, 43, 43),
        new("doppler-token", "dp.pt.", SecretToken.Alphanumeric, 40, 44),
        new("doppler-token", "dp.st.", SecretToken.Url + ".", 40, 80),
        new("figma-token", "figd_", SecretToken.Url, 38, 44),
        new("fly-token", "fo1_", SecretToken.Url, 43, 43),
        new("fly-token", "fm2_", SecretToken.Alphanumeric + "+/=", 100, 1024),
        new("gitlab-token", "glptt-", SecretToken.LowerHex, 40, 40),
        new("heroku-key", "HRKU-", SecretToken.Url, 58, 62),
        new("hubspot-token", "pat-na1-", SecretToken.LowerHex + "-", 36, 36),
        new("hubspot-token", "pat-eu1-", SecretToken.LowerHex + "-", 36, 36),
        new("jfrog-key", "AKCp", SecretToken.Alphanumeric, 65, 80),
        new("onepassword-token", "ops_eyJ", SecretToken.Alphanumeric + "+/=", 240, 2048),
        new("planetscale-token", "pscale_tkn_", SecretToken.Url + ".", 32, 64),
        new("planetscale-password", "pscale_pw_", SecretToken.Url + ".", 32, 64),
        new("rubygems-key", "rubygems_", SecretToken.LowerHex, 48, 48),
        new("sendinblue-key", "xkeysib-", SecretToken.Alphanumeric + "-", 81, 81),
        new("sentry-token", "sntryu_", SecretToken.LowerHex, 64, 64),
        new("sentry-token", "sntrys_eyJ", SecretToken.Alphanumeric + "+/=_", 80, 400),
        new("sourcegraph-token", "sgp_", SecretToken.LowerHex + "_local", 40, 72),
        new("square-token", "sq0csp-", SecretToken.Url, 43, 43),
        new("tailscale-key", "tskey-", SecretToken.Url, 30, 80),
        new("jwt", "eyJ", SecretToken.Url + ".", 30, 4096, IsJwt),
    ];

    private static bool HasCrcTail(ReadOnlySpan<char> token)
    {
        Span<char> tail = stackalloc char[TailLength];
        Checksums.Crc32Tail(token[4..^TailLength], tail);
        return token[^TailLength..].SequenceEqual(tail);
    }

    private static bool HasCrcHexTail(ReadOnlySpan<char> token)
    {
        Span<char> sum = stackalloc char[8];
        return token.Length > 9 && token[^9] == '=' && Checksums.Crc32(token[..^9]).TryFormat(sum, out _, "X8", System.Globalization.CultureInfo.InvariantCulture) && token[^8..].SequenceEqual(sum);
    }

    private static bool IsSlack(ReadOnlySpan<char> token)
    {
        var digits = token[5..].IndexOf('-');
        return digits > 0 && token.Count('-') is >= 3 and <= 5 && token.ContainsAnyInRange('0', '9') && !token.Contains("--", StringComparison.Ordinal);
    }

    private static bool IsSlackHook(ReadOnlySpan<char> token)
    {
        var path = token["hooks.slack.com/services/".Length..];
        return path[0] == 'T' && path.IndexOf("/B", StringComparison.Ordinal) > 7 && path.Count('/') == 2;
    }

    /// <summary>Three parts, the first of them JSON that names its algorithm (RFC 7515 §4.1.1).</summary>
    private static bool IsJwt(ReadOnlySpan<char> token)
    {
        var first = token.IndexOf('.');
        if (first is < 16 or > 1024 || token.Count('.') != 2)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[768];
        return System.Buffers.Text.Base64Url.DecodeFromChars(token[..first], header, out _, out var written) == OperationStatus.Done && header[..written].IndexOf("\"alg\""u8) > 0;
    }
}
