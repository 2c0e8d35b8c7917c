using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Sightline.Generation;
using Sightline.Server.Captioning;
using Sightline.Server.Configuration;
using Sightline.Server.Errors;

namespace Sightline.Server.Endpoints;

/// <summary>Sightline's own API: <c>POST /api/captions</c>.</summary>
internal static class CaptionEndpoint
{
    /// <summary>Maps the endpoint.</summary>
    public static IEndpointConventionBuilder MapCaptions(this IEndpointRouteBuilder app) => app
        .MapPost("/api/captions", HandleAsync)
        .Produces<CaptionsResponse>()
        .Produces<ProblemDetails>(400, "application/problem+json")
        .Produces<ProblemDetails>(413, "application/problem+json")
        .Produces<ProblemDetails>(429, "application/problem+json")
        .Produces<ProblemDetails>(503, "application/problem+json")
        .WithName("captions")
        .WithSummary("Describes pictures.")
        .WithDescription(
            "Send one picture as the raw body, or several as files of a form. Settings are query or form fields by their Hugging Face names, "
            + "for instance num_beams=4, num_return_sequences=3, max_new_tokens=30, do_sample=true, seed=7. What is not given comes from the model.")
        .WithMetadata(ProblemFormat.Instance);

    /// <summary>A result as the API tells it.</summary>
    public static CaptionResponse ToResponse(string image, CaptionResult result) => new()
    {
        Image = image,
        Text = result.Caption.Text,
        Score = result.Caption.Score,
        Finish = NameOf(result.Caption.Finish),
        Tokens = Tokens(result.Caption),
        Alternatives = [.. result.Caption.Alternatives.Select(caption => new AlternativeResponse(caption.Text, caption.Score, NameOf(caption.Finish), Tokens(caption)))],
        Width = result.Width,
        Height = result.Height,
        Timing = new TimingResponse(Round(result.Timing.DecodeMs), Round(result.Timing.QueueMs), Round(result.Timing.ModelMs), result.Timing.BatchSize),
        Warnings = result.Warnings,
    };

    private static async Task<IResult> HandleAsync(HttpContext context, CaptionService captions, ServedModel model, IOptions<ServerOptions> limits)
    {
        var upload = await PictureUpload.ReadAsync(context, limits.Value);
        var request = new CaptionRequest(SettingFields.Read(upload.Fields));
        var outcomes = await captions.DescribeAsync(upload.Pictures, request, context.RequestAborted);
        if (outcomes.All(outcome => outcome.Error is not null))
            throw outcomes[0].Error!; // nothing was described; the first reason stands for all
        return TypedResults.Ok(new CaptionsResponse(model.Name, [.. outcomes.Select(outcome => outcome.Result is { } result
            ? ToResponse(outcome.Image, result)
            : new CaptionResponse { Image = outcome.Image, Error = outcome.Error!.Message })]));
    }

    private static List<TokenResponse> Tokens(Caption caption) => [.. caption.Tokens.Select(token => new TokenResponse(token.Id, token.Text, token.LogProbability))];

    private static string NameOf(FinishReason finish) => finish == FinishReason.Length ? "length" : "end";

    private static double Round(double milliseconds) => Math.Round(milliseconds, 2);
}
