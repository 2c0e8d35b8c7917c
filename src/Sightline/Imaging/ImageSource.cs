namespace Sightline.Imaging;

/// <summary>One picture file in memory while it is decoded: its bytes, its name for messages, and the limits.</summary>
/// <param name="Name">How messages call the picture.</param>
/// <param name="Data">The whole file.</param>
/// <param name="Options">Validated options.</param>
/// <param name="Target">The size that is wanted, for decoders that can resize while they decode; null: the picture's own.</param>
internal sealed record ImageSource(string Name, ReadOnlyMemory<byte> Data, ImageDecodeOptions Options, ResizeTarget? Target = null)
{
    // A strip of one pixel by 100 million would pass the pixel bound, but the weights to resize it take gigabytes.
    private const int MaxSide = 1 << 20;

    public ImageDecodeException Error(string what, Exception? inner = null) => new($"{Name}: {what}", inner);

    public ImageDecodeException CutOff(string kind) => Error($"the {kind} file is cut off; get a complete copy of the picture.");

    public ImageDecodeException Damaged(string kind, string what, Exception? inner = null) =>
        Error($"the {kind} file is damaged ({what}); get an intact copy of the picture.", inner);

    public ImageDecodeException Unsupported(string kind, string what) =>
        Error($"{kind} with {what} is not supported; convert the picture to JPEG or PNG.");

    /// <summary>Refuses a size before memory is taken for it.</summary>
    /// <param name="kind">The file kind, for the message.</param>
    /// <param name="width">Declared width.</param>
    /// <param name="height">Declared height.</param>
    /// <param name="mostPixelsPerByte">No valid file of this kind packs more pixels into a byte; 0: no such bound is known.</param>
    public void CheckSize(string kind, long width, long height, long mostPixelsPerByte = 0)
    {
        if (width < 1 || height < 1)
            throw Damaged(kind, $"its size is {width} x {height}");
        if (width > MaxSide || height > MaxSide)
            throw Error($"{width} x {height} pixels; a side may have at most {MaxSide}. Make the picture smaller.");
        if (width > Options.MaxPixels / height)
            throw Error($"{width} x {height} pixels; at most {Options.MaxPixels} are decoded. Make the picture smaller.");
        if (mostPixelsPerByte > 0 && width * height / mostPixelsPerByte > Data.Length)
            throw Error($"the {kind} file is cut off: {Data.Length} bytes cannot hold {width} x {height} pixels; get a complete copy of the picture.");
    }
}
