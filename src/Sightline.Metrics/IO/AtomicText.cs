using System.Text;

namespace Sightline.Metrics.IO;

/// <summary>Writes files so that a reader sees the old one or the whole new one.</summary>
internal static class AtomicText
{
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    public static void Write(string path, byte[] bytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var temporary = $"{path}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
        try
        {
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            // Deleting in a folder that is not there throws, too, and would hide the reason.
            if (File.Exists(temporary))
                File.Delete(temporary);
            if (e is IOException or UnauthorizedAccessException)
                throw new MetricsException($"{path}: cannot be written ({e.Message.ReplaceLineEndings(" ")}).", e);
            throw;
        }
    }
}
