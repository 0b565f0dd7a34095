return await McpLedger.Benchmarks.Verbs.RunAsync(args);
