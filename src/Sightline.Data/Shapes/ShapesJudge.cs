using System.Text.RegularExpressions;

namespace Sightline.Data.Shapes;

/// <summary>Decides by rule whether a caption is true of a scene.</summary>
public static partial class ShapesJudge
{
    private static readonly Dictionary<string, string> s_shapeOfNoun = Nouns();
    private static readonly Dictionary<string, string> s_relationOfWord =
        ShapesWords.Relations.SelectMany(pair => pair.Value.Select(word => (word, pair.Key))).ToDictionary(p => p.word, p => p.Key);

    // A noun phrase: three groups, size, colour and noun. Longer alternatives first.
    private static readonly string s_phrase =
        $"(?:(?:an?) )?(?:({string.Join('|', ShapesWords.Sizes.Values.SelectMany(w => w).Distinct())}) )?({string.Join('|', ShapesWords.Colours.Keys)}) "
        + $"({string.Join('|', s_shapeOfNoun.Keys.OrderByDescending(n => n.Length))})";

    private static readonly Regex s_one = Whole(s_phrase + "(?: is)?(?: (.+?))?(?: of the (?:picture|image))?");
    private static readonly Regex s_count = Whole("(?:a group of )?(two|three|four|five) " + s_phrase);
    private static readonly Regex s_inside = Whole(s_phrase + " inside " + s_phrase);
    private static readonly Regex s_withInside = Whole(s_phrase + " with " + s_phrase + " inside it");
    private static readonly Regex s_pair =
        Whole(s_phrase + "(?: is)? (" + string.Join('|', s_relationOfWord.Keys.OrderByDescending(w => w.Length)) + "|and) " + s_phrase);

    private static readonly string s_quality = ShapesWords.Quality.ToLowerInvariant().TrimEnd('.');

    // In order of the ground's name; the order matters only to a text that names two grounds.
    private static readonly (string Ground, string Ending)[] s_groundEndings =
        [.. ShapesWords.Grounds.OrderBy(g => g.Key, StringComparer.Ordinal).SelectMany(g => g.Value.Select(name => (g.Key, " on " + name)))];

    /// <summary>
    /// True when the text parses, names every different object of the scene, and says nothing false: colour, shape, size, place, relation, number,
    /// ground, fault. Case and punctuation do not count.
    /// </summary>
    public static bool IsTrue(ShapesScene scene, string text)
    {
        ArgumentNullException.ThrowIfNull(scene);
        ArgumentNullException.ThrowIfNull(text);
        var t = Blanks().Replace(NotLetters().Replace(text.ToLowerInvariant(), " "), " ").Trim(' ');
        if (scene.Kind == "severe")
            return t == s_quality || ShapesWords.Severe[scene.Fault!].Contains(t);
        if (!TakeFault(scene, ref t))
            return false;
        t = There().Replace(t, "");
        foreach (var (ground, ending) in s_groundEndings)
        {
            if (!t.EndsWith(ending, StringComparison.Ordinal))
                continue;
            if (ground != scene.Ground)
                return false;
            t = t[..^ending.Length];
        }

        return scene.Kind switch
        {
            "one" => IsTrueOfOne(scene, t),
            "count" => s_count.Match(t) is { Success: true } m && m.Groups[1].Value == ShapesWords.Number(scene.Objects.Count) && Fits(m, 2, scene.Objects[0]),
            "inside" => s_inside.Match(t) is { Success: true } m
                ? Fits(m, 1, scene.Objects[0]) && Fits(m, 4, scene.Objects[1])
                : s_withInside.Match(t) is { Success: true } w && Fits(w, 4, scene.Objects[0]) && Fits(w, 1, scene.Objects[1]),
            _ => IsTrueOfPair(scene, t),
        };
    }

    // Only the first opening found counts; it must name the picture's fault. Not to mention a fault is never false.
    private static bool TakeFault(ShapesScene scene, ref string text)
    {
        foreach (var (openings, fault) in new[] { (ShapesWords.Blurry, "blur"), (ShapesWords.Dim, "dim") })
        {
            foreach (var opening in openings)
            {
                if (!text.StartsWith(opening, StringComparison.Ordinal))
                    continue;
                text = text[opening.Length..];
                return scene.Fault == fault;
            }
        }

        return true;
    }

    private static bool IsTrueOfOne(ShapesScene scene, string text)
    {
        var match = s_one.Match(text);
        if (!match.Success || !Fits(match, 1, scene.Objects[0]))
            return false;
        if (!match.Groups[4].Success)
            return true;
        var place = match.Groups[4].Value;
        var cell = scene.Objects[0].Place!.Value;
        return place == ShapesWords.Places[cell] || (cell == 4 && ShapesWords.Centre.Contains(place));
    }

    private static bool IsTrueOfPair(ShapesScene scene, string text)
    {
        var match = s_pair.Match(text);
        if (!match.Success)
            return false;
        var word = match.Groups[4].Value;
        bool Holds(ShapesObject first, ShapesObject second, string relation) =>
            Fits(match, 1, first) && Fits(match, 5, second) && (word == "and" || s_relationOfWord[word] == relation);
        return Holds(scene.Objects[0], scene.Objects[1], scene.Relation!)
            || Holds(scene.Objects[1], scene.Objects[0], ShapesWords.Inverse(scene.Relation!));
    }

    private static bool Fits(Match match, int group, ShapesObject thing) =>
        match.Groups[group + 1].Value == thing.Colour
        && s_shapeOfNoun[match.Groups[group + 2].Value] == thing.Shape
        && (!match.Groups[group].Success || ShapesWords.Sizes[thing.Size].Contains(match.Groups[group].Value));

    private static Dictionary<string, string> Nouns()
    {
        var shapeOf = new Dictionary<string, string>();
        foreach (var (shape, nouns) in ShapesWords.Nouns)
        {
            foreach (var noun in nouns)
            {
                shapeOf[noun] = shape;
                shapeOf[ShapesWords.Plural(noun)] = shape;
            }
        }

        return shapeOf;
    }

    private static Regex Whole(string pattern) => new($@"\A(?:{pattern})\z", RegexOptions.CultureInvariant);

    [GeneratedRegex("[^a-z ]")]
    private static partial Regex NotLetters();

    [GeneratedRegex(" +")]
    private static partial Regex Blanks();

    [GeneratedRegex("^there (is|are) ")]
    private static partial Regex There();
}
