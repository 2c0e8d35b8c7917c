using System.Globalization;
using System.Text;

namespace Sightline.Training.Cli.Output;

/// <summary>The loss over the run as SVG, which a browser renders with its own fonts; the page tells it in words too.</summary>
internal static class LossCurve
{
    private const int Width = 800;
    private const int Height = 360;
    private const int Left = 60;
    private const int Bottom = 50;
    private const int Top = 20;
    private const int Right = 20;

    /// <summary>A picture of the training losses per token.</summary>
    public static string ToSvg(IReadOnlyList<LossRow> losses)
    {
        var rows = losses.Where(row => !row.IsEvaluation).ToList();
        var (lastStep, highest) = (rows[^1].Step, rows.Max(row => row.Losses.Masked));
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" role="img" aria-labelledby="curve-title" font-family="sans-serif" font-size="14" fill="currentColor">
            <title id="curve-title">Training loss per token: {rows[0].Losses.Masked:F2} at step {rows[0].Step}, {rows[rows.Count / 2].Losses.Masked:F2} at step {rows[rows.Count / 2].Step}, {rows[^1].Losses.Masked:F2} at step {lastStep}</title>

            """);
        for (var i = 0; i <= 4; i++)
        {
            var (loss, step) = (highest * i / 4, lastStep * i / 4);
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(loss):F1}\" y2=\"{Y(loss):F1}\" stroke=\"currentColor\" stroke-opacity=\".25\"/>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{Y(loss) + 5:F1}\" text-anchor=\"end\">{loss:F1}</text>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(step):F1}\" y=\"{Height - Bottom + 20}\" text-anchor=\"middle\">{step}</text>\n");
        }

        var points = string.Join(' ', rows.Select(row => string.Create(CultureInfo.InvariantCulture, $"{X(row.Step):F1},{Y(row.Losses.Masked):F1}")));
        svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{points}\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2\"/>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{(Width + Left) / 2}\" y=\"{Height - 8}\" text-anchor=\"middle\">updates</text>\n<text x=\"{Left}\" y=\"{Top - 6}\">loss per token, nats</text>\n</svg>\n");
        return svg.ToString();

        double X(double step) => Left + (step / lastStep * (Width - Left - Right));
        double Y(double loss) => Height - Bottom - (loss / highest * (Height - Bottom - Top));
    }
}
