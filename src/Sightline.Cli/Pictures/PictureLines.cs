using System.Globalization;
using System.Threading.Channels;
using Sightline.Cli.IO;

namespace Sightline.Cli.Pictures;

/// <summary>Pictures asked for by the lines of a stream that may pause for any time.</summary>
internal static class PictureLines
{
    /// <summary>The pictures as their lines come. A read that never ends does not hold up a cancellation: it is left behind.</summary>
    /// <exception cref="ConfigurationException">A line is too long.</exception>
    public static IAsyncEnumerable<Picture> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var lines = Channel.CreateBounded<Picture>(1);
        _ = Task.Factory.StartNew(() => Read(stream, lines.Writer, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return lines.Reader.ReadAllAsync(cancellationToken);
    }

    private static void Read(Stream stream, ChannelWriter<Picture> pictures, CancellationToken cancellationToken)
    {
        try
        {
            var lines = new LineReader(stream, "standard input", PictureLine.MostBytes);
            while (lines.TryRead(out var line))
            {
                if (line.IsEmpty)
                    continue;
                var picture = PictureLine.Parse($"line {lines.Number.ToString(CultureInfo.InvariantCulture)}", line);
                pictures.WriteAsync(picture, cancellationToken).AsTask().GetAwaiter().GetResult();
            }

            pictures.TryComplete();
        }
        catch (Exception e)
        {
            pictures.TryComplete(e);
        }
    }
}
