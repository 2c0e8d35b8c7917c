namespace Sightline.Data.Shapes;

/// <summary>The words of the demo set. Orders and repetitions are part of the generator: a word is picked by its index, a repeated one twice as often.</summary>
internal static class ShapesWords
{
    public const string Quality = "Quality issues are too severe to recognize visual content.";

    public static readonly string[] Kinds = ["one", "pair", "count", "inside", "severe"];

    public static readonly OrderedDictionary<string, (byte R, byte G, byte B)> Colours = new()
    {
        ["red"] = (214, 40, 40),
        ["green"] = (30, 150, 60),
        ["blue"] = (40, 80, 215),
        ["yellow"] = (242, 212, 40),
        ["orange"] = (245, 130, 25),
        ["purple"] = (130, 50, 170),
        ["pink"] = (246, 140, 188),
        ["brown"] = (115, 70, 35),
        ["black"] = (18, 18, 20),
        ["white"] = (248, 248, 248),
    };

    public static readonly string[] Shapes = ["circle", "square", "triangle", "star", "ring", "cross", "diamond", "heart"];

    public static readonly OrderedDictionary<string, string[]> Nouns = new()
    {
        ["circle"] = ["circle", "circle", "disc"],
        ["square"] = ["square", "square", "box"],
        ["triangle"] = ["triangle"],
        ["star"] = ["star"],
        ["ring"] = ["ring", "ring", "hoop"],
        ["cross"] = ["cross", "plus sign"],
        ["diamond"] = ["diamond"],
        ["heart"] = ["heart"],
    };

    public static readonly OrderedDictionary<string, string[]> Sizes = new()
    {
        ["small"] = ["small", "small", "little", "tiny"],
        ["large"] = ["large", "large", "big"],
    };

    public static readonly OrderedDictionary<string, string[]> Grounds = new()
    {
        ["plain"] = ["a gray background", "a gray surface"],
        ["blue"] = ["a light blue background", "a pale blue wall"],
        ["wood"] = ["a wooden table", "a brown wooden surface"],
        ["grass"] = ["the grass", "a green lawn"],
        ["checks"] = ["a checkered cloth", "a checkered tablecloth"],
        ["dark"] = ["a dark background", "a dark surface"],
    };

    public static readonly string[] Places =
    [
        "in the top left corner", "at the top", "in the top right corner", "on the left side", "in the middle",
        "on the right side", "in the bottom left corner", "at the bottom", "in the bottom right corner",
    ];

    public static readonly string[] Centre = ["in the middle", "in the center"];

    public static readonly OrderedDictionary<string, string[]> Relations = new()
    {
        ["left"] = ["to the left of", "left of"],
        ["right"] = ["to the right of", "right of"],
        ["above"] = ["above", "over"],
        ["below"] = ["below", "under"],
    };

    public static readonly string[] Pictures = ["the picture", "the image"];
    public static readonly string[] Blurry = ["a blurry picture of ", "a blurred photo of "];
    public static readonly string[] Dim = ["a dark picture of ", "a dim photo of "];

    public static readonly OrderedDictionary<string, string[]> Severe = new()
    {
        ["smear"] = ["a very blurry picture", "too blurry to see", "nothing can be seen"],
        ["night"] = ["a black picture", "too dark to see"],
        ["glare"] = ["a bright white light", "too bright to see"],
        ["finger"] = ["a finger covers the lens", "a finger over the picture"],
    };

    // Colours that would vanish on a ground.
    private static readonly HashSet<(string Colour, string Ground)> s_clashes =
        [("green", "grass"), ("brown", "wood"), ("orange", "wood"), ("black", "dark"), ("white", "checks"), ("blue", "blue")];

    public static bool Clash(string colour, string ground) => s_clashes.Contains((colour, ground));

    public static string Inverse(string relation) => relation switch
    {
        "left" => "right",
        "right" => "left",
        "above" => "below",
        _ => "above",
    };

    public static string Number(int count) => count switch { 2 => "two", 3 => "three", 4 => "four", _ => "five" };

    public static string Plural(string noun) => noun switch
    {
        "cross" => "crosses",
        "box" => "boxes",
        "plus sign" => "plus signs",
        _ => noun + "s",
    };

    /// <summary>Each shape has one colour that it never has in the training part.</summary>
    public static bool IsHeldOut(string colour, string shape) => Colours.IndexOf(colour) == (Array.IndexOf(Shapes, shape) * 3 + 1) % 10;
}
