namespace Sightline.Hub;

/// <summary>
/// A lock between processes on a file, as Python's <c>filelock</c> takes it: <c>flock</c> on Unix (which is what .NET does for
/// <see cref="FileShare.None"/>), a file opened for one alone on Windows. It ends with the process.
/// </summary>
internal sealed class HubLock : IDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);
    private readonly FileStream _file;

    private HubLock(FileStream file) => _file = file;

    /// <summary>Takes the lock, after whoever has it.</summary>
    public static async Task<HubLock> AcquireAsync(string path, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        while (true)
        {
            try
            {
                var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
                if (File.Exists(path))
                    return new HubLock(file);
                file.Dispose(); // whoever had the lock has removed the file
            }
            catch (IOException e) when (IsTaken(e))
            {
                await Task.Delay(s_pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Lets the lock go; the file stays, as it does in Python on Unix.</summary>
    public void Dispose() => _file.Dispose();

    // EWOULDBLOCK of Linux and of macOS, ERROR_SHARING_VIOLATION of Windows.
    private static bool IsTaken(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);
}
