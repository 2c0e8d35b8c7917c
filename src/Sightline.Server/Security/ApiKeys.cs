using System.Security.Cryptography;
using System.Text;
using Sightline.Server.Configuration;

namespace Sightline.Server.Security;

/// <summary>The keys that clients may show. Only hashes are kept.</summary>
internal sealed class ApiKeys
{
    private readonly byte[][] _hashes;

    public ApiKeys(Microsoft.Extensions.Options.IOptions<ServerOptions> options) =>
        _hashes = [.. Read(options.Value).Select(Hash)];

    /// <summary>Whether a key is needed.</summary>
    public bool Any => _hashes.Length > 0;

    /// <summary>Whether the key is one of them. Takes the same time for every wrong key.</summary>
    public bool Contains(string key)
    {
        var hash = Hash(key);
        var found = false;
        foreach (var known in _hashes)
            found |= CryptographicOperations.FixedTimeEquals(hash, known);
        return found;
    }

    /// <summary>The keys of the options and of their file.</summary>
    public static IEnumerable<string> Read(ServerOptions options) =>
        options.ApiKeys.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Concat(options.ApiKeysFile.Length > 0 ? File.ReadAllLines(options.ApiKeysFile).Select(line => line.Trim()).Where(line => line.Length > 0) : []);

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
