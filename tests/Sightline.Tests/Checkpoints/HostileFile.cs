using Sightline.Checkpoints;
using Xunit;

namespace Sightline.Tests.Checkpoints;

/// <summary>Judges how a damaged or hostile file is received: one line of <see cref="CheckpointException"/>, and memory in proportion to the file.</summary>
internal static class HostileFile
{
    private const long FixedBytes = 64 << 20;
    private const long BytesPerByte = 64;

    /// <summary>Opens what must not open.</summary>
    public static string Refuse(string path, params ReadOnlySpan<string> expected)
    {
        var message = TryReadAll(path);
        Assert.True(message is not null, $"{path} was accepted");
        foreach (var part in expected)
            Assert.Contains(part, message, StringComparison.Ordinal);
        return message;
    }

    /// <summary>Opens a file or folder and reads every tensor.</summary>
    /// <returns>The line of the error, or null where it could be read.</returns>
    public static string? TryReadAll(string path)
    {
        var size = File.Exists(path) ? new FileInfo(path).Length : new DirectoryInfo(path).EnumerateFiles().Sum(file => file.Length);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var message = Read(path);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= FixedBytes + BytesPerByte * size, $"{allocated} bytes were allocated for a file of {size}: {message}");
        if (message is not null)
        {
            Assert.True(message.AsSpan().IndexOfAny("\r\n\u2028\0") < 0, message);
            Assert.InRange(message.Length, 20, 2000 + path.Length);
        }

        return message;
    }

    private static string? Read(string path)
    {
        try
        {
            using var source = Checkpoint.Open(path);
            foreach (var name in source.Tensors.Keys)
            {
                var bytes = source.GetBytes(name);
                Assert.Equal(source.Tensors[name].ElementCount * source.Tensors[name].DType.Size(), bytes.Length);
                var sum = 0;
                foreach (var value in bytes)
                    sum += value; // touches every page
                Assert.True(sum >= 0 || bytes.Length > 8 << 20);
            }

            return null;
        }
        catch (CheckpointException e)
        {
            return e.Message;
        }
    }
}
