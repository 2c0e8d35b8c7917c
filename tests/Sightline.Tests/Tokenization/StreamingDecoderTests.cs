using Sightline.Tokenization;
using Xunit;

namespace Sightline.Tests.Tokenization;

public sealed class StreamingDecoderTests
{
    private static readonly Gpt2Tokenizer s_tokenizer = Gpt2Tokenizer.Load(Fixture.Path("tokenizer")).WithSpecialToken(SpecialTokenRole.Pad, "[PAD]");

    [Fact]
    public void Push_PartsOfACharacter_AreHeldBack()
    {
        var decoder = s_tokenizer.CreateStreamingDecoder(cleanUpTokenizationSpaces: false);
        var pieces = s_tokenizer.Encode("a\U00010400!").Select(decoder.Push).ToArray();
        Assert.Equal(["a", "", "", "", "\U00010400", "!"], pieces);
        Assert.Equal("", decoder.Finish());
    }

    [Fact]
    public void Finish_UnfinishedCharacter_GivesReplacement()
    {
        var decoder = s_tokenizer.CreateStreamingDecoder();
        Assert.Equal("", decoder.Push(127));
        Assert.Equal("\uFFFD", decoder.Finish());
        Assert.Equal("a", decoder.Push(64));
    }

    [Fact]
    public void Push_BlankBeforePoint_WaitsForIt()
    {
        var decoder = s_tokenizer.CreateStreamingDecoder();
        Assert.Equal("a", decoder.Push(64));
        Assert.Equal(" cat", decoder.Push(3797));
        Assert.Equal("", decoder.Push(220));
        Assert.Equal(".", decoder.Push(13));
        Assert.Equal("", decoder.Push(50256));
        Assert.Equal("", decoder.Finish());
    }

    // Pieces from which the patterns of the clean-up are made, in random order (seed 11): streamed equals whole.
    [Fact]
    public void Push_AnySequence_JoinedEqualsDecode()
    {
        string[] pieces = [" ", "  ", "'", "n", "t", "n't", "'m", "s", "'s", "v", "e", "'ve", "r", "'re", ".", "?", "!", ",", "a", " n", " '", " ' ", " .", "é", "😀", "[PAD]", "<|endoftext|>", "x n"];
        var random = new Random(11);
        var changed = 0;
        for (var i = 0; i < 4000; i++)
        {
            var ids = Enumerable.Range(0, random.Next(14)).SelectMany(_ => s_tokenizer.Encode(pieces[random.Next(pieces.Length)])).ToList();
            for (var k = random.Next(3); k > 0; k--)
                ids.Insert(random.Next(ids.Count + 1), random.Next(188, 256));
            foreach (var skip in new[] { false, true })
            {
                foreach (var clean in new[] { false, true })
                {
                    var decoder = s_tokenizer.CreateStreamingDecoder(skip, clean);
                    var streamed = string.Concat(ids.Select(decoder.Push)) + decoder.Finish();
                    var whole = s_tokenizer.Decode([.. ids], skip, clean);
                    Assert.True(whole == streamed, $"round {i}, skip {skip}, clean {clean}, ids {string.Join(',', ids)}: '{streamed}' instead of '{whole}'");
                }
            }

            if (s_tokenizer.Decode([.. ids], cleanUpTokenizationSpaces: true) != s_tokenizer.Decode([.. ids], cleanUpTokenizationSpaces: false))
                changed++;
        }

        Assert.True(changed > 1000, $"the clean-up changed {changed} of 4000");
    }
}
