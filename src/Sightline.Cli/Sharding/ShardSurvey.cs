using System.Security.Cryptography;
using System.Text;
using Sightline.Cli.Pictures;

namespace Sightline.Cli.Sharding;

/// <summary>The pictures of one part, and what identifies the set it is a part of.</summary>
/// <param name="Ids">The part's pictures, in order.</param>
/// <param name="Input">A hash over the ids of the whole set, in order.</param>
/// <param name="Total">Pictures of the whole set.</param>
internal sealed record ShardSurvey(IReadOnlyList<string> Ids, string Input, long Total)
{
    /// <summary>Goes through the whole set once; no picture is opened.</summary>
    /// <exception cref="ConfigurationException">The set cannot be listed, is empty, or an id of the part occurs twice.</exception>
    public static ShardSurvey Take(IEnumerable<Picture> pictures, Shard shard, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var (ids, known, total) = (new List<string>(), new HashSet<string>(StringComparer.Ordinal), 0L);
        foreach (var picture in pictures)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(Encoding.UTF8.GetBytes(picture.Id + "\n"));
            if (!shard.Takes(total++))
                continue;
            if (!known.Add(picture.Id))
                throw new ConfigurationException($"the id '{picture.Id}' occurs twice among the pictures; give each its own.");
            ids.Add(picture.Id);
        }

        return total > 0 ? new ShardSurvey(ids, Convert.ToHexStringLower(hash.GetHashAndReset()), total) : throw new ConfigurationException("there are no pictures.");
    }
}
