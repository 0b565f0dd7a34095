using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace McpLedger.Gateway.Upstreams;

/// <summary>Picks a destination by YARP's policies. Load is counted here, because YARP counts only what its own forwarder sends.</summary>
internal sealed class Balancer
{
    private readonly ConditionalWeakTable<DestinationState, Load> _loads = [];
    private readonly ConditionalWeakTable<ClusterState, Turn> _turns = [];

    /// <summary>The counter of requests in flight to a destination.</summary>
    public Load LoadOf(DestinationState destination) => _loads.GetOrCreateValue(destination);

    /// <summary>Picks among those that are up and were not tried.</summary>
    /// <param name="cluster">The server.</param>
    /// <param name="policy">Name of the policy.</param>
    /// <param name="bound">The destination that holds the session; null for free choice.</param>
    /// <param name="tried">Destinations that could not be reached for this request; null for none.</param>
    /// <returns>Null when none is left.</returns>
    public DestinationState? Pick(ClusterState cluster, string policy, string? bound, HashSet<string>? tried)
    {
        if (bound is not null)
        {
            return cluster.Destinations.TryGetValue(bound, out var holder) && tried?.Contains(bound) != true ? holder : null;
        }

        var up = cluster.DestinationsState.AvailableDestinations;
        if (tried is not null)
        {
            up = [.. up.Where(destination => !tried.Contains(destination.DestinationId))];
        }

        return up.Count switch
        {
            0 => null,
            1 => up[0],
            _ => PickOfMany(cluster, policy, up),
        };
    }

    [SuppressMessage("Security", "CA5394:Do not use insecure randomness", Justification = "Spreads load; nobody gains by predicting it.")]
    private DestinationState PickOfMany(ClusterState cluster, string policy, IReadOnlyList<DestinationState> up) =>
        policy == LoadBalancingPolicies.FirstAlphabetical ? up.MinBy(destination => destination.DestinationId, StringComparer.OrdinalIgnoreCase)!
        : policy == LoadBalancingPolicies.Random ? up[Random.Shared.Next(up.Count)]
        : policy == LoadBalancingPolicies.RoundRobin ? up[(int)(_turns.GetOrCreateValue(cluster).Next() % (uint)up.Count)]
        : policy == LoadBalancingPolicies.LeastRequests ? up.MinBy(destination => LoadOf(destination).Count)!
        : PickOfTwo(up);

    [SuppressMessage("Security", "CA5394:Do not use insecure randomness", Justification = "Spreads load; nobody gains by predicting it.")]
    private DestinationState PickOfTwo(IReadOnlyList<DestinationState> up)
    {
        var first = Random.Shared.Next(up.Count);
        var second = Random.Shared.Next(up.Count - 1);
        second += second >= first ? 1 : 0;
        return LoadOf(up[first]).Count <= LoadOf(up[second]).Count ? up[first] : up[second];
    }

    /// <summary>Requests in flight to one destination.</summary>
    internal sealed class Load
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Enter() => Interlocked.Increment(ref _count);

        public void Leave() => Interlocked.Decrement(ref _count);
    }

    private sealed class Turn
    {
        private uint _turn;

        public uint Next() => Interlocked.Increment(ref _turn);
    }
}
