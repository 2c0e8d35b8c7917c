using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Sightline.Cli.Commands;

/// <summary>Options that take a number; null where they are not given. What is no number, or out of range, is said in plain words.</summary>
internal static class NumberOption
{
    /// <summary>A whole number, from <paramref name="least"/> to <paramref name="most"/> where these are given.</summary>
    public static Option<T?> Whole<T>(string name, string description, T? least = null, T? most = null) where T : struct, IBinaryInteger<T> =>
        Create(name, "N", description, "a whole number", NumberStyles.AllowLeadingSign, least, most);

    /// <summary>A number with a decimal point.</summary>
    public static Option<double?> Real(string name, string description) => Create<double>(name, "X", description, "a number such as 0.9", NumberStyles.Float, null, null);

    private static Option<T?> Create<T>(string name, string helpName, string description, string expected, NumberStyles style, T? least, T? most) where T : struct, INumber<T> => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (!T.TryParse(text, style, CultureInfo.InvariantCulture, out var value))
                result.AddError($"{name} is '{text}'; {expected} was expected.");
            else if (value < least || value > most)
                result.AddError($"{name} is {value}; {least} to {most} was expected.");
            return value;
        },
    };
}
