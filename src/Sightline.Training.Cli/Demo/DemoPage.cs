using System.Globalization;
using System.Net;
using System.Text;
using Sightline.Imaging;
using Sightline.IO;
using Sightline.Training.Cli.Output;

namespace Sightline.Training.Cli.Demo;

/// <summary>One page that opens offline: what was learned, in words, a table and pictures with their captions.</summary>
internal static class DemoPage
{
    private const int PicturesShown = 60;

    private const string Style = """
        body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }
        table { border-collapse: collapse; } th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid; }
        ul.pictures { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1rem; }
        ul.pictures img { width: 8rem; height: 8rem; image-rendering: pixelated; display: block; }
        .verdict { font-weight: bold; }
        """;

    public static void Write(string path, DemoOptions options, DemoData data, IReadOnlyList<LossRow> losses, IReadOnlyList<(string What, int True, int Count)> rows,
        IReadOnlyList<JudgedCaption> val, IReadOnlyList<JudgedCaption> heldout)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Sightline: what the demonstration learned</title><style>{Style}</style></head>
            <body>
            <main>
            <h1>What the demonstration learned</h1>
            <p>A small ViT-GPT2 learned from {data.Train.Length:N0} made-up pictures of coloured shapes in {options.Steps:N0} updates, starting from nothing (seed {options.Seed}).
            Every caption below was given by the fresh checkpoint for a picture it had never seen, and judged true or false of its scene by a rule.</p>
            <h2>True captions</h2>
            <table>
            <thead><tr><th scope="col">Pictures</th><th scope="col">True</th><th scope="col">Of</th><th scope="col">Share</th></tr></thead>
            <tbody>

            """);
        foreach (var (what, right, count) in rows)
            html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{Encode(what)}</th><td>{right}</td><td>{count}</td><td>{(double)right / count:P0}</td></tr>\n");
        var training = losses.Where(row => !row.IsEvaluation).ToList();
        html.Append(CultureInfo.InvariantCulture, $"""
            </tbody>
            </table>
            <h2>Learning</h2>
            <p>The loss per token fell from {training[0].Losses.Masked:F2} (first {training[0].Step} updates) to {training[^1].Losses.Masked:F2} (last ones); on new pictures it is {losses[^1].Losses.Masked:F2}.
            With padding counted, as the model card counts, the same model has {losses[^1].Losses.Pad:F2}.</p>
            {LossCurve.ToSvg(losses)}
            <h2>New pictures</h2>

            """);
        AppendPictures(html, data, val);
        html.Append("<h2>Colour and shape never seen together</h2>\n<p>Not solved in minutes: the decoder's habit wins.</p>\n");
        AppendPictures(html, data, heldout);
        html.Append("</main>\n</body>\n</html>\n");
        AtomicFile.WriteAllText(path, html.ToString());
    }

    private static void AppendPictures(StringBuilder html, DemoData data, IReadOnlyList<JudgedCaption> captions)
    {
        html.Append("<ul class=\"pictures\">\n");
        foreach (var (picture, caption, isTrue) in captions.Take(PicturesShown))
        {
            var png = Convert.ToBase64String(PngPicture.Encode(new RgbImage(data.Options.Size, data.Options.Size, picture.Pixels)));
            html.Append(CultureInfo.InvariantCulture, $"<li><img alt=\"{Encode(picture.Captions[0])}\" src=\"data:image/png;base64,{png}\"><p>{Encode(caption.Text)} <span class=\"verdict\">{(isTrue ? "True." : "False.")}</span></p></li>\n");
        }

        html.Append("</ul>\n");
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
