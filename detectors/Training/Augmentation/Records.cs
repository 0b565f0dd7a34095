using System.Globalization;
using Fields = System.Collections.Generic.List<(string Name, object Value)>;

namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>Made-up records of the kinds that tools return, with a free text in one of their fields.</summary>
internal sealed class Records(Dice dice, Grammar grammar, Func<string> filler)
{
    private static readonly string[] Subjects = ["Hello", "Update", "Question", "FYI", "Note", "Invoice", "Re: plan", "Reminder", "Your request", "Welcome"];

    /// <summary>A record whose free text is <paramref name="payload"/>, or a filler where there is none.</summary>
    public string Make(string? payload)
    {
        var body = payload ?? filler();
        var style = dice.Share() switch { < 0.4 => RecordStyle.Json, < 0.65 => RecordStyle.Python, < 0.8 => RecordStyle.IndentedJson, _ => RecordStyle.Lines };
        var text = RecordText.Write(Wrapped(Of(body)), style);
        return dice.Chance(0.1) ? grammar.Make(dice, "human") + "\n" + text : text;
    }

    private object Of(string body)
    {
        List<string> bodies = [.. Enumerable.Range(0, dice.Between(0, 4)).Select(_ => filler()), body];
        dice.Shuffle(bodies);
        return dice.Below(20) switch
        {
            0 => new Fields { ("reviews", List(bodies, text => new Fields { ("reviewer", Name()), ("content", text), ("rating", dice.Between(1, 5)) })) },
            1 or 2 => List(bodies, Mail),
            3 => new Fields { ("note", new Fields { ("id", dice.Between(100, 9999)), ("title", dice.Pick(["todo", "notes", "memo"])), ("text", body) }) },
            4 => new Fields { ("events", List(bodies, text => new Fields { ("title", text), ("date", Date()), ("participants", new List<object> { Name(), Name() }) })) },
            5 => new Fields { ("results", List(bodies, text => new Fields { ("title", Name()), ("snippet", text), ("url", $"https://site{dice.Between(1, 99)}.example/a") })) },
            6 => new Fields { ("issue", new Fields { ("number", dice.Between(1, 500)), ("title", dice.Pick(["Bug", "Crash", "Feature"])), ("body", body), ("comments", List(bodies, text => text)) }) },
            7 => new Fields { ("status", "ok"), ("data", body) },
            8 => new Fields { ("tweet", new Fields { ("user", Name()), ("text", body), ("likes", dice.Between(0, 99)), ("retweets", dice.Between(0, 9)) }) },
            9 => new Fields { ("transactions", List(bodies, text => new Fields { ("amount", dice.Between(1, 900)), ("memo", text), ("date", Date()) })) },
            10 => new Fields { ("profile", new Fields { ("name", Name()), ("bio", body), ("age", dice.Between(18, 80)) }) },
            11 => new Fields { ("product_details", new Fields { ("name", Name()), ("price", dice.Between(5, 500)), ("reviews", List(bodies, text => new Fields { ("author", Name()), ("text", text) })) }) },
            12 => new Fields { ("file", new Fields { ("name", dice.Pick(["notes.txt", "README.md", "minutes.docx"])), ("size", dice.Between(100, 90000)), ("content", string.Join('\n', bodies)) }) },
            13 => new Fields { ("patient", new Fields { ("name", Name()), ("dob", Date()), ("notes", body) }) },
            14 => new Fields { ("messages", List(bodies, text => text)) },
            15 => new Fields { ("title", dice.Pick(Subjects)), ("description", body), ("id", dice.Between(1, 9999)), ("active", dice.Chance(0.5)) },
            16 => new Fields { ("contacts", List(bodies, text => new Fields { ("name", Name()), ("phone", $"+1 555 {dice.Between(1000000, 9999999)}"), ("note", text) })) },
            17 => new Fields { ("devices", List(bodies, text => new Fields { ("id", $"dev-{dice.Between(10, 99)}"), ("status", dice.Pick(["on", "off"])), ("label", text) })) },
            18 => new Fields { ("jobs", List(bodies, text => new Fields { ("company", Name()), ("salary", dice.Between(30, 200) * 1000), ("description", text) })) },
            _ => new Fields { ("page", new Fields { ("url", $"https://site{dice.Between(1, 99)}.example/"), ("heading", dice.Pick(Subjects)), ("paragraphs", List(bodies, text => text)) }) },
        };
    }

    private Fields Mail(string text) => [("id", $"{dice.Between(1, 900)}"), ("sender", $"{Name().ToLowerInvariant()}@mail.example"), ("subject", dice.Pick(Subjects)), ("body", text), ("read", dice.Chance(0.5)), ("timestamp", Date())];

    private object Wrapped(object record) => dice.Below(6) switch
    {
        0 => new Fields { ("success", true), ("result", record) },
        1 => new Fields { ("request_id", $"{dice.Next():x16}"), ("took_ms", dice.Between(1, 900)), ("data", record), ("next", dice.Chance(0.5)) },
        _ => record,
    };

    private static List<object> List(IEnumerable<string> bodies, Func<string, object> each) => [.. bodies.Select(each)];

    private string Name() => grammar.Make(dice, "name");

    private string Date() => string.Create(CultureInfo.InvariantCulture, $"202{dice.Between(3, 6)}-{dice.Between(1, 12):00}-{dice.Between(1, 28):00}");
}
