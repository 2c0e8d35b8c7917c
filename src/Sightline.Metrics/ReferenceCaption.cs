namespace Sightline.Metrics;

/// <summary>One reference caption.</summary>
/// <param name="Caption">The text as annotated.</param>
/// <param name="IsRejected">VizWiz: judged as spam. False where the file does not say.</param>
/// <param name="IsPrecanned">VizWiz: the ready-made sentence for pictures that cannot be recognised. False where the file does not say.</param>
public sealed record ReferenceCaption(string Caption, bool IsRejected = false, bool IsPrecanned = false);
