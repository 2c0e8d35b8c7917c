using System.Security.Cryptography;
using System.Text;

namespace Sightline.Hub;

/// <summary>
/// The hash that a file's ETag promises: SHA-256 for files of large-file storage, git's own for others (SHA-1 of <c>"blob SIZE\0"</c> and the content).
/// </summary>
internal sealed class BlobHash : IDisposable
{
    private readonly IncrementalHash? _hash;
    private readonly string _expected;
    private readonly bool _isGit;
    private readonly long _size;

    public BlobHash(string etag, long size)
    {
        (_expected, _size, _isGit) = (etag, size, etag.Length == 40);
        if (etag.Length is 40 or 64 && etag.All(char.IsAsciiHexDigitLower))
            _hash = IncrementalHash.CreateHash(_isGit ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);
        Reset();
    }

    /// <summary>Begins anew.</summary>
    public void Reset()
    {
        _hash?.TryGetHashAndReset(stackalloc byte[64], out _);
        if (_isGit)
            _hash?.AppendData(Encoding.ASCII.GetBytes($"blob {_size}\0"));
    }

    /// <summary>Takes the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes) => _hash?.AppendData(bytes);

    /// <summary>The hash of what was taken where it is not the promised one; null if it is, or if the ETag is no hash that a content could be held against.</summary>
    public string? Mismatch()
    {
        if (_hash is null)
            return null;
        var found = Convert.ToHexStringLower(_hash.GetCurrentHash());
        return found == _expected ? null : $"{(_isGit ? "git's SHA-1" : "SHA-256")} {found}";
    }

    public void Dispose() => _hash?.Dispose();
}
