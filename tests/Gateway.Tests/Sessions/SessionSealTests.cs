using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using McpLedger.Contracts.Integrity;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Sessions;

namespace McpLedger.Gateway.Tests.Sessions;

public sealed class SessionSealTests
{
    private static readonly byte[] KeyA = RandomNumberGenerator.GetBytes(32);
    private static readonly byte[] KeyB = RandomNumberGenerator.GetBytes(32);
    private static readonly SessionClaims Claims = new("everything", "0123456789abcdef0123456789abcdef", "d1", "0123456789abcdef", "gw-1", "alice");

    [Fact]
    public void What_is_sealed_opens_to_the_same_claims()
    {
        var fields = Gen.Char.Select(c => char.IsSurrogate(c) ? 'x' : c).Array[0, 20].Select(chars => new string(chars));
        Gen.Select(fields, fields, fields.Null(), fields, fields).Sample((server, upstream, destination, owner, principal) =>
        {
            var claims = new SessionClaims(server, upstream, destination, destination is null ? null : "0123456789abcdef", owner, principal);
            Assert.True(Seal(KeyA).TrySeal(claims, out var id, out _));
            Assert.Equal(SessionOpening.Opened, Seal(KeyA).Open(id, principal, out var opened));
            Assert.Equal(claims, opened);
        }, iter: 500);
    }

    [Fact]
    public void A_sealed_id_is_short_visible_ascii_and_never_twice_the_same()
    {
        var claims = Claims with { UpstreamSession = new string('u', SessionSeal.MaxUpstreamSession) };
        Assert.True(Seal(KeyA).TrySeal(claims, out var one, out _));
        Assert.True(Seal(KeyA).TrySeal(claims, out var two, out _));
        Assert.NotEqual(one, two);
        Assert.True(one.Length <= SessionSeal.MaxSealed);
        Assert.All(one, c => Assert.InRange(c, '\x21', '\x7e'));
        Assert.DoesNotContain(Claims.Server, one);
    }

    [Fact]
    public void An_upstream_session_id_that_is_too_long_is_refused_with_the_reason()
    {
        Assert.False(Seal(KeyA).TrySeal(Claims with { UpstreamSession = new string('u', 2049) }, out _, out var fault));
        Assert.Contains("2048", fault);
        Assert.False(Seal(KeyA).TrySeal(Claims with { Owner = new string('o', 3_000) }, out _, out fault));
        Assert.Contains("do not fit", fault);
        Assert.False(Seal(KeyA).TrySeal(Claims with { Owner = new string('o', 200_000) }, out _, out _));
    }

    [Fact]
    public void Any_single_changed_bit_makes_an_id_unreadable()
    {
        Assert.True(Seal(KeyA).TrySeal(Claims, out var id, out _));
        var box = Base64Url.DecodeFromChars(id);
        for (var bit = 0; bit < box.Length * 8; bit++)
        {
            var altered = box.ToArray();
            altered[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Equal(SessionOpening.Unreadable, Seal(KeyA).Open(Base64Url.EncodeToString(altered), "alice", out var claims));
            Assert.Null(claims);
        }
    }

    [Fact]
    public void Any_cut_lengthened_or_respelled_id_is_unreadable()
    {
        Assert.True(Seal(KeyA).TrySeal(Claims, out var id, out _));
        for (var length = 0; length < id.Length; length++)
        {
            Assert.Equal(SessionOpening.Unreadable, Seal(KeyA).Open(id[..length], "alice", out _));
        }

        foreach (var other in new[] { id + "A", id + "=", id + " ", " " + id, id.Insert(7, "\n"), id + new string('A', 100_000) })
        {
            Assert.Equal(SessionOpening.Unreadable, Seal(KeyA).Open(other, "alice", out _));
        }
    }

    [Fact]
    public void Garbage_is_unreadable_and_never_throws() =>
        Gen.String[0, 700].Sample(text => Assert.Equal(SessionOpening.Unreadable, Seal(KeyA).Open(text, "alice", out _)), iter: 2_000);

    [Fact]
    public void An_id_of_another_key_is_unreadable()
    {
        Assert.True(Seal(KeyB).TrySeal(Claims, out var id, out _));
        Assert.Equal(SessionOpening.Unreadable, Seal(KeyA).Open(id, "alice", out _));
    }

    [Fact]
    public void An_id_of_the_previous_key_still_opens_after_a_rotation()
    {
        Assert.True(Seal(KeyA).TrySeal(Claims, out var id, out _));
        var rotated = new SessionSeal(SessionKeys.From(KeyB, KeyA));
        Assert.Equal(SessionOpening.Opened, rotated.Open(id, "alice", out _));
        Assert.True(rotated.TrySeal(Claims, out var fresh, out _));
        Assert.Equal(SessionOpening.Opened, Seal(KeyB).Open(fresh, "alice", out _));
    }

    [Fact]
    public void An_id_of_another_principal_gives_no_claims()
    {
        Assert.True(Seal(KeyA).TrySeal(Claims, out var id, out _));
        Assert.Equal(SessionOpening.OtherPrincipal, Seal(KeyA).Open(id, "mallory", out var claims));
        Assert.Null(claims);
    }

    [Fact]
    public void A_session_that_was_opened_before_names_held_their_principal_keeps_the_name_that_the_log_knows()
    {
        var earlier = Claims with { HasSharedName = true };
        Assert.True(Seal(KeyA).TrySeal(earlier, out var id, out _));
        Assert.Equal(SessionOpening.Opened, Seal(KeyA).Open(id, "alice", out var opened));
        Assert.Equal(earlier, opened);
        Assert.Equal(Digest.Of(Encoding.UTF8.GetBytes($"session\n{Claims.Server}\n{Claims.UpstreamSession}")).ToString()[..32], NameOf(opened));
        Assert.NotEqual(NameOf(Claims), NameOf(Claims with { Principal = "bob" }));

        // Nobody turns the one into the other.
        var box = Base64Url.DecodeFromChars(id);
        box[0] = 2;
        Assert.Equal(SessionOpening.Unreadable, Seal(KeyA).Open(Base64Url.EncodeToString(box), "alice", out _));

        static string NameOf(SessionClaims? claims) => SessionRefs.Of(claims, traceParent: null, Principal.Anonymous, client: null).Id;
    }

    private static SessionSeal Seal(byte[] key) => new(SessionKeys.From(key, default));
}
