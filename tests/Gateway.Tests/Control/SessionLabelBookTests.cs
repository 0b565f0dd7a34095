using McpLedger.Contracts.Events;
using McpLedger.Gateway.Control;

namespace McpLedger.Gateway.Tests.Control;

public sealed class SessionLabelBookTests
{
    [Fact]
    public void Labels_add_up_and_belong_to_their_session()
    {
        var book = new SessionLabelBook();
        book.Apply(new("s-1", SessionLabels.Flagged, null, null));
        book.Apply(new("s-1", SessionLabels.PrivateData, null, null));
        Assert.Equal([SessionLabels.Flagged, SessionLabels.PrivateData], book.Of("s-1").Order(StringComparer.Ordinal));
        Assert.Empty(book.Of("s-2"));
    }

    [Fact]
    public void Sessions_and_labels_without_number_are_held_within_bounds()
    {
        var book = new SessionLabelBook();
        for (var i = 0; i <= SessionLabelBook.MaxSessions; i++)
        {
            book.Apply(new($"s-{i}", SessionLabels.Flagged, null, null));
        }

        Assert.Empty(book.Of("s-0"));
        Assert.Single(book.Of("s-1"));
        for (var i = 0; i < 100; i++)
        {
            book.Apply(new("s-1", $"label-{i}", null, null));
        }

        Assert.InRange(book.Of("s-1").Count, 2, 16);
    }
}
