namespace Sightline.Training.Optimization;

/// <summary>Constants of Adam for a whole run.</summary>
/// <param name="Kind">Which formula.</param>
/// <param name="Beta1">Decay of the mean of gradients, 0 to 1.</param>
/// <param name="Beta2">Decay of the mean of squared gradients, 0 to 1.</param>
/// <param name="Epsilon">Added to the root, above 0.</param>
/// <param name="WeightDecay">Decay of the parameters of group 0, 0 or more.</param>
internal readonly record struct AdamOptions(OptimizerKind Kind, double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8, double WeightDecay = 0);
