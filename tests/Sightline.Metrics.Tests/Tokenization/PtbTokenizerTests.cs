using Sightline.Metrics.Tests.Goldens;
using Sightline.Tests;
using Sightline.Verification.Goldens;
using Xunit;

namespace Sightline.Metrics.Tests.Tokenization;

public sealed class PtbTokenizerTests
{
    [Fact]
    public void Tokenize_Documents_EqualTheReferenceOnEveryLine() =>
        TokenizerGoldens.Documents(Fixture.Path("metrics", "tokenizer", "documents.json.gz")).Check();

    [Fact]
    public void Tokenize_EveryCodePointOfTheBasicPlane_EqualsTheReference() =>
        TokenizerGoldens.BmpProbe(Fixture.Path("metrics", "tokenizer", "bmp_probe.tsv.gz")).Check();

    [Fact]
    public void Tokenize_WholeCorpora_HaveTheReferenceHashes() =>
        TokenizerGoldens.CorpusHashes(Fixture.Path("metrics", "tokenizer", "corpus_hashes.json"), Fixture.Path("metrics", "pool")).Check();
}
