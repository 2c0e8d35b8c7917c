namespace Sightline.Generation;

/// <summary>
/// Guesses how a caption goes on from the captions before it: of one to three tokens, which token followed most often. Captions of one model repeat
/// their phrases, so that a guess is often right; a wrong one costs a little time and changes nothing (<see cref="DraftedSession"/>). Kept in memory
/// only. Safe to use from several threads at once.
/// </summary>
/// <remarks>
/// Lookup decoding from n-grams (Saxena 2023; Transformers' <c>prompt_lookup_num_tokens</c> looks in the prompt, which a captioner does not have).
/// </remarks>
/// <param name="most">The most tokens guessed at a time.</param>
internal sealed class DraftTable(int most)
{
    /// <summary>The most that <see cref="Most"/> may be: attention of up to eight queries adds up as that of one does.</summary>
    public const int Limit = 7;

    private const int Order = 3; // the longest context
    private const int End = -1; // after a caption's last token
    private const int Capacity = 1 << 16; // contexts; some ten thousand captions
    private const double LeastConfidence = 0.2; // that all tokens of a guess are right

    private readonly Lock _lock = new();
    private readonly Dictionary<Context, Followers> _contexts = [];

    /// <summary>The most tokens guessed at a time.</summary>
    public int Most => most;

    /// <summary>Contexts known.</summary>
    public int Contexts => _contexts.Count;

    /// <summary>Learns a caption.</summary>
    /// <param name="tokenIds">Its tokens, the start token and any prompt first.</param>
    /// <param name="ended">Whether the last is an end token; otherwise the caption was cut off.</param>
    public void Learn(ReadOnlySpan<int> tokenIds, bool ended)
    {
        lock (_lock)
        {
            for (var i = 1; i < tokenIds.Length; i++)
            {
                var next = ended && i == tokenIds.Length - 1 ? End : tokenIds[i];
                for (var order = 1; order <= Math.Min(Order, i); order++)
                {
                    var context = Context.Of(tokenIds[(i - order)..i]);
                    if (!_contexts.TryGetValue(context, out var followers))
                        _contexts[context] = followers = new Followers();
                    followers.Add(next);
                }
            }

            if (_contexts.Count > Capacity)
                Forget();
        }
    }

    /// <summary>Guesses the next tokens.</summary>
    /// <param name="tokenIds">The caption so far, the start token and any prompt first.</param>
    /// <param name="draft">Gets the guess; its length is the limit.</param>
    /// <returns>How many tokens were guessed; 0 where nothing likely is known, or the end.</returns>
    public int Propose(ReadOnlySpan<int> tokenIds, Span<int> draft)
    {
        Span<int> last = stackalloc int[Order + draft.Length];
        var known = Math.Min(Order, tokenIds.Length);
        tokenIds[^known..].CopyTo(last);
        var (count, confidence) = (0, 1.0);
        lock (_lock)
        {
            while (count < draft.Length)
            {
                var (token, share) = Best(last[Math.Max(0, known + count - Order)..(known + count)]);
                confidence *= share;
                if (confidence < LeastConfidence || token == End)
                    break;
                last[known + count] = draft[count] = token;
                count++;
            }
        }

        return count;
    }

    // By the longest context that is known. One more than was seen in its share, so that a single case is no certainty.
    private (int Token, double Share) Best(ReadOnlySpan<int> last)
    {
        for (; last.Length > 0; last = last[1..])
        {
            if (_contexts.TryGetValue(Context.Of(last), out var followers))
                return (followers.Best, followers.BestCount / (followers.Total + 1.0));
        }

        return (End, 0);
    }

    // What was seen once goes; if all was seen more often, everything.
    private void Forget()
    {
        foreach (var (context, followers) in _contexts)
        {
            if (followers.Total == 1)
                _contexts.Remove(context);
        }

        if (_contexts.Count > Capacity / 2)
            _contexts.Clear();
    }

    private readonly record struct Context(int Last, int Before, int First)
    {
        public static Context Of(ReadOnlySpan<int> tokens) =>
            new(tokens[^1], tokens.Length > 1 ? tokens[^2] : End, tokens.Length > 2 ? tokens[^3] : End);
    }

    private sealed class Followers
    {
        private Dictionary<int, int>? _counts; // none as long as one token alone follows

        public int Total { get; private set; }

        public int Best { get; private set; }

        public int BestCount { get; private set; }

        public void Add(int token)
        {
            Total++;
            if (_counts is null && (Total == 1 || token == Best))
            {
                (Best, BestCount) = (token, Total);
                return;
            }

            _counts ??= new Dictionary<int, int> { [Best] = BestCount };
            var count = _counts.GetValueOrDefault(token) + 1;
            _counts[token] = count;
            if (count > BestCount)
                (Best, BestCount) = (token, count);
        }
    }
}
