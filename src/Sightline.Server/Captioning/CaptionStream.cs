using System.Threading.Channels;

namespace Sightline.Server.Captioning;

/// <summary>A caption under way.</summary>
/// <param name="Tokens">The tokens as they are chosen, all but those that end a sequence; nothing in beam search.</param>
/// <param name="Result">The whole caption, when it is done.</param>
internal sealed record CaptionStream(ChannelReader<StreamedToken> Tokens, Task<CaptionResult> Result);
