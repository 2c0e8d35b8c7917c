using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Sightline.Server.Captioning;
using Sightline.Server.Configuration;
using Sightline.Server.Endpoints;
using Sightline.Server.Errors;

namespace Sightline.Server.OpenAI;

/// <summary>OpenAI's chat completions with one picture: <c>POST /v1/chat/completions</c>.</summary>
internal static class ChatEndpoint
{
    /// <summary>Maps the endpoint.</summary>
    public static void MapChatCompletions(this IEndpointRouteBuilder app) => app
        .MapPost("/v1/chat/completions", HandleAsync)
        .Produces<ChatCompletion>()
        .WithName("chat-completions")
        .WithSummary("Describes the picture of a conversation, as OpenAI's chat completions do.")
        .WithDescription(
            "One image_url in the messages; text is not read. n, max_tokens or max_completion_tokens, temperature (0 or absent: no sampling), top_p, seed, stream, logprobs, top_logprobs, "
            + "and generation options by their Hugging Face names (num_beams). Whatever else is given gets 400 with its name.")
        .WithMetadata(OpenAIFormat.Instance);

    private static async Task<IResult> HandleAsync(
        HttpContext context, CaptionService captions, ServedModel model, PictureReference pictures, IOptions<ServerOptions> limits, IOptions<JsonOptions> json)
    {
        if (!context.Request.HasJsonContentType())
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType, "Content-Type must be application/json.");
        var request = ChatRequest.Read(await JsonBody.ReadAsync(context, limits.Value));
        if (request.Model != model.Name)
            throw new ApiException(404, $"Model {request.Model} is not served here; {model.Name} is.") { Code = "model_not_found", Parameter = "model" };
        var settings = Complete(request, model.Ready);
        var picture = await pictures.ReadAsync(request.Picture, "image_url", plainBase64: false, context.RequestAborted);
        var answer = new ChatAnswer(model, request);
        if (!request.Stream)
            return TypedResults.Ok(answer.Completion(await captions.DescribeAsync(picture, settings, context.RequestAborted)));
        var stream = await captions.StreamAsync(picture, settings, context.RequestAborted);
        return TypedResults.ServerSentEvents(ChatStream.RunAsync(stream, request, answer, model.Ready.Tokenizer, json.Value.SerializerOptions, context.RequestAborted));
    }

    // Several captions without sampling are the best of as many beams.
    private static CaptionRequest Complete(ChatRequest request, Captioner captioner)
    {
        var options = captioner.Complete(request.Captions.Options);
        if (options.DoSample != true && options.NumBeams is null or > 0 && request.Choices > (options.NumBeams ?? 1))
            options = options with { NumBeams = request.Choices };
        if (request.Captions.TopLogProbabilities > 0 && options.NumBeams > 1)
            throw ApiException.Invalid("top_logprobs", "top_logprobs cannot be given for beam search; set num_beams to 1, or n to 1.");
        return request.Captions with { Options = options };
    }
}
