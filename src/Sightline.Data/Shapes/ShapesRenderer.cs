namespace Sightline.Data.Shapes;

/// <summary>
/// Draws a scene: implicit shapes sampled three by three per pixel, light from one side, the scene's fault, noise. The arithmetic keeps the order of
/// the reference generator's, so the bytes are the same.
/// </summary>
internal static class ShapesRenderer
{
    private const int Samples = 3;
    private const double NoiseAmplitude = 5;

    /// <returns>[size, size, 3] bytes, red green blue.</returns>
    public static byte[] Render(ulong seed, int index, ShapesScene scene, int size)
    {
        var random = SplitMix64.Stream(seed, (ulong)index, 3);
        var image = Draw(random, scene, size);
        image = ApplyFault(random, scene.Fault, image, size);
        var bytes = new byte[image.Length];
        for (var pixel = 0; pixel < size * size; pixel++)
        {
            var noise = NoiseAmplitude * (random.NextDouble() + random.NextDouble() - 1);
            for (var c = 0; c < 3; c++)
                bytes[pixel * 3 + c] = (byte)Math.Clamp(image[pixel * 3 + c] + noise + .5, 0, 255);
        }

        return bytes;
    }

    // [size, size, 3], 0 to 255, not clipped.
    private static double[] Draw(SplitMix64 random, ShapesScene scene, int size)
    {
        var side = size * Samples;
        var ground = new ShapesGround(scene.Ground, random);
        var things = scene.Objects.OrderByDescending(o => o.Radius).ToArray();
        var colours = new double[things.Length][];
        for (var i = 0; i < things.Length; i++)
        {
            var (r, g, b) = ShapesWords.Colours[things[i].Colour];
            colours[i] = [r + random.Span(-12, 12), g + random.Span(-12, 12), b + random.Span(-12, 12)];
        }

        var angle = random.NextDouble() * 6.28;
        var (cosine, sine) = (Math.Cos(angle), Math.Sin(angle));
        var image = new double[size * size * 3];
        Span<double> colour = stackalloc double[3];
        for (var row = 0; row < side; row++)
        {
            var y = (row + .5) / side;
            for (var column = 0; column < side; column++)
            {
                var x = (column + .5) / side;
                ground.Colour(x, y, colour);
                for (var i = 0; i < things.Length; i++)
                {
                    if (IsInside(things[i].Shape, (x - things[i].X) / things[i].Radius, (y - things[i].Y) / things[i].Radius))
                        colours[i].CopyTo(colour);
                }

                var light = 1 + .12 * ((x - .5) * cosine + (y - .5) * sine);
                var pixel = (row / Samples * size + column / Samples) * 3;
                for (var c = 0; c < 3; c++)
                    image[pixel + c] += colour[c] * light;
            }
        }

        for (var i = 0; i < image.Length; i++)
            image[i] /= Samples * Samples;
        return image;
    }

    // (u, v): the point relative to the centre, in radii; v points down.
    private static bool IsInside(string shape, double u, double v)
    {
        switch (shape)
        {
            case "circle":
                return u * u + v * v <= 1;
            case "square":
                return Math.Max(Math.Abs(u), Math.Abs(v)) <= .85;
            case "triangle":
                return v <= .8 && Math.Abs(u) <= .95 * (v + 1) / 1.8;
            case "diamond":
                return Math.Abs(u) * 1.3 + Math.Abs(v) <= 1;
            case "ring":
                return u * u + v * v is <= 1 and >= .33;
            case "cross":
                return (Math.Abs(u) <= .3 && Math.Abs(v) <= 1) || (Math.Abs(v) <= .3 && Math.Abs(u) <= 1);
            case "heart":
                var (x, y) = (u * 1.15, -v * 1.15 + .1);
                return Math.Pow(x * x + y * y - 1, 3) - x * x * Math.Pow(y, 3) <= 0;
            default:
                return IsInsideStar(u, v);
        }
    }

    // Five points: the angle is folded to one half point, whose outer edge is a straight line.
    private static bool IsInsideStar(double u, double v)
    {
        const double K = Math.PI / 5;
        var angle = Math.Atan2(u, -v) % (2 * K);
        if (angle < 0)
            angle += 2 * K;
        angle = Math.Min(angle, 2 * K - angle);
        var (x, y) = (.42 * Math.Cos(K), .42 * Math.Sin(K));
        var edge = y / (Math.Cos(angle) * y - Math.Sin(angle) * (x - 1));
        return Math.Sqrt(u * u + v * v) <= edge;
    }

    private static double[] ApplyFault(SplitMix64 random, string? fault, double[] image, int size) => fault switch
    {
        "blur" => Blur(image, size, size * .022),
        "dim" => Map(image, value => value * .38),
        "smear" => Blur(image, size, size * .16),
        "night" => Map(image, value => value * .035),
        "glare" => Map(image, value => 255 - (255 - value) * .04),
        "finger" => Finger(random, image, size),
        _ => image,
    };

    private static double[] Map(double[] image, Func<double, double> change) => Array.ConvertAll(image, value => change(value));

    // A blurred skin-coloured patch over nearly everything.
    private static double[] Finger(SplitMix64 random, double[] image, int size)
    {
        double[] skin = [205, 130, 110];
        var (centreX, centreY) = (random.Span(.3, .7), random.Span(.3, .7));
        var blurred = Blur(image, size, size * .05);
        for (var row = 0; row < size; row++)
        {
            for (var column = 0; column < size; column++)
            {
                var dx = ((double)column / size - centreX) / .75;
                var dy = ((double)row / size - centreY) / .75;
                var distance = dx * dx + dy * dy;
                var cover = Math.Clamp((1.15 - distance) / .15, 0, 1);
                var pixel = (row * size + column) * 3;
                for (var c = 0; c < 3; c++)
                    blurred[pixel + c] = blurred[pixel + c] * (1 - cover) + cover * skin[c] * (1 - .25 * distance);
            }
        }

        return blurred;
    }

    // Three box blurs down the columns, then three along the rows; the border is repeated.
    private static double[] Blur(double[] image, int size, double radius)
    {
        var rad = Math.Max(1, (int)Math.Round(radius, MidpointRounding.ToEven));
        var result = (double[])image.Clone();
        var sums = new double[size + 2 * rad + 1];
        foreach (var (along, across) in new[] { (size * 3, 3), (3, size * 3) })
        {
            for (var line = 0; line < size; line++)
            {
                for (var c = 0; c < 3; c++)
                {
                    for (var pass = 0; pass < 3; pass++)
                        BlurLine(result, line * across + c, along, size, rad, sums);
                }
            }
        }

        return result;
    }

    private static void BlurLine(double[] values, int start, int step, int count, int rad, double[] sums)
    {
        var sum = 0.0;
        for (var i = 0; i < sums.Length; i++)
        {
            sum += values[start + Math.Clamp(i - rad - 1, 0, count - 1) * step];
            sums[i] = sum;
        }

        for (var i = 0; i < count; i++)
            values[start + i * step] = (sums[i + 2 * rad + 1] - sums[i]) / (2 * rad + 1);
    }
}
