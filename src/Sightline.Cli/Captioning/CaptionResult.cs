namespace Sightline.Cli.Captioning;

/// <summary>What became of one picture: a caption or an error.</summary>
/// <param name="Image">The picture's name.</param>
/// <param name="Caption">The caption; null where it failed.</param>
/// <param name="Error">What went wrong; null where it did not.</param>
/// <param name="Milliseconds">Time for reading the picture, plus its share of the pass of its batch.</param>
internal sealed record CaptionResult(string Image, Caption? Caption, Exception? Error, double Milliseconds);
