using System.Formats.Tar;
using Sightline.Cli.Captioning;
using Sightline.Imaging;

namespace Sightline.Cli.Pictures;

/// <summary>The pictures in a tar as WebDataset packs them. What lies beside a picture (its text, its data) is passed over.</summary>
internal static class PictureTar
{
    /// <summary>The pictures, called <c>name-of-the-tar/name-inside</c>. Only headers are read; a picture's bytes are when it is opened.</summary>
    /// <exception cref="ConfigurationException">The file is no tar, damaged, or cannot be read.</exception>
    public static IEnumerable<Picture> Read(string path)
    {
        using var stream = Guard(path, () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read));
        using var reader = new TarReader(stream);
        var name = Path.GetFileName(path);
        while (Guard(path, () => reader.GetNextEntry()) is { } entry)
        {
            if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !ImageArguments.IsPicture(entry.Name) || Path.GetFileName(entry.Name).StartsWith('.'))
                continue;
            var (id, offset, length) = ($"{name}/{entry.Name}", entry.DataOffset, entry.Length);
            yield return new Picture(id, () => ImageInput.FromBytes(ReadPart(path, id, offset, length), id));
        }
    }

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or FormatException or ArgumentException or NotSupportedException)
        {
            throw new ConfigurationException($"{path}: cannot be read as a tar ({e.Message.TrimEnd('.')}); pack it again or leave it out.", e);
        }
    }

    private static byte[] ReadPart(string path, string id, long offset, long length)
    {
        if (length > ImageDecodeOptions.Default.MaxBytes)
            throw new ImageDecodeException($"{id}: {length} bytes; at most {ImageDecodeOptions.Default.MaxBytes} are read. Make the picture smaller.");
        try
        {
            using var handle = File.OpenHandle(path);
            if (offset + length > RandomAccess.GetLength(handle))
                throw new ImageDecodeException($"{id}: the tar is cut off inside this picture; get a complete copy of {path}.");
            var bytes = new byte[length];
            for (int at = 0, read; at < bytes.Length; at += read)
            {
                read = RandomAccess.Read(handle, bytes.AsSpan(at), offset + at);
                if (read == 0)
                    throw new EndOfStreamException("the file became shorter");
            }

            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageDecodeException($"{id}: cannot be read ({e.Message})", e);
        }
    }
}
