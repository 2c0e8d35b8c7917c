using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Sightline.Data.Statistics;

/// <summary>What is in a data set: counts, lengths, flags, repetitions, and pictures that are in several splits.</summary>
public sealed class DatasetStatistics
{
    private DatasetStatistics(IReadOnlyList<SplitStatistics> splits, IReadOnlyList<string> shared, bool comparedBytes)
    {
        (Splits, SharedImages, ComparedBytes) = (splits, shared, comparedBytes);
    }

    /// <summary>The splits, in the order given.</summary>
    public IReadOnlyList<SplitStatistics> Splits { get; }

    /// <summary>One line for each picture that is in more than one split, by name or, where asked for, by its bytes.</summary>
    public IReadOnlyList<string> SharedImages { get; }

    /// <summary>Pictures were compared by their bytes, not by their names alone.</summary>
    public bool ComparedBytes { get; }

    /// <summary>Counts.</summary>
    /// <param name="splits">Names and data sets.</param>
    /// <param name="countTokens">The number of tokens of a caption, without start, end and padding; called from one thread.</param>
    /// <param name="options">What is counted; null for the defaults.</param>
    /// <exception cref="DatasetException">A picture whose bytes are compared cannot be read.</exception>
    public static DatasetStatistics Compute(
        IReadOnlyList<(string Name, CaptionDataset Dataset)> splits, Func<string, int> countTokens, StatisticsOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(splits);
        ArgumentNullException.ThrowIfNull(countTokens);
        options ??= new StatisticsOptions();
        options.Validate();
        return new DatasetStatistics(
            [.. splits.Select(split => Count(split.Name, split.Dataset, countTokens, options))], FindShared(splits, options.CompareImageBytes), options.CompareImageBytes);
    }

    /// <summary>Plain whole lines, to be read or spoken.</summary>
    public IEnumerable<string> ToLines()
    {
        const int MostShared = 10;
        foreach (var line in Splits.SelectMany(split => split.ToLines()))
            yield return line;
        if (Splits.Count < 2)
            yield break;
        var how = ComparedBytes ? "name or content" : "name";
        yield return SharedImages.Count == 0
            ? $"No picture is in more than one split by {how}."
            : $"{SharedImages.Count} pictures are in more than one split by {how}{(SharedImages.Count > MostShared ? $"; the first {MostShared}" : "")}:";
        foreach (var line in SharedImages.Take(MostShared))
            yield return $"  {line}";
    }

    /// <summary>The same numbers for a machine.</summary>
    public JsonObject ToJson() => new()
    {
        ["splits"] = new JsonArray([.. Splits.Select(split => split.ToJson())]),
        ["images_in_several_splits"] = new JsonArray([.. SharedImages.Select(line => JsonValue.Create(line))]),
        ["compared_image_bytes"] = ComparedBytes,
    };

    private static SplitStatistics Count(string name, CaptionDataset dataset, Func<string, int> countTokens, StatisticsOptions options)
    {
        var byImage = dataset.ExamplesByImage();
        var counts = dataset.Examples.CountBy(e => e.Caption, StringComparer.Ordinal).ToList();
        return new SplitStatistics
        {
            Name = name,
            Images = dataset.Images.Count,
            ImagesWithoutCaptions = byImage.Count(list => list.Count == 0),
            ImagesWithText = dataset.Images.Count(image => image.TextDetected),
            ImagesOnlyPrecanned = byImage.Count(list => list.Count > 0 && list.All(i => dataset.Examples[i].IsPrecanned)),
            Captions = dataset.Examples.Count,
            Precanned = dataset.Examples.Count(e => e.IsPrecanned),
            Rejected = dataset.Examples.Count(e => e.IsRejected),
            DistinctCaptions = counts.Count,
            RepeatedWithinImage = dataset.Examples.Count - dataset.Examples.DistinctBy(e => (e.Image, e.Caption)).Count(),
            RepeatedFileNames = dataset.Images.CountBy(image => image.FileName, StringComparer.Ordinal).Count(pair => pair.Value > 1),
            Tokens = LengthSummary.Of(dataset.Examples.Select(e => countTokens(e.Caption)), options.TokenLimits),
            MostFrequent =
            [
                .. counts.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).Take(options.MostFrequent)
                    .Select(pair => (pair.Key, pair.Value)),
            ],
            Report = dataset.Report,
        };
    }

    private static List<string> FindShared(IReadOnlyList<(string Name, CaptionDataset Dataset)> splits, bool compareBytes)
    {
        var lines = new List<string>();
        var firstByName = new Dictionary<string, string>(StringComparer.Ordinal);
        var firstByBytes = new Dictionary<string, (string Split, string FileName)>(StringComparer.Ordinal);
        foreach (var (name, dataset) in splits)
        {
            foreach (var image in dataset.Images)
            {
                var sameName = firstByName.TryGetValue(image.FileName, out var split) && split != name;
                if (split is null)
                    firstByName[image.FileName] = name;
                var digest = compareBytes && image.FilePath.Length > 0 ? Digest(image.FilePath) : null;
                (string Split, string FileName) first = default;
                var sameBytes = digest is not null && firstByBytes.TryGetValue(digest, out first) && first.Split != name;
                if (digest is not null)
                    firstByBytes.TryAdd(digest, (name, image.FileName));
                if (sameBytes)
                    lines.Add($"{image.FileName} in {name} has the same content as {first.FileName} in {first.Split}");
                else if (sameName)
                    lines.Add($"{image.FileName} in {name} has the same name as one in {split}");
            }
        }

        return lines;
    }

    private static string Digest(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            return Convert.ToHexString(SHA256.HashData(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"{path}: cannot be read ({e.Message})", e);
        }
    }
}
