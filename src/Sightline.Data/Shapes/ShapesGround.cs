namespace Sightline.Data.Shapes;

/// <summary>The ground of one picture: a plain colour or a texture.</summary>
internal sealed class ShapesGround
{
    private const int GrassCells = 32;

    private readonly string _kind;
    private readonly double[] _first;
    private readonly double[] _second = [];
    private readonly double[] _grass = [];
    private readonly double _phase;

    /// <summary>Draws what the ground needs from the picture's generator: a colour shift, then the texture.</summary>
    public ShapesGround(string kind, SplitMix64 random)
    {
        _kind = kind;
        double[] shift = [random.Span(-10, 10), random.Span(-10, 10), random.Span(-10, 10)];
        double[] Fill(double r, double g, double b) => [r + shift[0], g + shift[1], b + shift[2]];
        switch (kind)
        {
            case "plain":
                _first = Fill(150, 150, 152);
                break;
            case "blue":
                _first = Fill(175, 208, 235);
                break;
            case "dark":
                _first = Fill(48, 48, 56);
                break;
            case "wood":
                _phase = random.NextDouble() * 6.28;
                _first = Fill(196, 152, 102);
                break;
            case "checks":
                _first = Fill(232, 232, 232);
                _second = Fill(168, 170, 178);
                break;
            default:
                _grass = new double[GrassCells * GrassCells];
                for (var i = 0; i < _grass.Length; i++)
                    _grass[i] = random.Span(-26, 26);
                _first = Fill(100, 158, 74);
                break;
        }
    }

    /// <summary>The colour at a point; 0 to 255 a channel, not clipped.</summary>
    public void Colour(double x, double y, Span<double> rgb)
    {
        if (_kind == "checks")
        {
            (Math.Floor(x * 8) + Math.Floor(y * 8) is var cell && cell % 2 == 1 ? _first : _second).CopyTo(rgb);
            return;
        }

        _first.CopyTo(rgb);
        var shade = _kind switch
        {
            "wood" => 14 * Math.Sin(2 * Math.PI * (y * 9 + .5 * Math.Sin(2 * Math.PI * x * 1.4 + _phase))),
            "grass" => _grass[(int)(y * GrassCells) * GrassCells + (int)(x * GrassCells)],
            _ => 0,
        };
        for (var c = 0; c < 3; c++)
            rgb[c] += shade;
    }
}
