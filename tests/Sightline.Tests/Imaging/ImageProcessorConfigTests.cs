using System.Text.Json.Nodes;
using Sightline.Imaging;
using Xunit;

namespace Sightline.Tests.Imaging;

public sealed class ImageProcessorConfigTests
{
    public static TheoryData<string> Checkpoints =>
        [.. Directory.GetFiles(Fixture.Path("checkpoints"), ImageProcessorConfig.FileName, SearchOption.AllDirectories).Select(p => Path.GetFileName(Path.GetDirectoryName(p)!))];

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void LoadSave_CheckpointOfTransformers_GivesTheSameBytes(string checkpoint)
    {
        var folder = Directory.CreateTempSubdirectory("sightline-test-");
        try
        {
            var source = Fixture.Path("checkpoints", checkpoint);
            ImageProcessorConfig.Load(source).Save(folder.FullName);
            Assert.Equal(
                File.ReadAllText(Path.Combine(source, ImageProcessorConfig.FileName)),
                File.ReadAllText(Path.Combine(folder.FullName, ImageProcessorConfig.FileName)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Load_MissingFile_GivesTheViTDefaults()
    {
        var config = ImageProcessorConfig.Load(Fixture.Path("images"));
        Assert.Equal((new ImageSize(224, 224), Resampling.Bilinear, false), (config.Size, config.Resample, config.DoCenterCrop));
        Assert.Equal([0.5, 0.5, 0.5], config.ImageMean);
        Assert.Equal([0.5, 0.5, 0.5], config.ImageStd);
    }

    // expected.json, size_forms: 4.17 takes a list as (width, height), 4.31 as (height, width).
    [Theory]
    [InlineData("""{"feature_extractor_type": "ViTFeatureExtractor", "size": 32}""", 32, 32)]
    [InlineData("""{"feature_extractor_type": "ViTFeatureExtractor", "size": [80, 48]}""", 80, 48)]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "size": [48, 80]}""", 80, 48)]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "size": 224}""", 224, 224)]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "size": {"height": 48, "width": 80}}""", 80, 48)]
    [InlineData("""{"image_processor_type": "ViTImageProcessorFast", "size": {"width": 80, "height": 48}, "crop_size": null, "do_center_crop": null, "device": null}""", 80, 48)]
    [InlineData("""{"do_rescale": true, "size": [48, 80]}""", 80, 48)]
    [InlineData("""{"image_processor_type": "DeiTImageProcessor"}""", 256, 256)]
    public void Parse_SizeForm_GivesWidthAndHeight(string json, int width, int height) =>
        Assert.Equal(new ImageSize(width, height), Parse(json).Size);

    [Theory]
    [InlineData("48", "80")]
    public void Preprocess_GoldenSizeForms_HaveTheGoldenShapes(string first, string second)
    {
        var forms = ImageGoldens.Expected["size_forms"]!["4.31"]!.AsObject();
        var image = ImageGoldens.Decode("png_rgb.png");
        var sizes = new Dictionary<string, string>
        {
            ["int 224"] = "224",
            ["height/width"] = $$"""{"height": {{first}}, "width": {{second}}}""",
            ["shortest_edge"] = """{"shortest_edge": 224}""",
            ["shortest+longest"] = """{"shortest_edge": 224, "longest_edge": 400}""",
            ["list [48, 80]"] = $"[{first}, {second}]",
            ["tuple (48, 80)"] = $"[{first}, {second}]",
        };
        Assert.Equal(forms.Select(f => f.Key).Order(), sizes.Keys.Order());
        foreach (var (form, golden) in forms)
        {
            var json = $$"""{"image_processor_type": "ViTImageProcessor", "size": {{sizes[form]}}}""";
            if (golden!["error"] is not null)
            {
                var e = Assert.Throws<ConfigurationException>(() => Parse(json));
                Assert.Contains("shortest_edge", e.Message, StringComparison.Ordinal);
                continue;
            }

            var shape = golden["shape"]!.AsArray().Select(s => (int)s!).ToArray();
            var processor = new ViTImageProcessor(Parse(json));
            Assert.Equal(new ImageSize(shape[3], shape[2]), processor.GetOutputSize(image));
            Assert.Equal(shape[1] * shape[2] * shape[3], processor.Preprocess(image).Length);
        }
    }

    [Fact]
    public void Load_NestedProcessorConfigOfVersion5_IsRead()
    {
        var folder = Directory.CreateTempSubdirectory("sightline-test-");
        try
        {
            File.WriteAllText(
                Path.Combine(folder.FullName, ImageProcessorConfig.NestedFileName),
                """{"image_processor": {"image_processor_type": "ViTImageProcessorFast", "size": {"height": 40, "width": 56}, "resample": 3}, "processor_class": "X"}""");
            var config = ImageProcessorConfig.Load(folder.FullName);
            Assert.Equal((new ImageSize(56, 40), Resampling.Bicubic, ImageProcessorStyle.ImageProcessor), (config.Size, config.Resample, config.Style));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("""{"image_processor_type": "DeiTImageProcessor", "crop_size": {"height": 24, "width": 32}, "size": {"height": 40, "width": 48}}""")]
    [InlineData("""{"feature_extractor_type": "DeiTFeatureExtractor", "crop_size": 24, "size": 40}""")]
    [InlineData("""{"feature_extractor_type": "ViTFeatureExtractor", "size": [80, 48], "image_mean": [0.1, 0.2, 0.3]}""")]
    [InlineData("""{"image_processor_type": "ViTImageProcessor", "do_rescale": false, "rescale_factor": 0.5, "do_resize": false}""")]
    public void ToJson_ParsedAgain_IsEqual(string json)
    {
        var config = Parse(json);
        var written = config.ToJson();
        Assert.Equal(written.ToJsonString(), ImageProcessorConfig.Parse(JsonNode.Parse(written.ToJsonString())!.AsObject(), "again").ToJson().ToJsonString());
        Assert.Equal(written.Select(p => p.Key), written.Select(p => p.Key).Order(StringComparer.Ordinal));
        foreach (var (key, value) in JsonNode.Parse(json)!.AsObject())
            Assert.True(JsonNode.DeepEquals(value, written[key]), $"{key}: {written[key]}");
    }

    [Theory]
    [InlineData("""{"size": "224"}""", "size")]
    [InlineData("""{"size": [1, 2, 3]}""", "size")]
    [InlineData("""{"size": 0}""", "size")]
    [InlineData("""{"size": 1e300}""", "size")]
    [InlineData("""{"size": 224.5}""", "size")]
    [InlineData("""{"size": {"height": 224}}""", "'height' and 'width'")]
    [InlineData("""{"size": {"height": [], "width": 1}}""", "height")]
    [InlineData("""{"resample": 9}""", "resample")]
    [InlineData("""{"resample": "bilinear"}""", "resample")]
    [InlineData("""{"image_mean": [0.5, 0.5]}""", "image_mean")]
    [InlineData("""{"image_mean": ["a", 1, 2]}""", "image_mean")]
    [InlineData("""{"image_std": [0, 1, 1]}""", "image_std")]
    [InlineData("""{"do_resize": "yes"}""", "do_resize")]
    [InlineData("""{"rescale_factor": {}}""", "rescale_factor")]
    [InlineData("""{"feature_extractor_type": 5}""", "feature_extractor_type")]
    [InlineData("""{"image_processor_type": "CLIPImageProcessor"}""", "CLIPImageProcessor")]
    [InlineData("""{"do_center_crop": true, "crop_size": 99999}""", "crop_size")]
    public void Parse_BadValue_NamesFileAndKey(string json, string expected)
    {
        var e = Assert.Throws<ConfigurationException>(() => Parse(json));
        Assert.StartsWith("x.json: ", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Parse_SeveralBadValues_AreReportedTogether() =>
        Assert.StartsWith("x.json: 3 problems: ", Assert.Throws<ConfigurationException>(
            () => Parse("""{"size": "a", "resample": 7, "do_resize": 1}""")).Message, StringComparison.Ordinal);

    private static ImageProcessorConfig Parse(string json) => ImageProcessorConfig.Parse(JsonNode.Parse(json)!.AsObject(), "x.json");
}
