namespace Sightline.Server.HuggingFace;

/// <summary>One description.</summary>
internal sealed record GeneratedText([property: System.Text.Json.Serialization.JsonPropertyName("generated_text")] string Text);
