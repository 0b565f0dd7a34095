using System.Text;
using System.Text.Json;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Contracts.Tests.Mcp;

public sealed class McpRefusalTests
{
    [Theory]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}""", "method")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","\u006dethod":"tools/call"}""", "method")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}""", "Method")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","METHOD":"tools/call"}""", "METHOD")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","param\u017f":{}}""", "param\u017f")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","param\u0073":{},"params":{}}""", "params")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Name":"b"}}""", "Name")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","Arguments":{}}}""", "Arguments")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","x":1,"X":2}}""", "x")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"p":{"q":1,"q":2}}}}""", "q")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","_meta":{"ProgressToken":1}}}""", "ProgressToken")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":{"isError":false,"IsError":true}}""", "IsError")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":{"code":1,"Code":2,"message":""}}""", "Code")]
    [InlineData("""{"method":"tools/call","params":{"name":"a","arguments":{"q":1,"\u0071":2}},"jsonrpc":"2.0","id":1}""", "q")]
    public void A_member_that_stands_twice_in_any_spelling_is_refused_with_the_id(string json, string member)
    {
        var fault = McpReaderTests.Refused(json);
        Assert.Equal((400, McpErrors.InvalidRequest, "1"), (fault.Status, fault.Code, fault.Id.ToString()));
        Assert.Contains($"\"{member}\"", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Argument_names_may_differ_in_case_alone() =>
        Assert.Equal("""{"a":1,"A":2}""", McpReaderTests.Text(McpReaderTests.Read("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"a":1,"A":2}}}""").Arguments));

    [Fact]
    public void A_name_that_stands_twice_among_thousands_is_found()
    {
        var names = Enumerable.Range(0, 5000).Select(i => $"\"name-number-{i}\":0").ToList();
        string Call() => $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{ {{{string.Join(',', names)}}} } } }""";
        McpReaderTests.Read(Call());
        names[4321] = "\"name-\\u006eumber-17\":0";
        Assert.Contains("name-number-17", McpReaderTests.Refused(Call()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_ids_are_echoed_as_none() => Assert.Null(McpReaderTests.Refused("""{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}""").Id);

    [Theory]
    [InlineData("""{"jsonrpc":"1.0","id":1,"method":"ping"}""")]
    [InlineData("""{"id":1,"method":"ping"}""")]
    [InlineData("""{"jsonrpc":2.0,"id":1,"method":"ping"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":5}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":""}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"\ud800"}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"result":[]}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":{"message":""}}""")]
    [InlineData("""{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":""}}""")]
    public void What_is_json_and_no_message_is_refused_with_the_id(string json)
    {
        var fault = McpReaderTests.Refused(json);
        Assert.Equal((400, McpErrors.InvalidRequest, "1"), (fault.Status, fault.Code, fault.Id.ToString()));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("1.0")]
    [InlineData("1e2")]
    [InlineData("-0")]
    [InlineData("9223372036854775808")]
    [InlineData("true")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("\"\\ud83d\"")]
    public void An_id_that_readers_could_tell_apart_is_refused(string id)
    {
        var fault = McpReaderTests.Refused($$"""{"jsonrpc":"2.0","id":{{id}},"method":"ping"}""");
        Assert.Equal((McpErrors.InvalidRequest, true), (fault.Code, fault.Id is null));
        Assert.Contains("\"id\"", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("\"x\"")]
    public void Params_and_meta_are_objects(string value)
    {
        Assert.Equal(McpErrors.InvalidParams, McpReaderTests.Refused($$"""{"jsonrpc":"2.0","id":1,"method":"ping","params":{{value}}}""").Code);
        if (value != "null")
        {
            Assert.Equal(McpErrors.InvalidParams, McpReaderTests.Refused($$$"""{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":{{{value}}} } }""").Code);
            Assert.Equal(
                McpErrors.InvalidParams,
                McpReaderTests.Refused($$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{{{value}}} } }""").Code);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"} x")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",}")]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi")]
    [InlineData("{'jsonrpc':'2.0'}")]
    [InlineData("\uFEFF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}")]
    [InlineData("not json")]
    public void What_is_no_json_is_a_parse_error_without_an_id(string json)
    {
        var fault = McpReaderTests.Refused(json);
        Assert.Equal((400, McpErrors.ParseError, true), (fault.Status, fault.Code, fault.Id is null));
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused_wherever_they_stand()
    {
        var body = Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"a":"#"}}}""");
        body[Array.IndexOf(body, (byte)'#')] = 0xFF;
        Assert.Equal(McpErrors.ParseError, McpReader.Read(body, McpLimits.Default).Fault!.Code);
    }

    [Theory]
    [InlineData(",\"id\":\"late\"", "\"late\"")]
    [InlineData("", null)]
    public void What_is_too_deep_is_refused_with_the_id_even_when_that_comes_later(string after, string? id)
    {
        var deep = $$$"""{"jsonrpc":"2.0","method":"tools/call","params":{"name":"id","arguments":{"id":{{{new string('[', 70)}}}"\"]"{{{new string(']', 70)}}} } }{{{after}}} }""";
        var fault = McpReaderTests.Refused(deep);
        Assert.Equal((McpErrors.InvalidRequest, id), (fault.Code, fault.Id?.ToString()));
        Assert.Contains("64", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_values_and_too_long_names_are_refused_with_the_id()
    {
        var limits = new McpLimits { MaxNodes = 10, MaxNameBytes = 40 };
        var many = McpReader.Read(Encoding.UTF8.GetBytes("""{"method":"x","params":{"a":[1,2,3,4,5,6,7,8,9]},"jsonrpc":"2.0","id":4}"""), limits).Fault!;
        Assert.Equal((McpErrors.InvalidRequest, "4"), (many.Code, many.Id.ToString()));
        var longName = new string('n', 41);
        var name = McpReader.Read(Encoding.UTF8.GetBytes($$$"""{"method":"x","params":{"{{{longName}}}":1},"jsonrpc":"2.0","id":4}"""), limits).Fault!;
        Assert.Equal((McpErrors.InvalidRequest, "4"), (name.Code, name.Id.ToString()));
        Assert.Contains("40", name.Message, StringComparison.Ordinal);
        var tool = McpReader.Read(Encoding.UTF8.GetBytes($$$"""{"method":"tools/call","params":{"name":"{{{longName}}}"},"jsonrpc":"2.0","id":4}"""), limits).Fault!;
        Assert.Equal((McpErrors.InvalidParams, "4"), (tool.Code, tool.Id.ToString()));
    }

    [Fact]
    public void A_message_within_the_limits_is_read_however_deep_the_bodies_of_others_were() => McpReaderTests.Read(
        $$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"a":{{{new string('[', 60)}}}{{{new string(']', 60)}}} } } }""");

    [Fact]
    public void An_array_is_refused_alone_and_split_as_a_batch()
    {
        const string Batch = """ [{"jsonrpc":"2.0","id":1,"method":"ping"},7,{"jsonrpc":"2.0","id":2,"method":"initialize"},{"jsonrpc":"2.0","id":3,"method":"a","Method":"b"}] """;
        Assert.Contains("2025-03-26", McpReaderTests.Refused(Batch).Message, StringComparison.Ordinal);
        Assert.True(McpReader.IsBatch(Encoding.UTF8.GetBytes(Batch)));
        var read = McpReader.ReadBatch(Encoding.UTF8.GetBytes(Batch), McpLimits.Default, 4);
        Assert.True(read.IsRead);
        Assert.Equal([true, false, false, false], read.Messages.Select(m => m.IsRead));
        Assert.Equal(["", "2", "3"], read.Messages.Skip(1).Select(m => m.Fault!.Id?.ToString() ?? ""));
        Assert.Equal("""{"jsonrpc":"2.0","id":1,"method":"ping"}""", McpReaderTests.Text(read.Messages[0].Message.Raw));
        Assert.False(McpReader.ReadBatch(Encoding.UTF8.GetBytes(Batch), McpLimits.Default, 3).IsRead);
        Assert.Equal(McpErrors.InvalidRequest, McpReader.ReadBatch("[]"u8.ToArray(), McpLimits.Default, 3).Fault!.Code);
        Assert.Equal(McpErrors.ParseError, McpReader.ReadBatch("[{},"u8.ToArray(), McpLimits.Default, 3).Fault!.Code);
    }

    [Fact]
    public void Our_answers_are_json_and_read_back()
    {
        var fault = McpReaderTests.Refused("""{"jsonrpc":"2.0","id":"a\"b","method":"ping","method":"\"<é"}""");
        var answer = McpReaderTests.Read(McpReaderTests.Text(fault.ToResponse()));
        Assert.Equal(("\"a\\\"b\"", fault.Code, fault.Message), (answer.Id.ToString(), answer.ErrorCode, answer.ErrorMessage));
        var error = McpReaderTests.Read(McpReaderTests.Text(McpErrors.ToolError(answer.Id!.Value, "No.", modern: true)));
        Assert.Equal((true, "complete"), (error.IsToolError, error.ResultType));
        Assert.Null(McpReaderTests.Read(McpReaderTests.Text(McpErrors.ToolError(answer.Id!.Value, "No.", modern: false))).ResultType);
        Assert.Equal("""{"jsonrpc":"2.0","error":{"code":1,"message":"m"}}""", McpReaderTests.Text(McpErrors.Write(null, 1, "m", null)));
        using var parsed = JsonDocument.Parse(fault.ToResponse());
    }
}
