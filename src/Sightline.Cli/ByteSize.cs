using System.Globalization;

namespace Sightline.Cli;

/// <summary>Sizes as people write them.</summary>
internal static class ByteSize
{
    private static readonly (string Unit, long Bytes)[] s_units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1), ("", 1),
    ];

    /// <summary>Reads e.g. <c>500MB</c>, <c>5GB</c> (powers of 1000, as Transformers has it) or <c>2GiB</c> (powers of 1024); null for anything else and for sizes below one byte.</summary>
    public static long? TryParse(string text)
    {
        var (unit, bytes) = s_units.First(candidate => text.EndsWith(candidate.Unit, StringComparison.OrdinalIgnoreCase));
        var isNumber = decimal.TryParse(text.AsSpan(0, text.Length - unit.Length).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number);
        return isNumber && number < long.MaxValue / bytes && number * bytes >= 1 ? (long)(number * bytes) : null;
    }

    /// <summary>The size for people: <c>1.4 MB</c>, powers of 1000.</summary>
    public static string Show(long bytes)
    {
        if (bytes < 1000)
            return $"{bytes} bytes";
        var (unit, size) = s_units.Where(candidate => candidate.Unit is "KB" or "MB" or "GB" or "TB" && bytes >= candidate.Bytes).MaxBy(candidate => candidate.Bytes);
        return string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / size:0.#} {unit}");
    }
}
