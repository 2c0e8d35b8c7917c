using Sightline.Cli.Output;
using Xunit;

namespace Sightline.Cli.Tests.Output;

/// <summary>The bar as a terminal shows it: what is written is played to lines of characters.</summary>
public sealed class ProgressBarTests : IDisposable
{
    private readonly StringWriter _written = new();
    private string _text = "captions [###---] 1 of 2";
    private int _columns = 80;

    public void Dispose() => _written.Dispose();

    [Theory]
    [InlineData(0, 4, "[------------------------------]   0 %")]
    [InlineData(1, 4, "[#######-----------------------]  25 %")]
    [InlineData(4, 4, "[##############################] 100 %")]
    [InlineData(9, 4, "[##############################] 100 %")]
    public void Bar_ShowsTheShare(long done, long total, string expected) => Assert.Equal(expected, ProgressBar.Bar(done, total));

    [Fact]
    public void Draw_ShorterText_LeavesNothingOfTheOld()
    {
        var bar = Create();
        bar.Draw();
        _text = "captions 2";
        bar.Draw();
        Assert.Equal(["captions 2"], Shown());
    }

    [Fact]
    public void WriteAbove_ShortLine_StandsAloneAboveTheBar()
    {
        var bar = Create();
        bar.Draw();
        bar.WriteAbove("a.jpg\ta cat");
        bar.WriteAbove("b.jpg");
        Assert.Equal(["a.jpg\ta cat", "b.jpg", _text], Shown());
    }

    [Fact]
    public void Clear_TakesTheBarAway()
    {
        var bar = Create();
        bar.Draw();
        bar.WriteAbove("a.jpg");
        bar.Clear();
        Assert.Equal(["a.jpg", ""], Shown());
    }

    [Theory]
    [InlineData(12, "captions [#")]
    [InlineData(1, "")]
    [InlineData(0, "")]
    public void Draw_NarrowTerminal_StaysOnItsLine(int columns, string expected)
    {
        _columns = columns;
        Create().Draw();
        Assert.Equal([expected], Shown());
    }

    [Fact]
    public void Draw_ControlCharactersInNames_CommandNoTerminal()
    {
        _text = "pull a\u001b[2Jb\n";
        Create().Draw();
        Assert.DoesNotContain('\u001b', _written.ToString());
        Assert.DoesNotContain('\n', _written.ToString());
    }

    [Fact]
    public void Refresh_AtOnceAfterDrawing_DrawsNothing()
    {
        var bar = Create();
        bar.Draw();
        var before = _written.ToString();
        bar.Refresh();
        Assert.Equal(before, _written.ToString());
    }

    private ProgressBar Create() => new(_written, () => _columns, () => _text);

    private IEnumerable<string> Shown()
    {
        var (lines, line, column) = (new List<string>(), new List<char>(), 0);
        foreach (var c in _written.ToString())
        {
            switch (c)
            {
                case '\r':
                    column = 0;
                    break;
                case '\b':
                    column--;
                    break;
                case '\n':
                    lines.Add(new string([.. line]).TrimEnd());
                    (line, column) = ([], 0);
                    break;
                default:
                    if (column == line.Count)
                        line.Add(c);
                    else
                        line[column] = c;
                    column++;
                    break;
            }
        }

        return [.. lines, new string([.. line]).TrimEnd()];
    }
}
