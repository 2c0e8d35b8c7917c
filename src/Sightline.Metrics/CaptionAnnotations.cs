using System.Text.Json;
using Sightline.Metrics.IO;

namespace Sightline.Metrics;

/// <summary>An annotation file of VizWiz-Captions or COCO: <c>{"images": [{"id", "file_name", …}], "annotations": [{"image_id", "caption", …}]}</c>.</summary>
public sealed class CaptionAnnotations
{
    private readonly Dictionary<long, AnnotatedImage> _byId;

    /// <summary>Takes images that are already in memory.</summary>
    /// <exception cref="MetricsException">There is no image, or an id occurs twice.</exception>
    public CaptionAnnotations(IEnumerable<AnnotatedImage> images)
    {
        Images = [.. images];
        if (Images.Count == 0)
            throw new MetricsException("The annotations have no image.");
        _byId = new Dictionary<long, AnnotatedImage>(Images.Count);
        var repeated = Images.Where(image => !_byId.TryAdd(image.Id, image)).Select(image => image.Id).ToList();
        if (repeated.Count > 0)
            throw new MetricsException($"The annotations list image ids more than once: {Faults.List(repeated)}.");
    }

    /// <summary>The images in the order of the file, which is the order of evaluation.</summary>
    public IReadOnlyList<AnnotatedImage> Images { get; }

    /// <summary>Finds an image, or null.</summary>
    public AnnotatedImage? Find(long id) => _byId.GetValueOrDefault(id);

    /// <summary>Reads an annotation file. Unknown fields are ignored, missing flags count as false.</summary>
    /// <exception cref="MetricsException">The file cannot be read, has another schema, or annotates images that it does not list.</exception>
    public static CaptionAnnotations Load(string path)
    {
        using var document = BoundedJson.Read(path);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("images", out var images) || images.ValueKind != JsonValueKind.Array
            || !root.TryGetProperty("annotations", out var annotations) || annotations.ValueKind != JsonValueKind.Array)
        {
            throw new MetricsException($"{path}: not an annotation file; expected {{\"images\": […], \"annotations\": […]}} as VizWiz-Captions and COCO have it.");
        }

        var faults = new Faults(path);
        var order = new List<long>(images.GetArrayLength());
        var found = new Dictionary<long, (string? File, bool? Text, List<ReferenceCaption> References)>();
        ReadImages(images, order, found, faults);
        ReadAnnotations(annotations, found, faults);
        faults.Throw();
        if (order.Count == 0)
            throw new MetricsException($"{path}: no image; there is nothing to evaluate.");
        return new CaptionAnnotations(order.Select(id => new AnnotatedImage(id, found[id].File, found[id].Text, found[id].References)));
    }

    private static void ReadImages(
        JsonElement images, List<long> order, Dictionary<long, (string? File, bool? Text, List<ReferenceCaption> References)> found, Faults faults)
    {
        var index = -1;
        foreach (var image in images.EnumerateArray())
        {
            index++;
            if (image.ValueKind != JsonValueKind.Object || !image.TryGetProperty("id", out var value) || !TryId(value, out var id))
            {
                faults.Add($"images[{index}].id is missing or not an integer");
                continue;
            }

            var file = image.TryGetProperty("file_name", out var name) && name.ValueKind == JsonValueKind.String ? BoundedJson.Text(name) : null;
            if (!found.ContainsKey(id))
                order.Add(id);
            found[id] = (file, Flag(image, "text_detected", $"images[{index}]", faults), []);
        }
    }

    private static void ReadAnnotations(
        JsonElement annotations, Dictionary<long, (string? File, bool? Text, List<ReferenceCaption> References)> found, Faults faults)
    {
        var index = -1;
        foreach (var annotation in annotations.EnumerateArray())
        {
            index++;
            var where = $"annotations[{index}]";
            if (annotation.ValueKind != JsonValueKind.Object || !annotation.TryGetProperty("image_id", out var value) || !TryId(value, out var id))
                faults.Add($"{where}.image_id is missing or not an integer");
            else if (!annotation.TryGetProperty("caption", out var caption) || caption.ValueKind != JsonValueKind.String)
                faults.Add($"{where}.caption is missing or not a string");
            else if (!found.TryGetValue(id, out var image))
                faults.Add($"{where}.image_id {id} is unknown");
            else
                image.References.Add(new ReferenceCaption(
                    BoundedJson.Text(caption),
                    Flag(annotation, "is_rejected", where, faults) ?? false,
                    Flag(annotation, "is_precanned", where, faults) ?? false));
        }
    }

    internal static bool TryId(JsonElement value, out long id)
    {
        id = 0;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out id);
    }

    // true, false, 1, 0; missing and null: not said.
    private static bool? Flag(JsonElement holder, string name, string where, Faults faults)
    {
        if (!holder.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number is 0 or 1)
            return number == 1;
        faults.Add($"{where}.{name} is {value.GetRawText()}, not true or false");
        return null;
    }
}
