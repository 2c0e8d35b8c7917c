using System.Text.Json.Nodes;
using Sightline.Configuration;
using Sightline.Models;
using Sightline.Tests;
using Sightline.Training.Modeling;

namespace Sightline.Training.Tests;

/// <summary>The fixtures' model with every kind of dropout on.</summary>
internal static class DropoutModel
{
    public static TrainableModel Load()
    {
        var source = ModelCheckpoint.Load(Fixture.Path("training", "init"));
        var json = (JsonObject)source.Config.Json.DeepClone();
        foreach (var (section, key) in new[]
        {
            ("encoder", "hidden_dropout_prob"), ("encoder", "attention_probs_dropout_prob"), ("decoder", "embd_pdrop"), ("decoder", "attn_pdrop"), ("decoder", "resid_pdrop"),
        })
            json[section]![key] = 0.1;
        return TrainableModel.FromCheckpoint(new ModelCheckpoint(VisionEncoderDecoderConfig.Parse(json), source.Parameters));
    }
}
