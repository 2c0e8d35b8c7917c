using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sightline.Verification;

namespace Sightline.Training.Cli.Verification;

/// <summary>The tolerances that <c>training/manifest.json</c> states in its words.</summary>
internal sealed partial class TrajectoryTolerances
{
    public TrajectoryTolerances(JsonObject manifest)
    {
        var text = manifest["recommended_tolerance"]!.GetValue<string>();
        var parts = text.Split(", ");
        Loss = Tolerance.Parse(Part("micro loss"));
        EarlyLoss = new Tolerance(Number(EarlySteps(), text), 0, $"abs {EarlySteps().Match(text).Groups[1].Value} in the first 10 steps");
        GradientNorm = Tolerance.Parse(Part("grad norm"));
        LearningRate = Tolerance.Parse(Part("learning rate"));
        _weightFactor = Number(WeightRule(), text);
        _weightLeast = double.Parse(WeightRule().Match(text).Groups[2].Value, CultureInfo.InvariantCulture);

        string Part(string name) => parts.FirstOrDefault(part => part.StartsWith(name, StringComparison.Ordinal)) ?? throw Unknown(text);
    }

    private readonly double _weightFactor;
    private readonly double _weightLeast;

    /// <summary>Of a micro-batch's loss.</summary>
    public Tolerance Loss { get; }

    /// <summary>The same in the first 10 steps.</summary>
    public Tolerance EarlyLoss { get; }

    public Tolerance GradientNorm { get; }

    public Tolerance LearningRate { get; }

    /// <summary>A loss in <c>log_history</c>: it is rounded to 4 digits.</summary>
    public static Tolerance RoundedLoss { get; } = new(1.0001e-4, 0, "one in the fourth digit of logged losses");

    /// <summary>Of the final weights.</summary>
    /// <param name="measured">What the reference's fp32 differs from its fp64.</param>
    public Tolerance Weights(double measured)
    {
        var allowed = Math.Max(_weightFactor * measured, _weightLeast);
        return new Tolerance(allowed, 0, string.Create(CultureInfo.InvariantCulture, $"abs {allowed:G3} for weights"));
    }

    private static double Number(Regex rule, string text) =>
        rule.Match(text) is { Success: true } match ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : throw Unknown(text);

    private static ConfigurationException Unknown(string text) => new($"manifest.json: the tolerance '{text}' is not understood.");

    [GeneratedRegex(@"first 10 steps ([0-9.]+(?:e[-+]?[0-9]+)?)")]
    private static partial Regex EarlySteps();

    [GeneratedRegex(@"max\(([0-9]+) x final_weight_max_abs_diff_without_key_biases, ([0-9.]+(?:e[-+]?[0-9]+)?)\)")]
    private static partial Regex WeightRule();
}
