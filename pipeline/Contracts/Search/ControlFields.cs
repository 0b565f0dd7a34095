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
            case AccessGranted e:
                fields.Add(FieldCatalog.Actor, e.Actor);
                fields.Add(FieldCatalog.Action, e.Action);
                break;
            default:
                break;
        }
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
