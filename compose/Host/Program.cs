using McpLedger.Host.Commands;

return await CommandTree.RunAsync(args);
