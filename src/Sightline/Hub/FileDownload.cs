using System.Net;

namespace Sightline.Hub;

/// <summary>
/// Fetches one file into the cache: into <c>blobs/HASH.incomplete</c>, from where an earlier try stopped; checked by size and hash; then renamed.
/// </summary>
/// <param name="client">The hub.</param>
/// <param name="cache">The cache.</param>
/// <param name="name">The model.</param>
/// <param name="commit">Its commit.</param>
/// <param name="file">The file.</param>
/// <param name="progress">Gets the number of bytes that are here.</param>
internal sealed class FileDownload(HubClient client, HubCache cache, HubModelName name, string commit, HubFile file, Action<long> progress)
{
    private const string Suffix = ".incomplete";
    private const int BufferSize = 1 << 17;

    // A try that brings this much is no failed one.
    private const long EnoughProgress = 8 << 20;

    private readonly string _blob = cache.Blob(name, file.ETag);

    /// <summary>Fetches the file unless its content is in the cache.</summary>
    /// <returns>Whether the blob is new.</returns>
    /// <exception cref="HubException">It did not arrive, or not as it was announced; what was right stays for the next try.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        if (IsThere())
            return false;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_blob)!);
            using var mutex = await HubLock.AcquireAsync(cache.LockFile(name, file.ETag), cancellationToken).ConfigureAwait(false);
            if (IsThere()) // another process fetched it meanwhile
                return false;
            await FetchAsync(cancellationToken).ConfigureAwait(false);
            File.Move(_blob + Suffix, _blob, overwrite: true);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new HubException($"{name}: {file.Name} cannot be written into the cache {cache.Folder} ({Checkpoints.MessageText.Clean(e.Message, 300).TrimEnd('.')}).", e);
        }
    }

    private bool IsThere()
    {
        if (!File.Exists(_blob) || new FileInfo(_blob).Length != file.Size)
            return false;
        progress(file.Size);
        return true;
    }

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        using var hash = new BlobHash(file.ETag, file.Size);
        await using var output = new FileStream(_blob + Suffix, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        var earlier = await TakeUpAsync(output, hash, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            await CompleteAsync(output, hash, cancellationToken).ConfigureAwait(false);
            var mismatch = hash.Mismatch();
            if (mismatch is null)
                break;
            Restart(output, hash); // nothing of it can be trusted
            if (earlier == 0)
                throw new HubException($"{name}: {file.Name} arrived with {mismatch}; the hub announced {file.ETag}. It was thrown away; try again, and if that does not help, tell the model's owner.");
            earlier = 0; // what an earlier try left may have been the damaged part
        }

        output.Flush(flushToDisk: true);
    }

    // What an earlier try left counts, once it has gone through the hash.
    private async Task<long> TakeUpAsync(FileStream output, BlobHash hash, CancellationToken cancellationToken)
    {
        if (output.Length > file.Size)
            output.SetLength(0);
        CheckSpace(file.Size - output.Length);
        var buffer = new byte[BufferSize];
        while (await output.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
            hash.Append(buffer.AsSpan(0, count));
        progress(output.Position);
        return output.Position;
    }

    private async Task CompleteAsync(FileStream output, BlobHash hash, CancellationToken cancellationToken)
    {
        for (var attempt = 1; output.Position < file.Size; attempt++)
        {
            var start = output.Position;
            try
            {
                await ReceiveAsync(output, hash, cancellationToken).ConfigureAwait(false);
                if (output.Position == file.Size)
                    return;
                throw new HttpIOException(HttpRequestError.ResponseEnded, "the answer ended early");
            }
            catch (Exception e) when (e is not DiskException && HubTransport.IsBreak(e, cancellationToken))
            {
                if (output.Position - start >= EnoughProgress)
                    attempt = 0;
                else if (attempt == HubTransport.MaxTries)
                    throw new HubException($"{name}: {file.Name} broke off {attempt} times, {output.Position} of {file.Size} bytes are here ({HubTransport.Reason(e)}); the next try goes on from there.", e);
                await client.Transport.PauseAsync(Math.Max(attempt, 1), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // One answer, as much of it as comes, and never a byte more than announced.
    private async Task ReceiveAsync(FileStream output, BlobHash hash, CancellationToken cancellationToken)
    {
        using var response = await client.OpenAsync(name, commit, file.Name, output.Position, cancellationToken).ConfigureAwait(false);
        if (output.Position > 0 && (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange is not { From: { } from } || from != output.Position))
        {
            Restart(output, hash); // the server cannot go on in the middle
            if (response.StatusCode is HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable)
                return;
        }

        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
            throw new HubException($"{name}: {file.Name} came with status {(int)response.StatusCode}; is HF_ENDPOINT a hub?");
        var missing = file.Size - output.Position;
        if (response.Content.Headers.ContentLength is { } length && length != missing)
            throw new HubException($"{name}: {file.Name} was announced with {file.Size} bytes, but {length} are sent where {missing} are missing; nothing of it was taken.");
        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var buffer = new byte[BufferSize];
        while (await client.Transport.ReadAsync(body, buffer, cancellationToken).ConfigureAwait(false) is > 0 and var count)
        {
            if (count > file.Size - output.Position)
            {
                Restart(output, hash);
                throw new HubException($"{name}: {file.Name} was announced with {file.Size} bytes, but more are sent; it was thrown away.");
            }

            Write(output, buffer.AsSpan(0, count));
            hash.Append(buffer.AsSpan(0, count));
            progress(output.Position);
        }
    }

    private void Restart(FileStream output, BlobHash hash)
    {
        output.SetLength(0);
        output.Position = 0;
        hash.Reset();
        progress(0);
    }

    private static void Write(FileStream output, ReadOnlySpan<byte> bytes)
    {
        try
        {
            output.Write(bytes);
        }
        catch (IOException e)
        {
            throw new DiskException(e);
        }
    }

    private void CheckSpace(long bytes)
    {
        long free;
        try
        {
            free = new DriveInfo(cache.Folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return; // not known; the disk will tell
        }

        if (bytes > free)
            throw new HubException($"{name}: {file.Name} needs {bytes} more bytes, {free} are free at {cache.Folder}; make room, or set HF_HUB_CACHE to a folder on another disk.");
    }

    /// <summary>The disk failed, not the network.</summary>
    private sealed class DiskException(IOException cause) : IOException(cause.Message, cause);
}
