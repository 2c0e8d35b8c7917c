using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Sightline.Generation;
using Sightline.Server.Captioning;
using Sightline.Server.Configuration;
using Sightline.Server.Endpoints;
using Sightline.Server.Errors;

namespace Sightline.Server.HuggingFace;

/// <summary>Hugging Face's Inference API, task <c>image-to-text</c>: <c>POST /</c> and <c>POST /models/{name}</c>.</summary>
internal static class ImageToTextEndpoint
{
    private const string Prefix = "parameters";
    private static readonly string[] s_nested = ["generation_parameters", "generate_kwargs"];

    /// <summary>Maps the endpoints.</summary>
    public static void MapImageToText(this IEndpointRouteBuilder app)
    {
        Describe(app.MapPost("/", (HttpContext context, IOptions<ServerOptions> limits) => HandleAsync(context, limits.Value, null)).WithName("image-to-text"));
        Describe(app.MapPost("/models/{**name}", (HttpContext context, IOptions<ServerOptions> limits, string name) => HandleAsync(context, limits.Value, name)).WithName("image-to-text-by-model"));
    }

    /// <summary>The settings of a request's <c>parameters</c>.</summary>
    /// <exception cref="ApiException">A part has the wrong type, or is not supported.</exception>
    /// <exception cref="ConfigurationException">A parameter is not known, or its value is of a wrong type.</exception>
    public static GenerationOptions ReadParameters(JsonObject? parameters)
    {
        var settings = new JsonObject();
        foreach (var source in new[] { parameters }.Concat(s_nested.Select(name => parameters?.Object(name))))
        {
            foreach (var (name, value) in source ?? [])
            {
                if (value is null || s_nested.Contains(name))
                    continue;
                if (name == "use_cache" && source!.Flag(name) == true)
                    continue; // the key/value cache is always used
                if (name is "use_cache" or "penalty_alpha")
                    throw ApiException.Unsupported($"{Prefix}.{name}", name == "use_cache" ? "can only be true" : "is not supported");
                settings[name] = value.DeepClone();
            }
        }

        return GenerationOptions.FromJson(settings, Prefix);
    }

    private static void Describe(RouteHandlerBuilder endpoint) => endpoint
        .Produces<GeneratedText[]>()
        .WithSummary("Describes a picture, as Hugging Face's image-to-text task does.")
        .WithDescription("Raw picture bytes, or JSON with base64. ?format=object gives the bare object that some clients need instead of the list.")
        .WithMetadata(HuggingFaceFormat.Instance);

    private static async Task<IResult> HandleAsync(HttpContext context, ServerOptions limits, string? name)
    {
        var services = context.RequestServices;
        var model = services.GetRequiredService<ServedModel>();
        if (name is not null && name != model.Name)
            throw new ApiException(404, $"Model {name} is not served here; {model.Name} is.") { Code = "model_not_found" };
        var asObject = WantsObject(context.Request.Query, limits);
        var (picture, options) = await ReadAsync(context, limits);
        var result = await services.GetRequiredService<CaptionService>().DescribeAsync(picture, new CaptionRequest(options), context.RequestAborted);
        var texts = result.All.Select(caption => new GeneratedText(caption.Text)).ToList();
        return asObject ? TypedResults.Ok(texts[0]) : TypedResults.Ok(texts);
    }

    private static async Task<(ImageInput Picture, GenerationOptions Options)> ReadAsync(HttpContext context, ServerOptions limits)
    {
        if (!context.Request.HasJsonContentType())
        {
            if (context.Request.ContentType?.StartsWith("text/", StringComparison.OrdinalIgnoreCase) == true)
                throw new ApiException(StatusCodes.Status415UnsupportedMediaType, "A picture, or JSON with inputs, was expected.");
            return (ImageInput.FromBytes(await PictureUpload.ReadBodyAsync(context, limits)), new GenerationOptions());
        }

        var body = await JsonBody.ReadAsync(context, limits);
        foreach (var (key, _) in body)
        {
            if (key is not ("inputs" or Prefix or "options"))
                throw ApiException.Unsupported(key);
        }

        await WaitIfAskedAsync(body.Object("options"), context);
        var options = ReadParameters(body.Object(Prefix));
        var inputs = body.Text("inputs") ?? throw ApiException.Invalid("inputs", "inputs is missing; a picture in base64 was expected.");
        return (await context.RequestServices.GetRequiredService<PictureReference>().ReadAsync(inputs, "inputs", plainBase64: true, context.RequestAborted), options);
    }

    // use_cache means a cache of answers: there is none, and the answer is the same.
    private static async Task WaitIfAskedAsync(JsonObject? options, HttpContext context)
    {
        foreach (var (key, _) in options ?? [])
        {
            if (key is not ("wait_for_model" or "use_cache"))
                throw ApiException.Unsupported($"options.{key}");
        }

        _ = options?.Flag("use_cache");
        if (options?.Flag("wait_for_model") == true)
            await context.RequestServices.GetRequiredService<ServedModel>().WaitAsync(context.RequestAborted);
    }

    private static bool WantsObject(IQueryCollection query, ServerOptions limits)
    {
        if (query.Keys.FirstOrDefault(key => key != "format") is { } other)
            throw ApiException.Unsupported(other);
        var format = query.TryGetValue("format", out var given) ? given.ToString() : limits.HuggingFaceFormat;
        return format switch
        {
            "list" => false,
            "object" => true,
            _ => throw ApiException.Invalid("format", "format must be list or object."),
        };
    }
}
