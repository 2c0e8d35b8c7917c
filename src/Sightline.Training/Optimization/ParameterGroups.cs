using System.Text.RegularExpressions;
using Sightline.Training.Modeling;

namespace Sightline.Training.Optimization;

/// <summary>One parameter as the optimizer sees it.</summary>
/// <param name="Name">Checkpoint name.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Group">0: weight decay applies; 1: none.</param>
/// <param name="Index">Its number in <c>optimizer.pt</c>: group 0 in order, then group 1.</param>
/// <param name="Trains">False where it never gets a gradient: unused or frozen. It has a number and no state, as in HF.</param>
internal sealed record ParameterSlot(string Name, long[] Shape, int Group, int Index, bool Trains)
{
    /// <summary>Number of values.</summary>
    public long Count { get; } = Shape.Aggregate(1L, (product, size) => product * size);
}

/// <summary>HF's two groups: everything of a layer norm and every name with "bias" is not decayed; embeddings, class token and positions are.</summary>
internal static class ParameterGroups
{
    /// <param name="module">The model.</param>
    /// <param name="frozen">Name patterns of parameters that are left as they are: <c>*</c> stands for any characters.</param>
    /// <exception cref="ConfigurationException">A pattern fits no parameter, or nothing is left to train.</exception>
    public static IReadOnlyList<ParameterSlot> Create(CaptioningModule module, IReadOnlyList<string> frozen)
    {
        var norms = module.named_modules().Where(m => m.module is NormLayer).Select(m => m.name + ".").ToList();
        var parameters = module.named_parameters().ToList();
        var patterns = frozen.Select(pattern => new Regex($"^{Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal)}$")).ToList();
        for (var i = 0; i < patterns.Count; i++)
        {
            if (!parameters.Exists(p => patterns[i].IsMatch(p.name)))
                throw new ConfigurationException($"freeze: '{frozen[i]}' fits no parameter; names look like {parameters[0].name}.");
        }

        var slots = new List<ParameterSlot>();
        foreach (var group in new[] { 0, 1 })
        {
            foreach (var (name, parameter) in parameters.Where(p => Group(p.name) == group))
                slots.Add(new ParameterSlot(name, parameter.shape, group, slots.Count, !ModelWeights.IsUnused(name) && !patterns.Exists(p => p.IsMatch(name))));
        }

        if (!slots.Exists(slot => slot.Trains))
            throw new ConfigurationException("freeze: every parameter is frozen; nothing would be trained.");
        return slots;

        int Group(string name) => name.Contains("bias", StringComparison.Ordinal) || norms.Exists(norm => name.StartsWith(norm, StringComparison.Ordinal)) ? 1 : 0;
    }
}
