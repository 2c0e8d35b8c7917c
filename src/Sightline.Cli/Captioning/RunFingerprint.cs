using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sightline.Generation;

namespace Sightline.Cli.Captioning;

/// <summary>
/// A text that differs where captions of two runs do not belong together: another model, other settings. It is the same on every machine that has a copy
/// of the model.
/// </summary>
internal static class RunFingerprint
{
    private const int EndBytes = 1 << 16;

    /// <summary>The text.</summary>
    /// <param name="model">The model's folder; its files count by name, size, and their first and last 64 KiB.</param>
    /// <param name="options">Generation settings.</param>
    /// <param name="captionerOptions">The type of the weights, and how pictures are decoded.</param>
    /// <exception cref="ConfigurationException">The folder cannot be read.</exception>
    public static string Compute(string model, GenerationOptions options, CaptionerOptions captionerOptions)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(Encoding.UTF8.GetBytes($"{options}\n{captionerOptions.DType}\n{captionerOptions.ImageDecoding}\n"));
            foreach (var file in new DirectoryInfo(model).GetFiles().OrderBy(file => file.Name, StringComparer.Ordinal))
                Append(hash, file);
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{model}: cannot be read ({e.Message})", e);
        }
    }

    private static void Append(IncrementalHash hash, FileInfo file)
    {
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{file.Name} {file.Length}\n")));
        using var stream = file.OpenRead();
        var end = new byte[Math.Min(EndBytes, file.Length)];
        stream.ReadExactly(end);
        hash.AppendData(end);
        stream.Position = file.Length - end.Length;
        stream.ReadExactly(end);
        hash.AppendData(end);
    }
}
