namespace Sightline.Cli.Captioning;

/// <summary>One picture of the command line, or an argument that names none.</summary>
/// <param name="Name">The path, or <c>-</c> for the standard input.</param>
/// <param name="Problem">Why there is no picture; null if there is one to read.</param>
internal readonly record struct ImageArgument(string Name, string? Problem = null)
{
    /// <summary>The argument that stands for the bytes of one picture on the standard input.</summary>
    public const string StandardInput = "-";

    /// <summary>The picture as the library takes it.</summary>
    /// <exception cref="ImageDecodeException">There is none.</exception>
    public ImageInput Open()
    {
        if (Problem is not null)
            throw new ImageDecodeException($"{Name}: {Problem}.");
        return Name == StandardInput ? ImageInput.FromStream(Console.OpenStandardInput(), Name) : ImageInput.FromFile(Name);
    }
}
