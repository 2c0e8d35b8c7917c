using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Sightline.Server.Endpoints;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>: title, and an example for every answer and JSON request.</summary>
internal static class ApiDocument
{
    private static readonly Dictionary<string, (string? Request, string Response)> s_examples = new()
    {
        ["captions"] = (null, """{"model":"vizwiz","captions":[{"image":"cup.jpg","text":"a white cup on a wooden table","score":-0.41,"finish":"end","tokens":[{"id":64,"text":"a","log_probability":-0.12}],"alternatives":[],"width":1536,"height":2048,"timing":{"decode_ms":31.5,"queue_ms":4.2,"model_ms":398.0,"batch_size":1},"warnings":[]}]}"""),
        ["image-to-text"] = ("""{"inputs":"iVBORw0KGgo...","parameters":{"max_new_tokens":30,"generation_parameters":{"num_beams":4}}}""", """[{"generated_text":"a white cup on a wooden table"}]"""),
        ["image-to-text-by-model"] = ("""{"inputs":"iVBORw0KGgo...","parameters":{"generate_kwargs":{"num_beams":4}}}""", """[{"generated_text":"a white cup on a wooden table"}]"""),
        ["chat-completions"] = ("""{"model":"vizwiz","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo..."}}]}],"max_tokens":30,"logprobs":true}""", """{"id":"chatcmpl-1","object":"chat.completion","created":1764075600,"model":"vizwiz","choices":[{"index":0,"message":{"role":"assistant","content":"a white cup on a wooden table","refusal":null},"logprobs":{"content":[{"token":"a","logprob":-0.12,"bytes":[97],"top_logprobs":[]}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":197,"completion_tokens":8,"total_tokens":205}}"""),
        ["models"] = (null, """{"object":"list","data":[{"id":"vizwiz","object":"model","created":1764075600,"owned_by":"sightline"}]}"""),
        ["model"] = (null, """{"id":"vizwiz","object":"model","created":1764075600,"owned_by":"sightline"}"""),
    };

    /// <summary>Adds title and examples.</summary>
    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Sightline",
                Version = "1",
                Description = "Captions for pictures. Errors are problem details under /api, {\"error\": text} on the Hugging Face routes, and OpenAI's error object under /v1.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, _, _) =>
        {
            if (operation.OperationId is not { } id || !s_examples.TryGetValue(id, out var example))
                return Task.CompletedTask;
            if (!id.StartsWith("model", StringComparison.Ordinal))
                operation.RequestBody = new OpenApiRequestBody { Required = true, Content = Bodies(id, example.Request) };
            if (operation.Responses?.TryGetValue("200", out var ok) == true && ok.Content?.TryGetValue("application/json", out var produced) == true)
                produced.Example = JsonNode.Parse(example.Response);
            return Task.CompletedTask;
        });
    }

    // The endpoints read bodies themselves, whatever type a client gives raw bytes; so the document is told here.
    private static Dictionary<string, OpenApiMediaType> Bodies(string id, string? example)
    {
        var bodies = new Dictionary<string, OpenApiMediaType>();
        if (example is not null)
            bodies["application/json"] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.Object }, Example = JsonNode.Parse(example) };
        if (id == "captions")
            bodies["multipart/form-data"] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } } };
        foreach (var type in id == "chat-completions" ? [] : (string[])["image/*", "application/octet-stream"])
            bodies[type] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } };
        return bodies;
    }
}
