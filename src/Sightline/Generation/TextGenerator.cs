using System.Runtime.CompilerServices;

namespace Sightline.Generation;

/// <summary>
/// Generates token sequences with a decoder: greedy search, sampling, beam search, diverse beam search and beam sampling, token for token
/// as Hugging Face <c>generate</c> does (4.17 by default). Sampling draws from the same distribution with a generator of its own.
/// </summary>
public static class TextGenerator
{
    /// <summary>Generates for a batch of images.</summary>
    /// <param name="openSession">
    /// Opens a fresh session with the given number of rows per image, image-major. It is disposed at the end.
    /// </param>
    /// <param name="options">The options, already merged over the checkpoint's defaults; the ids of the special tokens are needed.</param>
    /// <param name="cancellationToken">Checked between tokens.</param>
    /// <exception cref="ConfigurationException">The options cannot be used.</exception>
    /// <exception cref="SightlineException">The model gave scores of which no token can be chosen (NaN, or every token forbidden).</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static GenerationOutput Generate(
        Func<int, IDecoderSession> openSession, GenerationOptions options, CancellationToken cancellationToken = default) =>
        Generate(openSession, options, null, cancellationToken);

    /// <summary>As the public method; a lone row goes on by guesses of <paramref name="drafts"/>, which learns what was generated.</summary>
    internal static GenerationOutput Generate(
        Func<int, IDecoderSession> openSession, GenerationOptions options, DraftTable? drafts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(openSession);
        ArgumentNullException.ThrowIfNull(options);
        var plan = new GenerationPlan(options);
        using var session = Open(openSession, plan, drafts);
        var sequences = Search(session, plan, cancellationToken);
        Learn(drafts, sequences, plan);
        return new GenerationOutput { Sequences = sequences, PadTokenId = plan.PadTokenId, Seed = plan.Seed };
    }

    /// <summary>
    /// Generates token by token. Beam search has no tokens before its end, since the best beam may change with each step: it is refused.
    /// The tokens of a batch come interleaved, one per unfinished sequence and step.
    /// </summary>
    /// <inheritdoc cref="Generate(Func{int, IDecoderSession}, GenerationOptions, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="Generate(Func{int, IDecoderSession}, GenerationOptions, CancellationToken)" path="/exception"/>
    public static IEnumerable<GeneratedToken> Stream(
        Func<int, IDecoderSession> openSession, GenerationOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(openSession);
        ArgumentNullException.ThrowIfNull(options);
        PlanStream(options); // faults are reported here, not at the first token
        return Iterate(openSession, options, cancellationToken);
    }

    /// <summary>As <see cref="Stream"/>; each step runs on the thread pool.</summary>
    /// <inheritdoc cref="Generate(Func{int, IDecoderSession}, GenerationOptions, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="Generate(Func{int, IDecoderSession}, GenerationOptions, CancellationToken)" path="/exception"/>
    public static IAsyncEnumerable<GeneratedToken> StreamAsync(
        Func<int, IDecoderSession> openSession, GenerationOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(openSession);
        ArgumentNullException.ThrowIfNull(options);
        return StreamAsync(openSession, options, null, cancellationToken);
    }

    /// <summary>As the public method, with guesses.</summary>
    internal static IAsyncEnumerable<GeneratedToken> StreamAsync(
        Func<int, IDecoderSession> openSession, GenerationOptions options, DraftTable? drafts, CancellationToken cancellationToken)
    {
        PlanStream(options);
        return IterateAsync(openSession, options, drafts, cancellationToken);
    }

    private static GenerationPlan PlanStream(GenerationOptions options)
    {
        var plan = new GenerationPlan(options);
        return plan.NumBeams == 1
            ? plan
            : throw new ConfigurationException($"generation options: streaming needs num_beams 1, not {plan.NumBeams}: beam search knows its tokens only at the end.");
    }

    private static GeneratedSequence[] Search(IDecoderSession session, GenerationPlan plan, CancellationToken cancellationToken)
    {
        if (plan.NumBeams > 1)
        {
            using var beams = new BeamSearch(session, plan);
            return beams.Run(cancellationToken);
        }

        using var loop = new TokenLoop(session, plan);
        return loop.Run(cancellationToken);
    }

    // The best sequence of each image.
    private static void Learn(DraftTable? drafts, GeneratedSequence[] sequences, GenerationPlan plan)
    {
        for (var i = 0; drafts is not null && i < sequences.Length; i += plan.NumReturnSequences)
            drafts.Learn(sequences[i].TokenIds.ToArray(), sequences[i].Finish == FinishReason.EndOfSequence);
    }

    private static IDecoderSession Open(Func<int, IDecoderSession> openSession, GenerationPlan plan, DraftTable? drafts = null)
    {
        var session = openSession(plan.RowsPerImage);
        try
        {
            plan.CheckAgainst(session);
            return drafts is not null && plan.NumBeams == 1 && session is ISpeculativeSession { Rows: 1 } able ? new DraftedSession(able, drafts, plan.Capacity(session)) : session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    private static IEnumerable<GeneratedToken> Iterate(Func<int, IDecoderSession> openSession, GenerationOptions options, CancellationToken cancellationToken)
    {
        var plan = PlanStream(options);
        using var session = Open(openSession, plan);
        using var loop = new TokenLoop(session, plan);
        while (loop.Advance(cancellationToken))
        {
            for (var row = 0; row < loop.Rows; row++)
            {
                if (loop.TryGetNewToken(row, out var token))
                    yield return token;
            }
        }
    }

    private static async IAsyncEnumerable<GeneratedToken> IterateAsync(
        Func<int, IDecoderSession> openSession, GenerationOptions options, DraftTable? drafts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var plan = PlanStream(options);
        using var session = await Task.Run(() => Open(openSession, plan, drafts), cancellationToken).ConfigureAwait(false);
        using var loop = new TokenLoop(session, plan);
        while (await Task.Run(() => loop.Advance(cancellationToken), cancellationToken).ConfigureAwait(false))
        {
            for (var row = 0; row < loop.Rows; row++)
            {
                if (loop.TryGetNewToken(row, out var token))
                    yield return token;
            }
        }

        Learn(drafts, loop.Sequences(), plan);
    }
}
