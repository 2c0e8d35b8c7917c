using Sightline.Server.Captioning;
using Sightline.Server.Errors;

namespace Sightline.Server.OpenAI;

/// <summary>OpenAI's list of models: <c>GET /v1/models</c> and <c>GET /v1/models/{id}</c>.</summary>
internal static class ModelsEndpoint
{
    /// <summary>Maps the endpoints.</summary>
    public static void MapModels(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/models", (ServedModel model) => TypedResults.Ok(new ModelList("list", [Describe(model)])))
            .WithName("models").WithSummary("Lists the model that is served.").WithMetadata(OpenAIFormat.Instance);
        app.MapGet("/v1/models/{**id}", (ServedModel model, string id) => id == model.Name
                ? TypedResults.Ok(Describe(model))
                : throw new ApiException(404, $"Model {id} is not served here; {model.Name} is.") { Code = "model_not_found", Parameter = "model" })
            .WithName("model").WithSummary("Describes the model.").WithMetadata(OpenAIFormat.Instance);
    }

    private static ModelInfo Describe(ServedModel model) => new(model.Name, "model", model.Created.ToUnixTimeSeconds(), "sightline");

    /// <summary>The list.</summary>
    private sealed record ModelList(string Object, IReadOnlyList<ModelInfo> Data);

    /// <summary>A model.</summary>
    private sealed record ModelInfo(string Id, string Object, long Created, string OwnedBy);
}
