using ScottPlot;
using Sightline.IO;

namespace Sightline.Training.Cli.Demo;

/// <summary>The loss over the run as a picture; the page tells it in words too.</summary>
internal static class LossCurve
{
    public static void Write(string path, IReadOnlyList<LossRow> losses)
    {
        using var plot = new Plot();
        var training = losses.Where(row => !row.IsEvaluation).ToList();
        plot.Add.Scatter(training.Select(row => (double)row.Step).ToArray(), training.Select(row => row.Losses.Masked).ToArray());
        plot.Axes.SetLimitsY(0, training.Max(row => row.Losses.Masked));
        AtomicFile.WriteAllBytes(path, plot.GetImageBytes(800, 400, ImageFormat.Png));
    }
}
