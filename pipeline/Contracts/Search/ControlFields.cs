using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Search;

/// <summary>Fields and text of the events of the control log.</summary>
internal static class ControlFields
{
    public static void Add(EventData data, DocumentFields fields)
    {
        switch (data)
        {
            case ToolPinned e:
                fields.Add(FieldCatalog.Server, e.Server);
                fields.Add(FieldCatalog.Name, e.Tool);
                fields.Add(FieldCatalog.Tool, e.Tool);
                fields.Add(FieldCatalog.Definition, e.Definition);
                fields.Add(FieldCatalog.Actor, e.ApprovedBy);
                break;
            case ToolChanged e:
                fields.Add(FieldCatalog.Server, e.Server);
                fields.Add(FieldCatalog.Name, e.Tool);
                fields.Add(FieldCatalog.Tool, e.Tool);
                fields.Add(FieldCatalog.Definition, e.Definition);
                fields.Add(FieldCatalog.Definition, e.Previous);
                fields.Add(FieldCatalog.Risk, e.Risk);
                break;
            case KeyCreated e:
                fields.Add(FieldCatalog.Key, e.Key);
                fields.Add(FieldCatalog.Principal, e.Principal);
                fields.Add(FieldCatalog.Kind, e.Kind);
                fields.Add(FieldCatalog.Team, e.Teams);
                fields.Add(FieldCatalog.Actor, e.CreatedBy);
                break;
            case KeyRevoked e:
                fields.Add(FieldCatalog.Key, e.Key);
                fields.Add(FieldCatalog.Actor, e.RevokedBy);
                break;
            case PolicyPublished e:
                fields.Add(FieldCatalog.Policy, e.Policy);
                fields.Add(FieldCatalog.Server, e.Servers);
                fields.Add(FieldCatalog.Actor, e.PublishedBy);
                break;
            case SigningKeyRotated e:
                fields.Add(FieldCatalog.Actor, e.RotatedBy);
                break;
            case CheckpointSigned e:
                fields.Add(FieldCatalog.Partition, e.Partition);
                fields.Add(FieldCatalog.Hash, e.Root);
                break;
            case ChainFaultFound e:
                fields.Add(FieldCatalog.Partition, e.Partition);
                fields.Add(FieldCatalog.Fault, e.Fault);
                break;
            case DamageAccepted e:
                fields.Add(FieldCatalog.Partition, e.Partition);
                fields.Add(FieldCatalog.Actor, e.AcceptedBy);
                fields.Add(FieldCatalog.Size, e.Length);
                fields.Add(FieldCatalog.Hash, e.Sha256);
                break;
            case SegmentDropped e:
                fields.Add(FieldCatalog.Partition, e.Partition);
                fields.Add(FieldCatalog.Size, e.Bytes);
                break;
            case FindingRaised e:
                AddFinding(e, fields);
                break;
            case FindingReviewed e:
                fields.Add(FieldCatalog.Finding, e.Finding.ToString());
                fields.Add(FieldCatalog.Verdict, e.Verdict);
                fields.Add(FieldCatalog.Actor, e.By);
                break;
            case SessionLabelled e:
                fields.Add(FieldCatalog.Session, e.Session);
                fields.Add(FieldCatalog.Principal, e.Principal);
                fields.Add(FieldCatalog.Label, e.Label);
                fields.Add(FieldCatalog.Call, e.Call?.ToString());
                fields.Add(FieldCatalog.Finding, e.Finding?.ToString());
                break;
            case PrincipalStopped e:
                fields.Add(FieldCatalog.Principal, e.Principal);
                fields.Add(FieldCatalog.Client, e.Client);
                fields.Add(FieldCatalog.Session, e.Session);
                fields.Add(FieldCatalog.Finding, e.Finding?.ToString());
                fields.Add(FieldCatalog.Actor, e.By);
                break;
            case PrincipalReleased e:
                fields.Add(FieldCatalog.Principal, e.Principal);
                fields.Add(FieldCatalog.Client, e.Client);
                fields.Add(FieldCatalog.Session, e.Session);
                fields.Add(FieldCatalog.Actor, e.By);
                break;
            case AccessGranted e:
                fields.Add(FieldCatalog.Actor, e.Actor);
                fields.Add(FieldCatalog.Action, e.Action);
                break;
            default:
                break;
        }
    }

    private static void AddFinding(FindingRaised e, DocumentFields fields)
    {
        fields.Add(FieldCatalog.Finding, e.Finding.ToString());
        fields.Add(FieldCatalog.Detector, e.Detector);
        fields.Add(FieldCatalog.Rule, e.Rule);
        fields.Add(FieldCatalog.Severity, SearchDocuments.NameOf(e.Severity));
        fields.Add(FieldCatalog.Call, e.Call?.ToString());
        fields.Add(FieldCatalog.Session, e.Session);
        fields.Add(FieldCatalog.Principal, e.Principal);
        fields.Add(FieldCatalog.Client, e.Client);
        fields.Add(FieldCatalog.Server, e.Server);
        fields.Add(FieldCatalog.Name, e.Tool);
        fields.Add(FieldCatalog.Tool, e.Tool);
        fields.Add(FieldCatalog.Hash, e.Text);
    }

    public static void AppendText(EventData data, TermList terms)
    {
        switch (data)
        {
            case ToolPinned e:
                JsonTerms.Append(e.Content.Utf8.Span, terms);
                break;
            case ToolChanged e:
                JsonTerms.Append(e.Content.Utf8.Span, terms);
                break;
            case ChainFaultFound e:
                SearchTerms.Append(e.Detail, terms);
                break;
            case DamageAccepted e:
                SearchTerms.Append(e.Reason, terms);
                break;
            case SegmentDropped e:
                SearchTerms.Append(e.Reason, terms);
                break;
            case FindingRaised e:
                SearchTerms.Append(e.Explanation, terms);
                break;
            case FindingReviewed e:
                SearchTerms.Append(e.Note ?? "", terms);
                break;
            case PrincipalStopped e:
                SearchTerms.Append(e.Reason, terms);
                break;
            case PrincipalReleased e:
                SearchTerms.Append(e.Reason ?? "", terms);
                break;
            case AccessGranted e:
                SearchTerms.Append(e.Detail, terms);
                break;
            case LedgerDrifted e:
                SearchTerms.Append(e.Store, terms);
                SearchTerms.Append(e.Setting, terms);
                break;
            case WriterStarted e:
                SearchTerms.Append(e.Host, terms);
                SearchTerms.Append(e.Version, terms);
                SearchTerms.Append(e.Record, terms);
                break;
            case UnknownEvent e:
                JsonTerms.Append(e.Raw.Utf8.Span, terms);
                break;
            default:
                break;
        }
    }
}
