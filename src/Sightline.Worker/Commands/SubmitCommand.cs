using System.CommandLine;
using System.Globalization;
using System.Text;
using NATS.Client.Core;
using Sightline.Cli;
using Sightline.Cli.Captioning;
using Sightline.Cli.IO;
using Sightline.Cli.Output;
using Sightline.Cli.Pictures;
using Sightline.Worker.Queue;

namespace Sightline.Worker.Commands;

/// <summary><c>sightline-worker submit</c>: puts pictures into the queue.</summary>
internal static class SubmitCommand
{
    public static Command Create()
    {
        var settings = new QueueSettings();
        var pictures = new Argument<string[]>("pictures") { Description = "Files, folders or patterns, all below --root; - reads job lines from the standard input.", Arity = ArgumentArity.OneOrMore };
        var recursive = new Option<bool>("--recursive", "-r") { Description = "Also take the folders inside folders." };
        var verb = new Verb("submit", "Put pictures into the queue.")
        {
            Notes = """
                Examples:
                  sightline-worker submit /data/photos --recursive --root /data
                  sightline-worker submit - < pictures.jsonl

                A job line is what 'sightline filter' takes: a path, or an object with "image" or "bytes", and an "id". Only the
                path travels: workers find it below their own --root. The same picture given twice within two minutes is taken
                once; later, it is captioned again and still has one result.
                """,
        };
        verb.Add(pictures);
        verb.Add(recursive);
        verb.Add(settings.Root);
        settings.AddTo(verb);
        verb.Run(async (result, terminal, cancellationToken) =>
        {
            var arguments = result.GetValue(pictures)!;
            var jobs = arguments is [ImageArgument.StandardInput]
                ? Lines(Console.OpenStandardInput())
                : Files(arguments, result.GetValue(recursive), result.GetValue(settings.Root) ?? ".");
            await using var queue = await CaptionQueue.OpenAsync(settings.Read(result), cancellationToken);
            try
            {
                await SubmitAsync(queue, jobs, terminal, cancellationToken);
            }
            catch (NatsException e)
            {
                throw new SightlineException($"the queue does not take the jobs ({e.Message.TrimEnd('.')}); submit them again, what is there is not taken twice.", e);
            }

            return ExitCode.Done;
        });
        return verb;
    }

    private static async Task SubmitAsync(CaptionQueue queue, IEnumerable<(string Id, byte[] Line)> jobs, Terminal terminal, CancellationToken cancellationToken)
    {
        var (taken, known) = (0, 0);
        foreach (var (id, line) in jobs)
        {
            if (line.Length > queue.MaxPayload)
                throw new SightlineException($"{id}: the job has {line.Length} bytes, the server takes {queue.MaxPayload}; give a path in 'image', or raise max_payload of the server. {taken} jobs before it were taken.");
            if (await queue.SubmitAsync(id, line, cancellationToken))
                taken++;
            else
                known++;
        }

        terminal.WriteError($"sightline: {taken} jobs taken{(known > 0 ? $", {known} were there already" : "")}.");
    }

    private static IEnumerable<(string Id, byte[] Line)> Lines(Stream stream)
    {
        var lines = new LineReader(stream, "standard input", PictureLine.MostBytes);
        while (Next(lines) is { } line)
        {
            if (line.Length > 0)
                yield return (PictureLine.Parse($"line {lines.Number.ToString(CultureInfo.InvariantCulture)}", line).Id, line);
        }
    }

    private static byte[]? Next(LineReader lines) => lines.TryRead(out var line) ? line.ToArray() : null;

    private static IEnumerable<(string Id, byte[] Line)> Files(string[] arguments, bool recursive, string root)
    {
        foreach (var picture in ImageArguments.Expand(arguments, recursive))
        {
            if (picture.Problem is { } problem)
                throw new SightlineException($"{picture.Name}: {problem}.");
            var path = Path.GetRelativePath(root, picture.Name).Replace('\\', '/');
            if (Path.IsPathRooted(path) || path.StartsWith("../", StringComparison.Ordinal))
                throw new SightlineException($"{picture.Name}: lies outside {root}; --root names the folder that workers see.");
            yield return (path, Encoding.UTF8.GetBytes(JsonLine.Create(writer =>
            {
                writer.WriteString("id", path);
                writer.WriteString("image", path);
            })));
        }
    }
}
