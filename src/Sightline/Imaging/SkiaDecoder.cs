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

    public static RgbImage Decode(ImageSource image, string kind)
    {
        using var data = SKData.CreateCopy(image.Data.Span);
        using var codec = SKCodec.Create(data);
        if (codec is null)
            throw image.Damaged(kind, "its header cannot be read");
        image.CheckSize(kind, codec.Info.Width, codec.Info.Height);
        var size = kind == "JPEG" ? ChooseScale(codec, image.Options.ScaledDecodingMinSide) : codec.Info.Size;
        var opaque = codec.Info.AlphaType == SKAlphaType.Opaque;
        // The null colour space switches colour management off.
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul, null);
        return kind == "JPEG" ? DecodeBands(image, kind, codec, info) : DecodeWhole(image, kind, codec, info);
    }

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

    private static RgbImage DecodeBands(ImageSource image, string kind, SKCodec codec, SKImageInfo info)
    {
        Check(image, kind, codec.StartScanlineDecode(info));
        var result = new RgbImage(info.Width, info.Height);
        var bandRows = Math.Clamp(BandBytes / info.RowBytes, 1, info.Height);
        var band = ArrayPool<byte>.Shared.Rent(bandRows * info.RowBytes);
        var pin = GCHandle.Alloc(band, GCHandleType.Pinned);
        try
        {
            for (var y = 0; y < info.Height; y += bandRows)
            {
                var rows = Math.Min(bandRows, info.Height - y);
                if (codec.GetScanlines(pin.AddrOfPinnedObject(), rows, info.RowBytes) < rows)
                    throw image.CutOff(kind);
                PixelKernels.RgbaToRgb(band.AsSpan(0, rows * info.RowBytes), result.Pixels.AsSpan(y * info.Width * 3));
            }
        }
        finally
        {
            pin.Free();
            ArrayPool<byte>.Shared.Return(band);
        }

        return result;
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
