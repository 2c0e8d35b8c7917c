using System.CommandLine;

namespace Sightline.Cli.Commands;

/// <summary>Options that take one of a few words; null where they are not given.</summary>
internal static class ChoiceOption
{
    /// <summary>An option with the words it takes.</summary>
    public static Option<string?> Create(string name, string description, params string[] choices) => new(name)
    {
        Description = description,
        HelpName = string.Join('|', choices),
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (!choices.Contains(text))
                result.AddError($"{name} is '{text}'; {string.Join(" or ", choices)} was expected.");
            return text;
        },
    };
}
