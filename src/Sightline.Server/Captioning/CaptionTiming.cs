namespace Sightline.Server.Captioning;

/// <summary>Where the time of a caption went, in milliseconds.</summary>
/// <param name="DecodeMs">Decoding, turning and resizing the picture, and waiting for a processor to do it.</param>
/// <param name="QueueMs">Waiting for the model.</param>
/// <param name="ModelMs">In the model, together with the rest of the batch.</param>
/// <param name="BatchSize">Pictures that went through the model together.</param>
internal readonly record struct CaptionTiming(double DecodeMs, double QueueMs, double ModelMs, int BatchSize);
