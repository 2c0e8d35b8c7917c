using System.Text.Json.Nodes;
using Sightline.IO;

namespace Sightline.Data.Shapes;

/// <summary>
/// The demo set: pictures of coloured shapes with five differently worded captions each, some pictures spoilt beyond recognition and captioned as
/// VizWiz does. Whether a caption is true of a picture can be decided by rule (<see cref="ShapesJudge"/>). Everything follows from the seed.
/// </summary>
public static class ShapesDataset
{
    /// <summary>Image ids of a part start at this number times the part's position: train 0, val 10,000,000, heldout 20,000,000.</summary>
    public const int PartStride = 10_000_000;

    /// <summary>Makes one part in memory, on all cores. A picture takes <c>3 size²</c> bytes.</summary>
    /// <exception cref="ConfigurationException">An option is out of range.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static ShapesPicture[] Generate(ShapesPart part, ShapesOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var pictures = new ShapesPicture[options.Count(part)];
        Parallel.For(0, pictures.Length, new ParallelOptions { CancellationToken = cancellation },
            k => pictures[k] = Make(part, k, options));
        return pictures;
    }

    /// <summary>The pictures as a data set that needs no files; position by position that of <paramref name="pictures"/>.</summary>
    /// <param name="part">Names the set in messages.</param>
    /// <param name="pictures">Pictures that <see cref="Generate"/> made.</param>
    public static CaptionDataset ToCaptionDataset(ShapesPart part, IReadOnlyList<ShapesPicture> pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        var examples = pictures.SelectMany((picture, k) => picture.Captions.Select((caption, q) =>
            new CaptionExample(k, caption, CaptionId(picture.Id, q), caption == ShapesWords.Quality)));
        return new CaptionDataset($"shapes {Name(part)}", [.. pictures.Select(p => new CaptionImage(p.Id, p.FileName, ""))], [.. examples]);
    }

    /// <summary>Makes one picture of a part.</summary>
    /// <param name="part">The part.</param>
    /// <param name="number">The picture's number in its part, from 0.</param>
    /// <param name="options">Level, size and seed.</param>
    public static ShapesPicture Make(ShapesPart part, int number, ShapesOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, PartStride);
        var id = (int)part * PartStride + number;
        var scene = ShapesSceneGenerator.Make(options.Seed, id, part == ShapesPart.Heldout, options.Level);
        return new ShapesPicture(
            id, FileName(part, number), scene, ShapesCaptions.Make(options.Seed, id, scene), ShapesRenderer.Render(options.Seed, id, scene, options.Size));
    }

    /// <summary>
    /// Writes the set in the layout of VizWiz-Captions: <c>annotations/train.json</c> and <c>train/Shapes_train_00000000.png</c>, the same for <c>val</c>
    /// and <c>heldout</c>. Each image entry carries its scene. Existing files of the same names are replaced.
    /// </summary>
    /// <exception cref="ConfigurationException">An option is out of range.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void Write(string folder, ShapesOptions options, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Directory.CreateDirectory(Path.Combine(folder, "annotations"));
        foreach (var part in Enum.GetValues<ShapesPart>())
            WritePart(folder, part, options, cancellation);
    }

    /// <summary>Reads the scenes of an annotation file that <see cref="Write"/> wrote, by image id.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read or is not JSON.</exception>
    /// <exception cref="DatasetException">The file has no scenes.</exception>
    public static IReadOnlyDictionary<long, ShapesScene> ReadScenes(string annotationFile)
    {
        var root = JsonFile.ReadObject(annotationFile, 1L << 30);
        var scenes = new Dictionary<long, ShapesScene>();
        if (root["images"] is not JsonArray images)
            throw new DatasetException($"{annotationFile}: 'images' is missing; expected a list of images with scenes.");
        for (var i = 0; i < images.Count; i++)
        {
            if (images[i] is not JsonObject image || image["scene"] is not JsonObject scene || image["id"] is not JsonValue value || !value.TryGetValue<long>(out var id))
                throw new DatasetException($"{annotationFile}: images[{i}] has no id and scene; is this a file of the shapes generator?");
            try
            {
                scenes[id] = ShapesScene.FromJson(scene);
            }
            catch (DatasetException e)
            {
                throw new DatasetException($"{annotationFile}: images[{i}]: {e.Message}", e);
            }
        }

        return scenes;
    }

    private static void WritePart(string folder, ShapesPart part, ShapesOptions options, CancellationToken cancellation)
    {
        var name = Name(part);
        var pictureFolder = Path.Combine(folder, name);
        Directory.CreateDirectory(pictureFolder);
        var images = new JsonObject[options.Count(part)];
        var captions = new IReadOnlyList<string>[images.Length];
        Parallel.For(0, images.Length, new ParallelOptions { CancellationToken = cancellation }, k =>
        {
            var picture = Make(part, k, options);
            File.WriteAllBytes(Path.Combine(pictureFolder, picture.FileName), PngFile.Encode(options.Size, options.Size, picture.Pixels));
            captions[k] = picture.Captions;
            images[k] = new JsonObject
            {
                ["file_name"] = picture.FileName,
                ["id"] = picture.Id,
                ["width"] = options.Size,
                ["height"] = options.Size,
                ["scene"] = picture.Scene.ToJson(),
            };
        });
        var root = new JsonObject
        {
            ["info"] = new JsonObject
            {
                ["description"] = $"synthetic shapes, {name}",
                ["seed"] = options.Seed,
                ["size"] = options.Size,
                ["level"] = options.Level,
            },
            ["images"] = new JsonArray([.. images]),
            ["annotations"] = new JsonArray([.. captions.SelectMany((five, k) => five.Select((caption, q) => Annotation((int)part * PartStride + k, q, caption)))]),
        };
        AtomicFile.WriteAllText(Path.Combine(folder, "annotations", name + ".json"), PythonJson.Serialize(root, indent: -1));
    }

    private static JsonObject Annotation(int imageId, int number, string caption) => new()
    {
        ["caption"] = caption,
        ["image_id"] = imageId,
        ["is_precanned"] = caption == ShapesWords.Quality,
        ["is_rejected"] = false,
        ["id"] = CaptionId(imageId, number),
    };

    private static long CaptionId(int imageId, int number) => (long)imageId * ShapesCaptions.PerPicture + number;

    private static string Name(ShapesPart part) => part.ToString().ToLowerInvariant();

    private static string FileName(ShapesPart part, int number) => $"Shapes_{Name(part)}_{number:00000000}.png";
}
