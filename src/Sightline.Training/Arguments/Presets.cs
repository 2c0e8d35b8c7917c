namespace Sightline.Training;

/// <summary>Named settings.</summary>
public static class Presets
{
    /// <summary>
    /// The run behind the model card ViTGPT2_vizwiz: learning rate 2e-5, batch 8, seed 42, 3 epochs, linear schedule, fp16, logging, evaluation and saving every
    /// 1000 updates. The card does not say how labels were padded; its loss fits labels of 512 with padding counted, so that is inferred.
    /// </summary>
    public static TrainingArguments VizWiz { get; } = new()
    {
        LearningRate = 2e-5,
        PerDeviceTrainBatchSize = 8,
        PerDeviceEvalBatchSize = 8,
        Seed = 42,
        NumTrainEpochs = 3,
        EvaluationStrategy = IntervalStrategy.Steps,
        LoggingSteps = 1000,
        EvalSteps = 1000,
        SaveSteps = 1000,
        SaveTotalLimit = 2,
        Loss = LossKind.Pad,
        LabelMaxLength = 512,
    };

    /// <summary>The names that <see cref="Find"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["vizwiz"];

    /// <summary>A preset by name.</summary>
    /// <exception cref="ConfigurationException">There is none of that name.</exception>
    public static TrainingArguments Find(string name) => name == "vizwiz"
        ? VizWiz
        : throw new ConfigurationException($"preset '{name}' is not known; {string.Join(", ", Names)} was expected.");
}
