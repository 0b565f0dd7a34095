using McpLedger.Gateway.Upstreams.Bridging;
using static McpLedger.Gateway.Tests.Upstreams.BridgeHarness;

namespace McpLedger.Gateway.Tests.Upstreams;

public sealed class StdioSessionTests
{
    [Fact]
    public async Task A_plain_answer_is_json_and_byte_for_byte_what_the_server_wrote()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        var answer = await gateway.CallAsync(session, 7, "test/spaced");
        Assert.Equal("application/json", answer.ContentType);
        Assert.Null(answer.UpstreamSession);
        Assert.Equal("{ \"id\" : 7 ,\t\"result\":{ \"x\" : 1.0, \"y\":\"\\u0041\" }, \"jsonrpc\":\"2.0\" }", await TextAsync(answer));
    }

    [Fact]
    public async Task A_request_reaches_the_server_as_it_was_sent_with_line_ends_made_spaces()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        var text = await TextAsync(await gateway.PostAsync(session, "{\"jsonrpc\":\"2.0\",\r\n\"id\":\"a\",\"method\":\"test/line\",\n\"params\":{ \"v\":1.50 }}"));
        Assert.Equal("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{\"jsonrpc\":\"2.0\",  \"id\":\"a\",\"method\":\"test/line\", \"params\":{ \"v\":1.50 }}}", text);
    }

    [Fact]
    public async Task Each_session_has_a_process_and_an_unguessable_id_of_its_own()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var (one, two) = (await gateway.OpenAsync(), await gateway.OpenAsync());
        Assert.Equal(32, one.Length);
        Assert.NotEqual(one, two);
        Assert.NotEqual(await TextAsync(await gateway.CallAsync(one, 1, "test/pid")), await TextAsync(await gateway.CallAsync(two, 1, "test/pid")));
        Assert.Equal(2, gateway.Children!.ProcessCount);
    }

    [Fact]
    public async Task Progress_goes_before_its_answer_in_one_stream_as_it_comes()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        var answer = await gateway.CallAsync(session, 5, "test/progress");
        Assert.Equal("text/event-stream", answer.ContentType);
        const string Note = "event: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":5 ,\"progress\":";
        Assert.Equal(
            Note + "1}}\n\n" + Note + "2}}\n\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"done\":true}}\n\n", await TextAsync(answer));
    }

    [Fact]
    public async Task Progress_is_not_held_back_until_the_answer()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        var answer = await gateway.CallAsync(session, 1, "test/ask");
        Assert.Contains("roots/list", (await EventsAsync(answer.Body!, 1))[0].Data);
        var reply = await gateway.PostAsync(session, """{"jsonrpc":"2.0","id":"s1","result":{"roots":[]}}""");
        Assert.Equal(202, reply.Status);
        Assert.Null(reply.Body);
        Assert.Contains("\"id\":1,\"result\":{\"jsonrpc\":\"2.0\",\"id\":\"s1\"", (await EventsAsync(answer.Body!, 1))[0].Data);
        Assert.Equal(0, await answer.Body!.ReadAsync(new byte[10]));
    }

    [Fact]
    public async Task Log_lines_belong_to_the_only_request_and_changes_to_the_session()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        Assert.Contains("notifications/message", await TextAsync(await gateway.CallAsync(session, 1, "test/log")));
        Assert.Equal("application/json", (await gateway.CallAsync(session, 2, "test/changed")).ContentType);
        var get = await gateway.SendAsync("GET", session, null);
        Assert.Equal(("1", """{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"""), (await EventsAsync(get.Body!, 1))[0]);
    }

    [Fact]
    public async Task A_log_line_that_two_requests_could_own_goes_to_the_session()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        var waiting = gateway.CallAsync(session, 1, "test/silent");
        Assert.Equal("application/json", (await gateway.CallAsync(session, 2, "test/log")).ContentType);
        var get = await gateway.SendAsync("GET", session, null);
        Assert.Contains("notifications/message", (await EventsAsync(get.Body!, 1))[0].Data);
        Assert.False(waiting.IsCompleted);
    }

    [Fact]
    public async Task A_server_request_without_any_stream_of_the_session_goes_to_the_newest_request()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        _ = gateway.CallAsync(session, 1, "test/silent");
        var answer = await gateway.CallAsync(session, 2, "test/ask");
        Assert.Contains("roots/list", (await EventsAsync(answer.Body!, 1))[0].Data);
    }

    [Fact]
    public async Task A_get_stream_resumes_after_the_last_event_the_client_saw()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        for (var i = 1; i <= 4; i++)
        {
            await gateway.CallAsync(session, i, "test/changed");
        }

        var first = await gateway.SendAsync("GET", session, null);
        Assert.Equal(["1", "2", "3", "4"], (await EventsAsync(first.Body!, 4)).Select(e => e.Id));
        await first.Body!.DisposeAsync();
        Assert.Equal(["3", "4"], (await EventsAsync((await gateway.SendAsync("GET", session, null, lastEventId: "2")).Body!, 2)).Select(e => e.Id));
        await gateway.CallAsync(session, 9, "test/changed");
        Assert.Equal(["5"], (await EventsAsync((await gateway.SendAsync("GET", session, null)).Body!, 1)).Select(e => e.Id));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    [InlineData("12345")]
    [InlineData("' or 1=1")]
    public async Task An_event_id_that_is_none_of_ours_begins_with_what_was_not_read(string lastEventId)
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        await gateway.CallAsync(session, 1, "test/changed");
        Assert.Equal(["1"], (await EventsAsync((await gateway.SendAsync("GET", session, null, lastEventId)).Body!, 1)).Select(e => e.Id));
    }

    [Fact]
    public async Task Messages_that_nobody_fetches_are_bounded_and_the_newest_stay()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"), new BridgeLimits { MaxKept = 10 });
        var session = await gateway.OpenAsync();
        await gateway.CallAsync(session, 1, "test/many");
        var events = await EventsAsync((await gateway.SendAsync("GET", session, null)).Body!, 10);
        Assert.Equal(Enumerable.Range(991, 10).Select(n => $"{n}"), events.Select(e => e.Id!));
    }

    [Fact]
    public async Task A_second_get_stream_takes_the_place_of_the_first()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        var first = await gateway.SendAsync("GET", session, null);
        var end = first.Body!.ReadAsync(new byte[10]);
        var second = await gateway.SendAsync("GET", session, null);
        Assert.Equal(0, await end.AsTask().WaitAsync(Patience));
        await gateway.CallAsync(session, 1, "test/changed");
        await EventsAsync(second.Body!, 1);
    }

    [Fact]
    public async Task A_notification_is_accepted_and_reaches_the_server()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        Assert.Equal(202, (await gateway.PostAsync(session, """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4}}""")).Status);
        Assert.Contains("\"requestId\":4", await TextAsync(await gateway.CallAsync(session, 1, "test/last")));
    }

    [Fact]
    public async Task An_initialize_that_is_refused_in_a_stream_leaves_nothing_behind()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("grumbles"));
        var answer = await gateway.PostAsync(null, Wire.Initialize("0"));
        Assert.Contains("-32602", (await EventsAsync(answer.Body!, 2))[1].Data);
        await UntilAsync(() => gateway.Children!.ProcessCount == 0, "the process ends");
        Assert.Equal(0, gateway.Children!.SessionCount);
    }

    [Fact]
    public async Task A_cancelled_request_waits_no_longer_and_frees_its_place()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"), new BridgeLimits { MaxPending = 2 });
        var session = await gateway.OpenAsync();
        for (var id = 1; id <= 5; id++)
        {
            var waiting = gateway.CallAsync(session, id, "test/silent");
            await gateway.CallAsync(session, 100, "test/pid");
            Assert.Equal(202, (await gateway.PostAsync(session, $$$"""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":{{{id}}}}}""")).Status);
            Assert.Contains("cancelled", (await waiting).Fault);
        }
    }

    [Fact]
    public async Task Requests_whose_clients_hung_up_make_room_for_new_ones()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"), new BridgeLimits { MaxPending = 2 });
        var session = await gateway.OpenAsync();
        for (var id = 1; id <= 5; id++)
        {
            using var hangUp = new CancellationTokenSource();
            var gone = gateway.CallAsync(session, id, "test/silent", token: hangUp.Token);
            await gateway.CallAsync(session, 100, "test/pid");
            await hangUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        }

        var (one, two) = (gateway.CallAsync(session, 11, "test/silent"), gateway.CallAsync(session, 12, "test/silent"));
        Assert.Equal(429, (await gateway.CallAsync(session, 13, "test/pid")).Status);
        Assert.False(one.IsCompleted || two.IsCompleted);
    }

    [Fact]
    public async Task A_client_that_hangs_up_does_not_stop_the_server_and_its_late_answer_reaches_nobody()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        using var hangUp = new CancellationTokenSource();
        var gone = gateway.CallAsync(session, 1, "test/silent", token: hangUp.Token);
        await gateway.CallAsync(session, 2, "test/pid");
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Contains("\"id\":3,\"result\":{\"own\":true}", await TextAsync(await gateway.PostAsync(session, """{"jsonrpc":"2.0","id":3,"method":"test/release","params":{"release":1}}""")));
        Assert.Contains("\"id\":1,\"result\":{\"pid\"", await TextAsync(await gateway.CallAsync(session, 1, "test/pid")));
    }

    [Fact]
    public async Task Delete_ends_the_session_and_its_process()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        Assert.Equal(200, (await gateway.SendAsync("DELETE", session, null)).Status);
        Assert.Equal(404, (await gateway.CallAsync(session, 1, "test/pid")).Status);
        Assert.Equal(404, (await gateway.SendAsync("DELETE", session, null)).Status);
        await UntilAsync(() => gateway.Children!.ProcessCount == 0, "the process ends");
    }

    [Fact]
    public async Task An_unknown_session_is_404_a_missing_one_400_and_another_servers_404()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        Assert.Equal(404, (await gateway.CallAsync(new string('0', 32), 1, "test/pid")).Status);
        Assert.Equal(400, (await gateway.CallAsync(null, 1, "test/pid")).Status);
        var other = await gateway.Bridge.ExchangeAsync(
            new(gateway.Server with { Name = "other" }, "GET", null, McpLedger.Contracts.Mcp.McpEra.Legacy, "2025-11-25", session, null, McpLedger.Gateway.Identity.Principal.Anonymous), CancellationToken.None);
        Assert.Equal(404, other.Status);
    }

    [Fact]
    public async Task A_refused_initialize_is_passed_on_and_leaves_nothing_behind()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("refuses"));
        var answer = await gateway.PostAsync(null, """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""");
        Assert.Null(answer.UpstreamSession);
        Assert.Contains("-32602", await TextAsync(answer));
        await UntilAsync(() => gateway.Children!.ProcessCount == 0, "the process ends");
    }

    [Fact]
    public async Task An_id_that_waits_already_is_refused_and_ids_differ_by_type()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        var waiting = gateway.CallAsync(session, 1, "test/silent");
        var again = await gateway.CallAsync(session, 1, "test/pid");
        Assert.Equal(400, again.Status);
        Assert.Contains("unique", again.Fault);
        Assert.Contains("\"id\":\"1\"", await TextAsync(await gateway.PostAsync(session, """{"jsonrpc":"2.0","id":"1","method":"test/pid"}""")));
        Assert.False(waiting.IsCompleted);
    }
}
