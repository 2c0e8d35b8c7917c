using Sightline.Data.Formats;

namespace Sightline.Data;

/// <summary>
/// Pictures and their captions, one example a caption, in the order of the file: the order in which a Hugging Face script that walks the annotations
/// would see them. Unchanging once made.
/// </summary>
public sealed class CaptionDataset
{
    private static readonly string[] s_tableNames = ["metadata", "captions", "annotations"];
    private static readonly string[] s_extensions = [".json", ".jsonl", ".csv", ".tsv", ".parquet"];

    /// <summary>Makes a data set of pictures that need not be files.</summary>
    /// <param name="source">Names the set in messages.</param>
    /// <param name="images">The pictures.</param>
    /// <param name="examples">The examples.</param>
    /// <param name="report">What was left out; null for nothing.</param>
    /// <exception cref="ArgumentException">An example names a picture that is not there.</exception>
    public CaptionDataset(string source, IReadOnlyList<CaptionImage> images, IReadOnlyList<CaptionExample> examples, DataReport? report = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(examples);
        for (var i = 0; i < examples.Count; i++)
        {
            if (examples[i].Image < 0 || examples[i].Image >= images.Count)
                throw new ArgumentException($"Example {i} names picture {examples[i].Image}; there are {images.Count}.", nameof(examples));
        }

        Source = source;
        Images = images;
        Examples = examples;
        Report = report ?? DataReport.Empty;
    }

    /// <summary>The annotation file.</summary>
    public string Source { get; }

    /// <summary>The pictures, in the order of the file, those without captions included.</summary>
    public IReadOnlyList<CaptionImage> Images { get; }

    /// <summary>One example for each caption, in the order of the file.</summary>
    public IReadOnlyList<CaptionExample> Examples { get; }

    /// <summary>What was left out.</summary>
    public DataReport Report { get; }

    /// <summary>Loads a caption file, or the one caption table of a folder.</summary>
    /// <param name="path">
    /// VizWiz-Captions or COCO (<c>.json</c>), or a table with a column <c>file_name</c> or <c>image</c> and a column <c>caption</c> or <c>text</c>
    /// (<c>.csv</c>, <c>.tsv</c>, <c>.jsonl</c>, <c>.parquet</c>), or a folder with such a table named <c>metadata</c>, <c>captions</c> or <c>annotations</c>.
    /// </param>
    /// <param name="imageFolder">The folder of the pictures; null: beside the file (<c>annotations/val.json</c> has <c>val/</c> or <c>images/</c>).</param>
    /// <param name="options">Which captions are used; null for the defaults.</param>
    /// <exception cref="DatasetException">The file cannot be used; all its faults are named in one line.</exception>
    /// <exception cref="ConfigurationException">An option is out of range, or the file is too large.</exception>
    public static CaptionDataset Load(string path, string? imageFolder = null, CaptionDatasetOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new CaptionDatasetOptions();
        options.Validate();
        if (Directory.Exists(path))
            path = FindTable(path);
        var problems = new ProblemList(path);
        var raw = ReadFile(path, options, problems);
        imageFolder = Path.GetFullPath(imageFolder ?? ImageFolder.Find(path));
        if (options.RequireImageFiles && !Directory.Exists(imageFolder))
            throw new DatasetException($"{imageFolder}: the image folder of {path} does not exist.");
        return Build(path, imageFolder, raw, options, problems);
    }

    /// <summary>The same data set without some pictures and their captions; the order of the rest stays.</summary>
    /// <param name="images">Positions in <see cref="Images"/>.</param>
    /// <param name="reasons">One line for each picture, for the report.</param>
    public CaptionDataset WithoutImages(IReadOnlySet<int> images, IEnumerable<string> reasons)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(reasons);
        var newPositions = new int[Images.Count];
        var kept = new List<CaptionImage>(Images.Count);
        for (var i = 0; i < Images.Count; i++)
        {
            newPositions[i] = images.Contains(i) ? -1 : kept.Count;
            if (newPositions[i] >= 0)
                kept.Add(Images[i]);
        }

