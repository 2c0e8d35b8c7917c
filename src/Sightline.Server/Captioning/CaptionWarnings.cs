using System.Numerics.Tensors;
using Sightline.Generation;

namespace Sightline.Server.Captioning;

/// <summary>What a reader of a caption should know: plain facts about the picture and the sentence, no guess about its truth.</summary>
internal static class CaptionWarnings
{
    /// <summary>Standard deviation of the pixel values (their range is 2 for the usual normalisation) below which a picture shows next to nothing.</summary>
    private const double UniformDeviation = 0.02;
    private const int SmallSide = 32;

    /// <summary>The warnings for one caption; often none.</summary>
    public static IReadOnlyList<string> For(PreparedImage image, Caption caption)
    {
        var warnings = new List<string>();
        if (IsUniform(image.PixelValues))
            warnings.Add("The picture has nearly one colour; the description is probably made up.");
        if (Math.Min(image.Width, image.Height) < SmallSide)
            warnings.Add($"The picture is very small ({image.Width} × {image.Height} pixels).");
        if (caption.Finish == FinishReason.Length)
            warnings.Add("The description reached the length limit and may be cut off.");
        return warnings;
    }

    private static bool IsUniform(float[] pixelValues)
    {
        var plane = pixelValues.Length / 3; // [3, size, size]: a plane a colour
        for (var channel = 0; channel < 3; channel++)
        {
            if (TensorPrimitives.StdDev<float>(pixelValues.AsSpan(channel * plane, plane)) > UniformDeviation)
                return false;
        }

        return true;
    }
}
