namespace Sightline.Server.Endpoints;

/// <summary>The answer of <c>POST /api/captions</c>.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Captions">One for each picture, in their order.</param>
internal sealed record CaptionsResponse(string Model, IReadOnlyList<CaptionResponse> Captions);

/// <summary>What became of one picture: a description, or an error.</summary>
internal sealed record CaptionResponse
{
    /// <summary>The picture's file name as the client gave it.</summary>
    public required string Image { get; init; }

    /// <summary>The description; null if there is an error.</summary>
    public string? Text { get; init; }

    /// <summary>Why there is no description.</summary>
    public string? Error { get; init; }

    /// <summary>Sum of the log-probabilities by length: ranks descriptions of one picture, and is no probability of truth.</summary>
    public double? Score { get; init; }

    /// <summary><c>end</c>: the model ended the sentence; <c>length</c>: the limit did.</summary>
    public string? Finish { get; init; }

    /// <summary>The generated tokens.</summary>
    public IReadOnlyList<TokenResponse>? Tokens { get; init; }

    /// <summary>The other descriptions where several were asked for (<c>num_return_sequences</c>), best first.</summary>
    public IReadOnlyList<AlternativeResponse>? Alternatives { get; init; }

    /// <summary>Width of the picture, upright.</summary>
    public int? Width { get; init; }

    /// <summary>Height of the picture, upright.</summary>
    public int? Height { get; init; }

    /// <summary>Where the time went.</summary>
    public TimingResponse? Timing { get; init; }

    /// <summary>What makes the description doubtful.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }
}

/// <summary>Another description.</summary>
internal sealed record AlternativeResponse(string Text, double Score, string Finish, IReadOnlyList<TokenResponse> Tokens);

/// <summary>A generated token: the texts of all of them, joined, are the description.</summary>
internal sealed record TokenResponse(int Id, string Text, float LogProbability);

/// <summary>Milliseconds, and how many pictures shared the model's time.</summary>
internal sealed record TimingResponse(double DecodeMs, double QueueMs, double ModelMs, int BatchSize);
