using Sightline.ModelCards;
using Xunit;

namespace Sightline.Tests.ModelCards;

public sealed class HonestCardTests
{
    private static readonly string[] s_sections =
    [
        "## Model Details", "## Uses", "### Direct Use", "### Downstream Use", "### Out-of-Scope Use", "## Bias, Risks, and Limitations",
        "## How to Get Started with the Model", "### Training Data", "### Preprocessing", "### Training Hyperparameters", "### Speeds, Sizes, Times", "## Evaluation",
        "### Results", "## Model Examination", "## Environmental Impact", "## Technical Specifications", "## Citation", "## Glossary", "## Model Card Contact",
    ];

    private static readonly HonestCardFacts s_little = new() { ModelName = "x: y", Architecture = "ViT and GPT-2.", DatasetName = "shapes" };

    [Fact]
    public void Create_AnyFacts_HasEverySectionOnceAndNoneEmpty()
    {
        var lines = HonestCard.Create(s_little).Split('\n');
        foreach (var section in s_sections)
        {
            var index = Array.IndexOf(lines, section);
            Assert.True(index > 0, section);
            Assert.Equal(index, Array.LastIndexOf(lines, section));
            Assert.False(string.IsNullOrEmpty(lines[index + 2]), $"{section} is empty");
        }
    }

    [Fact]
    public void Create_UnknownFacts_AreSaidToBeUnknown()
    {
        var card = HonestCard.Create(s_little);
        foreach (var part in new[] { "name: 'x: y'", "results: []", "Losses: not measured.", "Caption metrics: not measured.", "Training time: not known.", "Hardware: Not known.", "trained from scratch" })
            Assert.Contains(part, card, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_ScoresOfAnotherSet_NamesThatSet()
    {
        var facts = s_little with { Scores = [("CIDEr", 0.5)] };
        Assert.Contains("      name: shapes\n    metrics:", HonestCard.Create(facts), StringComparison.Ordinal);
        Assert.Contains("      name: shapes/val\n    metrics:", HonestCard.Create(facts with { EvaluationDatasetName = "shapes/val" }), StringComparison.Ordinal);
    }

    [Fact]
    public void Create_BothLosses_ShowsTheDilution()
    {
        var card = HonestCard.Create(s_little with { TokenLoss = 2.6, PaddedLoss = 0.0719, Scores = [("CIDEr", 0.5)], Duration = TimeSpan.FromMinutes(90), BaseModels = ["gpt2"] });
        foreach (var part in new[] { "| 2.6000 |", "| 0.0719 |", "| 0.0277 |", "| CIDEr | 0.5000 |", "value: 0.5", "90.0 minutes", "Hours: 1.50", "base_model:\n- gpt2" })
            Assert.Contains(part, card, StringComparison.Ordinal);
    }
}
