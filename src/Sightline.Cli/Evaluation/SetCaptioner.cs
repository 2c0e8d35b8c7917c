using Sightline.Cli.Captioning;
using Sightline.Cli.Output;
using Sightline.Generation;

namespace Sightline.Cli.Evaluation;

/// <summary>Captions an annotated set: what a journal has already is not done again, what is new goes into it at once.</summary>
internal sealed class SetCaptioner(Captioner captioner, GenerationOptions options, CaptionPipelineOptions pipelineOptions, Terminal terminal)
{
    /// <summary>Captions every picture. Those that fail are reported and left out.</summary>
    /// <param name="pictures">The set.</param>
    /// <param name="journal">Where captions are kept; null: only in memory.</param>
    /// <param name="cancellationToken">Checked between tokens.</param>
    /// <returns>The captions by image id.</returns>
    public async Task<IReadOnlyDictionary<long, string>> RunAsync(IReadOnlyList<(long Id, ImageArgument Image)> pictures, CaptionJournal? journal, CancellationToken cancellationToken)
    {
        var captions = new Dictionary<long, string>();
        foreach (var (id, _) in pictures)
        {
            if (journal is not null && journal.Captions.TryGetValue(id, out var caption))
                captions[id] = caption;
        }

        if (captions.Count > 0)
            terminal.WriteError($"sightline: {captions.Count} of {pictures.Count} pictures were captioned by an earlier run ({journal!.Path}); continuing.");
        var open = pictures.Where(picture => !captions.ContainsKey(picture.Id)).ToList();
        var pipeline = new CaptionPipeline(captioner, options, pipelineOptions);
        await ProgressBar.RunAsync(terminal, "captions", open.Count, async step =>
        {
            await foreach (var result in pipeline.RunAsync(open, picture => picture.Image.Open(), cancellationToken))
            {
                var id = result.Item.Id;
                if (result.Caption is { } caption)
                {
                    captions[id] = caption.Text;
                    journal?.Add(id, caption.Text);
                }
                else
                {
                    terminal.WriteError($"sightline: {CaptionJson.ErrorMessage(result.Item.Image.Name, result.Error!)}");
                }

                step();
            }
        });
        return captions;
    }
}
