using McpLedger.Contracts.Events;
using McpLedger.Gateway.Control;

namespace McpLedger.Gateway.Tests.Control;

public sealed class SessionLabelBookTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_label_that_lapses_is_over_then_unless_it_was_said_again()
    {
        var book = new SessionLabelBook();
        book.Apply(new("s-1", SessionLabels.Flagged, null, null) { Until = Now.AddHours(3) });
        book.Apply(new("s-1", SessionLabels.PrivateData, null, null) { Until = Now.AddHours(3) });
        book.Apply(new("s-1", SessionLabels.PrivateData, null, null) { Until = Now.AddHours(4) });
        book.Apply(new("s-1", SessionLabels.PrivateData, null, null) { Until = Now.AddHours(2) });

        Assert.Equal(2, book.Of("s-1", Now.AddHours(3).AddTicks(-1)).Count);
        Assert.Equal([SessionLabels.PrivateData], book.Of("s-1", Now.AddHours(3)));
        Assert.Empty(book.Of("s-1", Now.AddHours(4)));
    }

    [Fact]
    public void Labels_add_up_and_belong_to_their_session()
    {
        var book = new SessionLabelBook();
        book.Apply(new("s-1", SessionLabels.Flagged, null, null));
        book.Apply(new("s-1", SessionLabels.PrivateData, null, null));
        Assert.Equal([SessionLabels.Flagged, SessionLabels.PrivateData], book.Of("s-1", Now).Order(StringComparer.Ordinal));
        Assert.Empty(book.Of("s-2", Now));
    }

    [Fact]
    public void A_principal_with_many_sessions_makes_nobody_elses_labels_forgotten()
    {
        var book = new SessionLabelBook();
        book.Apply(new("s-bob", SessionLabels.Flagged, null, null) { Principal = "bob" });
        for (var i = 0; i <= SessionLabelBook.MaxSessions; i++)
        {
            book.Apply(new($"s-{i}", SessionLabels.Flagged, null, null) { Principal = "eve" });
        }

        book.Apply(new("s-cho", SessionLabels.Flagged, null, null) { Principal = "cho" });

        Assert.Single(book.Of("s-bob", Now));
        Assert.Single(book.Of("s-cho", Now));
        Assert.Empty(book.Of("s-0", Now));
        Assert.Single(book.Of($"s-{SessionLabelBook.MaxSessions}", Now));
    }

    [Fact]
    public void Sessions_and_labels_without_number_are_held_within_bounds()
    {
        var book = new SessionLabelBook();
        for (var i = 0; i <= SessionLabelBook.MaxSessions; i++)
        {
            book.Apply(new($"s-{i}", SessionLabels.Flagged, null, null));
        }

        Assert.Empty(book.Of("s-0", Now));
        Assert.Single(book.Of("s-1", Now));
        for (var i = 0; i < 100; i++)
        {
            book.Apply(new("s-1", $"label-{i}", null, null));
        }

        Assert.InRange(book.Of("s-1", Now).Count, 2, 16);
    }
}
