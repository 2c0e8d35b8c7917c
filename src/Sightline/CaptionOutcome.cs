namespace Sightline;

/// <summary>What became of one picture of many: a caption or an error.</summary>
/// <typeparam name="T">What the caller knows a picture by.</typeparam>
/// <param name="Item">The picture as the caller gave it.</param>
/// <param name="Caption">The caption; null where it failed.</param>
/// <param name="Error">What went wrong; null where it did not. A <see cref="SightlineException"/> where the picture or the model is at fault.</param>
/// <param name="Milliseconds">Time for reading the picture, plus its share of the pass of its batch.</param>
public sealed record CaptionOutcome<T>(T Item, Caption? Caption, Exception? Error, double Milliseconds);
