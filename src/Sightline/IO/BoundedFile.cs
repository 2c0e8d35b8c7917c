namespace Sightline.IO;

/// <summary>Reads whole files whose size is checked before anything is allocated.</summary>
public static class BoundedFile
{
    /// <summary>Reads a file into memory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">The largest size accepted, in bytes.</param>
    /// <exception cref="ConfigurationException">The file is larger than <paramref name="maxBytes"/>.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static byte[] ReadAllBytes(string path, long maxBytes)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var length = stream.Length;
        if (length > maxBytes)
            throw new ConfigurationException($"{path}: {length} bytes; at most {maxBytes} are read. Is this the right file?");
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
