using System.CommandLine;
using System.Text;
using Sightline.Cli.Sharding;
using Sightline.IO;

namespace Sightline.Cli.Commands;

/// <summary><c>sightline merge</c>: the results of all parts as one, if every picture has one.</summary>
internal static class MergeCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "The folder that 'sightline caption --out' has written." };
        var output = new Option<string?>("--out", "-o") { Description = "Write into this file instead of the standard output.", HelpName = "RESULTS.jsonl" };
        var verb = new Verb("merge", "Give the results of all parts of a set as one, in the order of the set.")
        {
            Notes = """
                Examples:
                  sightline merge captions > captions.jsonl
                  sightline merge captions --out captions.jsonl

                Everything is checked before the first line is written: all parts finished, made from the same pictures with
                the same settings, every picture once. Otherwise one line says what is missing, and the exit code is 1.
                """,
        };
        verb.Add(folder);
        verb.Add(output);
        verb.Run((result, terminal, cancellationToken) =>
        {
            var merge = new ShardMerge(new ShardFolder(result.GetRequiredValue(folder)));
            merge.Check();
            if (result.GetValue(output) is { } file)
            {
                AtomicFile.Write(file, stream => merge.Write(line =>
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    stream.Write(line);
                    stream.WriteByte((byte)'\n');
                }));
            }
            else
            {
                merge.Write(line =>
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    terminal.WriteLine(Encoding.UTF8.GetString(line));
                });
            }

            terminal.WriteError($"sightline: {merge.Pictures} pictures, {merge.Errors} of them with an error.");
            return ExitCode.Done;
        });
        return verb;
    }
}
