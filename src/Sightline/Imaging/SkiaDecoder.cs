using System.Buffers;
using System.Runtime.InteropServices;
using Sightline.Kernels;
using SkiaSharp;

namespace Sightline.Imaging;

/// <summary>JPEG, WebP and BMP through Skia's codecs (libjpeg-turbo, libwebp). No colour management, no premultiplication: bytes as stored.</summary>
internal static class SkiaDecoder
{
    // Four bytes per pixel are decoded and three kept: in bands that stay in the cache.
    private const int BandBytes = 1 << 18;

    private const string Jpeg = "JPEG";

    // Below this many pixels a second thread costs more than it saves.
    private const int LeastPixelsForThread = 1 << 20;

    /// <summary>A whole picture of another kind than JPEG.</summary>
    public static RgbImage Decode(ImageSource image, string kind)
    {
        using var data = SKData.CreateCopy(image.Data.Span);
        using var codec = Open(image, kind, data);
        return DecodeWhole(image, kind, codec, Info(codec, codec.Info.Size));
    }

    /// <summary>A JPEG, turned upright; resized while it is decoded where that is wanted and possible.</summary>
    public static DecodedPicture DecodeJpeg(ImageSource image, int orientation)
    {
        using var data = SKData.CreateCopy(image.Data.Span);
        using var codec = Open(image, Jpeg, data);
        var info = Info(codec, ChooseScale(codec, image.Options.ScaledDecodingMinSide));
        if (image.Target is { } target && RowResizer.CanResize(info.Width, info.Height, orientation, target))
        {
            var resized = DecodeResized(image, codec, info, orientation, target);
            return orientation >= 5 ? new DecodedPicture(resized, info.Height, info.Width) : new DecodedPicture(resized, info.Width, info.Height);
        }

        var result = ExifOrientation.Apply(DecodeBands(image, codec, info), orientation);
        return new DecodedPicture(result, result.Width, result.Height);
    }

    private static SKCodec Open(ImageSource image, string kind, SKData data)
    {
        var codec = SKCodec.Create(data) ?? throw image.Damaged(kind, "its header cannot be read");
        image.CheckSize(kind, codec.Info.Width, codec.Info.Height);
        return codec;
    }

    // The null colour space switches colour management off.
    private static SKImageInfo Info(SKCodec codec, SKSizeI size) =>
        new(size.Width, size.Height, SKColorType.Rgba8888, codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul, null);

    private static SKSizeI ChooseScale(SKCodec codec, int? minSide)
    {
        var size = codec.Info.Size;
        for (var scale = 0.5f; minSide is { } side && scale >= 0.125f; scale /= 2)
        {
            var smaller = codec.GetScaledDimensions(scale);
            if (smaller.Width < side || smaller.Height < side)
                break;
            size = smaller;
        }

        return size;
    }

    private static RgbImage DecodeBands(ImageSource image, SKCodec codec, SKImageInfo info)
    {
        Check(image, Jpeg, codec.StartScanlineDecode(info));
        var result = new RgbImage(info.Width, info.Height);
        var at = 0;
        DecodeRows(image, codec, info, band =>
        {
            PixelKernels.RgbaToRgb(band, result.Pixels.AsSpan(at));
            at += band.Length / 4 * 3;
        });
        return result;
    }

    // Resizing takes less time than decoding: with a second processor it costs nothing.
    private static RgbImage DecodeResized(ImageSource image, SKCodec codec, SKImageInfo info, int orientation, ResizeTarget target)
    {
        Check(image, Jpeg, codec.StartScanlineDecode(info));
        var resizer = new RowResizer(info.Width, info.Height, orientation, target, BandRows(info));
        if (Environment.ProcessorCount == 1 || (long)info.Width * info.Height < LeastPixelsForThread)
        {
            DecodeRows(image, codec, info, resizer.Add);
            return resizer.Finish();
        }

        using var worker = new BandWorker(BandRows(info) * info.RowBytes, resizer.Add);
        for (var y = 0; y < info.Height; y += BandRows(info))
        {
            var rows = Math.Min(BandRows(info), info.Height - y);
            var buffer = worker.Rent();
            DecodeRows(image, codec, info, buffer, rows);
            worker.Add(buffer, rows * info.RowBytes);
        }

        worker.Finish();
        return resizer.Finish();
    }

    private static int BandRows(SKImageInfo info) => Math.Clamp(BandBytes / info.RowBytes, 1, info.Height);

    private static void DecodeRows(ImageSource image, SKCodec codec, SKImageInfo info, BandWorker.BandWork work)
    {
        var band = ArrayPool<byte>.Shared.Rent(BandRows(info) * info.RowBytes);
        try
        {
            for (var y = 0; y < info.Height; y += BandRows(info))
            {
                var rows = Math.Min(BandRows(info), info.Height - y);
                DecodeRows(image, codec, info, band, rows);
                work(band.AsSpan(0, rows * info.RowBytes));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(band);
        }
    }

    private static void DecodeRows(ImageSource image, SKCodec codec, SKImageInfo info, byte[] band, int rows)
    {
        var pin = GCHandle.Alloc(band, GCHandleType.Pinned);
        try
        {
            if (codec.GetScanlines(pin.AddrOfPinnedObject(), rows, info.RowBytes) < rows)
                throw image.CutOff(Jpeg);
        }
        finally
        {
            pin.Free();
        }
    }

    private static RgbImage DecodeWhole(ImageSource image, string kind, SKCodec codec, SKImageInfo info)
    {
        if (info.BytesSize64 > Array.MaxLength)
            throw image.Error($"{info.Width} x {info.Height} pixels are too many for a {kind} file. Make the picture smaller.");
        var pixels = GC.AllocateUninitializedArray<byte>(info.BytesSize);
        var pin = GCHandle.Alloc(pixels, GCHandleType.Pinned);
        try
        {
            Check(image, kind, codec.GetPixels(info, pin.AddrOfPinnedObject()));
            var result = new RgbImage(info.Width, info.Height);
            PixelKernels.RgbaToRgb(pixels, result.Pixels);
            return result;
        }
        finally
        {
            pin.Free();
        }
    }

    private static void Check(ImageSource image, string kind, SKCodecResult result)
    {
        if (result == SKCodecResult.IncompleteInput)
            throw image.CutOff(kind);
        if (result != SKCodecResult.Success)
            throw image.Damaged(kind, $"the decoder says {result}");
    }
}