        var examples = Examples.Where(e => newPositions[e.Image] >= 0).Select(e => e with { Image = newPositions[e.Image] }).ToList();
        return new CaptionDataset(Source, kept, examples, Report with { SkippedImages = [.. Report.SkippedImages, .. reasons] });
    }

    /// <summary>The positions of each picture's examples; an empty list for a picture without captions.</summary>
    public IReadOnlyList<IReadOnlyList<int>> ExamplesByImage()
    {
        var lists = new List<int>[Images.Count];
        for (var i = 0; i < lists.Length; i++)
            lists[i] = [];
        for (var i = 0; i < Examples.Count; i++)
            lists[Examples[i].Image].Add(i);
        return lists;
    }

    private static string FindTable(string folder)
    {
        var found = s_tableNames.SelectMany(name => s_extensions.Select(extension => Path.Combine(folder, name + extension))).Where(File.Exists).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw new DatasetException($"{folder}: no caption file; expected {string.Join(" or ", s_tableNames)} with the extension {string.Join(" or ", s_extensions)}."),
            _ => throw new DatasetException($"{folder}: several caption files ({string.Join(", ", found.Select(Path.GetFileName))}); name the one to use."),
        };
    }

    private static RawAnnotations ReadFile(string path, CaptionDatasetOptions options, ProblemList problems)
    {
        try
        {
            return Path.GetExtension(path).ToLowerInvariant() switch
            {
                ".json" => AnnotationJsonReader.Read(path, options.MaxFileBytes, problems),
                ".jsonl" => JsonLinesCaptionReader.Read(path, options, problems),
                ".csv" or ".tsv" => CsvCaptionReader.Read(path, options, problems),
                ".parquet" => ParquetCaptionReader.Read(path, options, problems),
                var other => throw new DatasetException($"{path}: the extension '{other}' is not known; expected {string.Join(", ", s_extensions)}."),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    private static CaptionDataset Build(string path, string imageFolder, RawAnnotations raw, CaptionDatasetOptions options, ProblemList entryProblems)
    {
        var imageProblems = new ProblemList(path);
        var images = new List<CaptionImage>(raw.Images.Count);
        var positions = new Dictionary<long, int>(raw.Images.Count);
        foreach (var image in raw.Images)
        {
            if (ImageFolder.Problem(image.FileName, options.MaxCharacters) is { } problem)
            {
                entryProblems.Add($"{image.Where}file_name {problem}");
                continue;
            }

            if (positions.ContainsKey(image.Id))
            {
                entryProblems.Add($"{image.Where}id {image.Id} occurs twice");
                continue;
            }

            var filePath = Path.Combine(imageFolder, image.FileName);
            if (options.RequireImageFiles && !File.Exists(filePath))
            {
                imageProblems.Add($"{image.Where}file_name {image.FileName} is not in {imageFolder}");
                positions[image.Id] = -1;
                continue;
            }

            positions[image.Id] = images.Count;
            images.Add(new CaptionImage(image.Id, image.FileName, filePath, image.TextDetected));
        }

        var examples = new List<CaptionExample>(raw.Captions.Count);
        var ids = new HashSet<long>(raw.Captions.Count);
        var filtered = 0;
        for (var i = 0; i < raw.Captions.Count; i++)
        {
            var caption = raw.Captions[i];
            if (Problem(caption, positions, ids, options) is { } problem)
                entryProblems.Add(caption.Where + problem);
            else if (positions[caption.ImageId] is var position && position < 0)
                continue;
            else if (Passes(options.Precanned, caption.IsPrecanned) && Passes(options.Rejected, caption.IsRejected) && Passes(options.TextDetected, images[position].TextDetected))
                examples.Add(new CaptionExample(position, caption.Caption, caption.Id ?? i, caption.IsPrecanned, caption.IsRejected));
            else
                filtered++;
        }

        if (options.BadEntries == FaultPolicy.Fail)
            entryProblems.ThrowIfAny("Mend the file, or let faulty entries be skipped.");
        if (options.MissingImages == FaultPolicy.Fail)
            imageProblems.ThrowIfAny("Check the image folder, or let missing pictures be skipped.");
        var report = new DataReport(imageProblems.Lines, entryProblems.Lines, filtered);
        if (examples.Count == 0 && !options.AllowNoCaptions)
            throw new DatasetException($"{path}: no caption is left ({raw.Images.Count} pictures and {raw.Captions.Count} captions in the file, {filtered} left out by the flag options, {imageProblems.Lines.Count} pictures missing).");
        return new CaptionDataset(path, images, examples, report);
    }

    private static string? Problem(RawCaption caption, Dictionary<long, int> positions, HashSet<long> ids, CaptionDatasetOptions options)
    {
        if (!positions.ContainsKey(caption.ImageId))
            return $"image_id {caption.ImageId} is unknown";
        if (string.IsNullOrWhiteSpace(caption.Caption))
            return "caption is empty";
        if (caption.Caption.Length > options.MaxCharacters)
            return $"caption has {caption.Caption.Length} characters, at most {options.MaxCharacters} are accepted";
        return caption.Id is { } id && !ids.Add(id) ? $"id {id} occurs twice" : null;
    }

    private static bool Passes(FlagFilter filter, bool flag) => filter switch
    {
        FlagFilter.Exclude => !flag,
        FlagFilter.Only => flag,
        _ => true,
    };
}
