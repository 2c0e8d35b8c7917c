namespace Sightline.Data.Shapes;

/// <summary>Writes the captions of a scene: independent draws of template, wording, detail and casing, as five people would differ.</summary>
internal static class ShapesCaptions
{
    public const int PerPicture = 5;

    public static string[] Make(ulong seed, int index, ShapesScene scene)
    {
        var random = SplitMix64.Stream(seed, (ulong)index, 2);
        var captions = new string[PerPicture];
        for (var i = 0; i < captions.Length; i++)
            captions[i] = Caption(random, scene);
        return captions;
    }

    private static string Caption(SplitMix64 random, ShapesScene scene)
    {
        var ground = Word(random, scene, ShapesWords.Grounds[scene.Ground]);
        var variant = random.NextInt(100);
        if (scene.Kind == "severe")
            return variant < 85 || scene.Level == 1 ? ShapesWords.Quality : random.Pick(ShapesWords.Severe[scene.Fault!]);
        var text = scene.Kind switch
        {
            "one" => One(random, scene, ground, variant),
            "pair" => Pair(random, scene, ground, variant),
            "count" => Count(random, scene, ground, variant),
            _ => Inside(random, scene, ground, variant),
        };
        if (scene.Fault is "blur" or "dim" && !text.StartsWith("there", StringComparison.Ordinal) && random.NextInt(100) < 40)
            text = random.Pick(scene.Fault == "blur" ? ShapesWords.Blurry : ShapesWords.Dim) + text;
        return random.NextInt(100) < 25 ? char.ToUpperInvariant(text[0]) + text[1..] + "." : text;
    }

    private static string One(SplitMix64 random, ShapesScene scene, string ground, int variant)
    {
        var thing = scene.Objects[0];
        var name = Phrase(random, scene, thing);
        var place = thing.Place == 4 ? Word(random, scene, ShapesWords.Centre) : ShapesWords.Places[thing.Place!.Value];
        return variant switch
        {
            < 35 => $"{name} on {ground}",
            < 55 => $"{name} {place}",
            < 70 => $"{name} {place} of {Word(random, scene, ShapesWords.Pictures)}",
            < 82 => $"there is {name} on {ground}",
            < 92 => $"{name} is {place} on {ground}",
            _ => name,
        };
    }

    private static string Pair(SplitMix64 random, ShapesScene scene, string ground, int variant)
    {
        var a = Phrase(random, scene, scene.Objects[0]);
        var b = Phrase(random, scene, scene.Objects[1]);
        var relation = scene.Relation!;
        if (random.NextInt(2) != 0)
            (a, b, relation) = (b, a, ShapesWords.Inverse(relation));
        var word = Word(random, scene, ShapesWords.Relations[relation]);
        return variant switch
        {
            < 40 => $"{a} {word} {b}",
            < 55 => $"{a} is {word} {b}",
            < 65 => $"there is {a} {word} {b}",
            < 82 => $"{a} and {b} on {ground}",
            _ => $"{a} {word} {b} on {ground}",
        };
    }

    private static string Count(SplitMix64 random, ShapesScene scene, string ground, int variant)
    {
        var number = ShapesWords.Number(scene.Objects.Count);
        var things = Description(random, scene, scene.Objects[0], plural: true);
        return variant switch
        {
            < 25 => $"{number} {things}",
            < 60 => $"{number} {things} on {ground}",
            < 80 => $"there are {number} {things}",
            _ => $"a group of {number} {things} on {ground}",
        };
    }

    private static string Inside(SplitMix64 random, ShapesScene scene, string ground, int variant)
    {
        var a = Phrase(random, scene, scene.Objects[0]);
        var b = Phrase(random, scene, scene.Objects[1]);
        return variant switch
        {
            < 40 => $"{a} inside {b}",
            < 75 => $"{b} with {a} inside it",
            _ => $"{a} inside {b} on {ground}",
        };
    }

    private static string Phrase(SplitMix64 random, ShapesScene scene, ShapesObject thing)
    {
        var text = Description(random, scene, thing, plural: false);
        return (text[0] is 'a' or 'e' or 'i' or 'o' or 'u' ? "an " : "a ") + text;
    }

    private static string Description(SplitMix64 random, ShapesScene scene, ShapesObject thing, bool plural)
    {
        var noun = Word(random, scene, ShapesWords.Nouns[thing.Shape]);
        if (plural)
            noun = ShapesWords.Plural(noun);
        return random.NextInt(100) < 60 ? $"{Word(random, scene, ShapesWords.Sizes[thing.Size])} {thing.Colour} {noun}" : $"{thing.Colour} {noun}";
    }

    private static string Word(SplitMix64 random, ShapesScene scene, string[] words) =>
        words[random.NextInt(Math.Min(words.Length, ShapesLevel.Of(scene.Level).Synonyms))];
}
