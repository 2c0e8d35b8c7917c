using Sightline.Metrics.Tests.Goldens;
using Sightline.Tests;
using Sightline.Verification.Goldens;
using Xunit;

namespace Sightline.Metrics.Tests.Tokenization;

public sealed class PtbTokenizerTests
{
    [Fact]
    public void Tokenize_Documents_EqualTheReferenceOnEveryLine() =>
        GoldenChecks.Check(into => TokenizerGoldens.Documents(into, Fixture.Path("metrics", "tokenizer", "documents.json.gz")));

    [Fact]
    public void Tokenize_EveryCodePointOfTheBasicPlane_EqualsTheReference() =>
        GoldenChecks.Check(into => TokenizerGoldens.BmpProbe(into, Fixture.Path("metrics", "tokenizer", "bmp_probe.tsv.gz")));

    [Fact]
    public void Tokenize_WholeCorpora_HaveTheReferenceHashes() =>
        GoldenChecks.Check(into => TokenizerGoldens.CorpusHashes(into, Fixture.Path("metrics", "tokenizer", "corpus_hashes.json"), Fixture.Path("metrics", "pool")));
}
