using System.Net;
using System.Net.Sockets;

namespace Sightline.Server.Security;

/// <summary>Tells public internet addresses from those of this machine and of private and special networks (IANA special-purpose registries).</summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] s_notPublic =
    [
        .. ((string[])[
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        ]).Select(text => IPNetwork.Parse(text)),
    ];

    private static readonly IPNetwork s_globalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Whether the address belongs to the public internet. Addresses that carry an IPv4 address inside (6to4, NAT64, Teredo) do not count.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return (address.AddressFamily == AddressFamily.InterNetwork || s_globalUnicast.Contains(address))
            && !s_notPublic.Any(network => network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address));
    }
}
