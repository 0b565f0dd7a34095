using System.Collections.Immutable;
using McpLedger.Gateway.Screening;

namespace McpLedger.Host.Configuration;

/// <summary>Turns what is written about screening into what the gateway takes.</summary>
internal static class ScreeningMapping
{
    private const string ManifestName = "model.json";
    private static readonly TimeSpan LongestBudget = TimeSpan.FromSeconds(30);

    public static ScreeningConfig? ToScreening(ScreeningSection section, string folder, ConfigChecks checks)
    {
        var model = section.Model is null ? null : Path.GetFullPath(section.Model, folder);
        if (model is not null && !File.Exists(Path.Combine(model, ManifestName)))
        {
            checks.Fault("screening.model", $"{model} holds no model: there is no {ManifestName} in it.", "name a folder that 'mcpledger detectors train' made, or remove the key");
        }

        CheckBudget("screening.budget", section.Budget, checks);
        return section.Mode == "off" ? null : new()
        {
            ModelFolder = model,
            MaxChars = section.Longest,
            Choices = new()
            {
                Actions = ActionsOf(section.Arguments, section.Results, section.Definitions, section.Ledger),
                Budget = section.Budget,
                OnTimeout = LapseOf(section.OnTimeout),
                OnCut = LapseOf(section.OnCut),
                OnFailure = LapseOf(section.OnFailure),
            },
        };
    }

    public static ServerScreening ToServer(string at, ServerScreeningSection section, ConfigChecks checks)
    {
        CheckBudget($"{at}.screening.budget", section.Budget, checks);
        return new()
        {
            Trust = section.Trust switch { "trusted" => ServerTrust.Trusted, "untrusted" => ServerTrust.Untrusted, _ => ServerTrust.Ordinary },
            Choices = new()
            {
                Actions = ActionsOf(section.Arguments, section.Results, section.Definitions, new()),
                Budget = section.Budget,
                OnTimeout = LapseOf(section.OnTimeout),
                OnCut = LapseOf(section.OnCut),
                OnFailure = LapseOf(section.OnFailure),
            },
            Tools = section.Tools.ToImmutableDictionary(
                tool => tool.Key,
                tool => new ScreeningChoices { Actions = ActionsOf(tool.Value.Arguments, tool.Value.Results, new(), new()), TakesCode = tool.Value.TakesCode ? true : null },
                StringComparer.Ordinal),
        };
    }

    private static ImmutableDictionary<(ScreeningPlace Place, ScreeningKind Kind), ScreeningAction> ActionsOf(
        ScreeningArgumentsSection arguments, ScreeningResultsSection results, ScreeningDefinitionsSection definitions, ScreeningLedgerSection ledger)
    {
        (ScreeningPlace, ScreeningKind, string?)[] written =
        [
            (ScreeningPlace.Arguments, ScreeningKind.Hidden, arguments.Hidden), (ScreeningPlace.Arguments, ScreeningKind.Control, arguments.Control), (ScreeningPlace.Arguments, ScreeningKind.Code, arguments.Code),
            (ScreeningPlace.Arguments, ScreeningKind.Secrets, arguments.Secrets), (ScreeningPlace.Arguments, ScreeningKind.Personal, arguments.Personal),
            (ScreeningPlace.Arguments, ScreeningKind.Contacts, arguments.Contacts), (ScreeningPlace.Arguments, ScreeningKind.Injection, arguments.Injection), (ScreeningPlace.Arguments, ScreeningKind.Returned, arguments.Returned),
            (ScreeningPlace.Results, ScreeningKind.Hidden, results.Hidden), (ScreeningPlace.Results, ScreeningKind.Control, results.Control), (ScreeningPlace.Results, ScreeningKind.Code, results.Code),
            (ScreeningPlace.Results, ScreeningKind.Secrets, results.Secrets), (ScreeningPlace.Results, ScreeningKind.Personal, results.Personal), (ScreeningPlace.Results, ScreeningKind.Contacts, results.Contacts),
            (ScreeningPlace.Results, ScreeningKind.Injection, results.Injection),
            (ScreeningPlace.Definitions, ScreeningKind.Hidden, definitions.Hidden), (ScreeningPlace.Definitions, ScreeningKind.Control, definitions.Control), (ScreeningPlace.Definitions, ScreeningKind.Code, definitions.Code),
            (ScreeningPlace.Definitions, ScreeningKind.Marks, definitions.Marks),
            (ScreeningPlace.Definitions, ScreeningKind.Injection, definitions.Injection), (ScreeningPlace.Definitions, ScreeningKind.Secrets, definitions.Secrets),
            (ScreeningPlace.Ledger, ScreeningKind.Secrets, ledger.Secrets), (ScreeningPlace.Ledger, ScreeningKind.Personal, ledger.Personal), (ScreeningPlace.Ledger, ScreeningKind.Contacts, ledger.Contacts),
        ];
        return written.Where(each => each.Item3 is not null).ToImmutableDictionary(each => (each.Item1, each.Item2), each => ActionOf(each.Item3!));
    }

    private static ScreeningAction ActionOf(string written) => written switch
    {
        "off" or "keep" => ScreeningAction.Off,
        "flag" => ScreeningAction.Flag,
        "strip" => ScreeningAction.Strip,
        "redact" => ScreeningAction.Redact,
        _ => ScreeningAction.Refuse,
    };

    private static ScreeningLapse? LapseOf(string? written) => written switch
    {
        null => null,
        "release" => ScreeningLapse.Release,
        _ => ScreeningLapse.Refuse,
    };

    private static void CheckBudget(string path, TimeSpan? budget, ConfigChecks checks)
    {
        if (budget > LongestBudget)
        {
            checks.Fault(path, $"{Scalars.Write(budget.Value)} is out of range.", "write a duration from 0ms to 30s; calls wait for it");
        }
    }
}
