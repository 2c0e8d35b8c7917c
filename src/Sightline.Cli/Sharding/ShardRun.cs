using System.Text;
using Sightline.Cli.IO;
using Sightline.Cli.Output;
using Sightline.Cli.Pictures;
using Sightline.IO;

namespace Sightline.Cli.Sharding;

/// <summary>
/// Captions one part of a set into a folder that all parts share. What is there already is not made again: neither a finished part, nor the results of a
/// run that was killed, nor those of a finished part whose set has grown since.
/// </summary>
internal sealed class ShardRun(ShardFolder folder, Shard shard, IEnumerable<Picture> pictures, string settings, Terminal terminal)
{
    /// <summary>Try pictures again that have an error.</summary>
    public bool RetriesErrors { get; init; }

    /// <summary>Write everything that is known of a caption.</summary>
    public bool IsDetailed { get; init; }

    /// <summary>Captions what is missing, and finishes the part.</summary>
    /// <param name="start">Loads the model; only called if a picture is missing.</param>
    /// <param name="cancellationToken">Checked between tokens.</param>
    /// <exception cref="ConfigurationException">The folder holds other results, or cannot be used.</exception>
    public async Task RunAsync(Func<CaptionPipeline> start, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder.Path);
        var other = folder.Shards().FirstOrDefault(each => each.Count != shard.Count, shard);
        if (other.Count != shard.Count)
            throw new ConfigurationException($"{folder.Path}: holds results of {other.Count} parts, this is one of {shard.Count}; name another --out, or use --shard i/{other.Count}.");
        var survey = ShardSurvey.Take(pictures, shard, cancellationToken);
        if (IsFinished(survey))
        {
            terminal.WriteError($"sightline: part {shard}: {survey.Ids.Count} pictures, all done by an earlier run ({folder.Results(shard)}).");
            return;
        }

        ContinueFinished();
        using var journal = new ShardJournal(folder.Partial(shard), settings);
        var open = survey.Ids.Where(id => !journal.TryGet(id, out var isError) || (isError && RetriesErrors)).ToHashSet(StringComparer.Ordinal);
        if (open.Count < survey.Ids.Count)
            terminal.WriteError($"sightline: part {shard}: {survey.Ids.Count - open.Count} of {survey.Ids.Count} pictures were done by an earlier run; continuing.");
        if (open.Count > 0)
            await CaptionAsync(start(), journal, open, cancellationToken);
        Finish(journal, survey);
    }

    private bool IsFinished(ShardSurvey survey) =>
        Recorded() is { } record && record.Input == survey.Input && !(RetriesErrors && record.Errors > 0) && !File.Exists(folder.Partial(shard));

    private ShardRecord? Recorded()
    {
        if (!File.Exists(folder.Results(shard)) || ShardRecord.Load(folder.Record(shard)) is not { } record)
            return null;
        return record.Settings == settings ? record
            : throw new ConfigurationException($"{folder.Results(shard)}: made with another model or other settings; name another --out, or delete the folder to caption every picture again.");
    }

    // A finished part becomes the beginning of one that is not, in one step: whenever this is interrupted, its results are kept.
    private void ContinueFinished()
    {
        if (File.Exists(folder.Partial(shard)) || Recorded() is null)
            return;
        using var results = new FileStream(folder.Results(shard), FileMode.Open, FileAccess.Read, FileShare.Read);
        AtomicFile.Write(folder.Partial(shard), stream =>
        {
            stream.Write(Encoding.UTF8.GetBytes(LineJournal.Header(settings) + "\n"));
            results.CopyTo(stream);
        });
    }

    private async Task CaptionAsync(CaptionPipeline pipeline, ShardJournal journal, HashSet<string> open, CancellationToken cancellationToken)
    {
        await ProgressBar.RunAsync(terminal, "captions", open.Count, async step =>
        {
            await foreach (var outcome in pipeline.RunAsync(pictures.Where((picture, i) => shard.Takes(i) && open.Contains(picture.Id)), picture => picture.Open(), cancellationToken))
            {
                var id = outcome.Item.Id;
                journal.Add(id, CaptionJson.Line(id, outcome, IsDetailed), outcome.Error is not null);
                if (outcome.Error is { } error)
                    terminal.WriteError($"sightline: {CaptionJson.ErrorMessage(id, error)}");
                step();
            }
        });
    }

    private void Finish(ShardJournal journal, ShardSurvey survey)
    {
        var (missing, errors) = (0, 0);
        foreach (var id in survey.Ids)
        {
            missing += journal.TryGet(id, out var isError) ? 0 : 1;
            errors += isError ? 1 : 0;
        }

        if (missing > 0)
            throw new ConfigurationException($"{missing} pictures vanished from the list while the part was done; run it again.");
        new ShardRecord(settings, survey.Input, survey.Total, survey.Ids.Count, errors).Save(folder.Record(shard));
        journal.Save(folder.Results(shard), survey.Ids);
        journal.Delete();
        terminal.WriteError($"sightline: part {shard}: {survey.Ids.Count} pictures done, {errors} of them with an error; {folder.Results(shard)}.");
    }
}
