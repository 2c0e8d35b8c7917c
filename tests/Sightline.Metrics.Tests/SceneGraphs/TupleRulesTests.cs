using System.Text.Json;
using System.Text.Json.Nodes;
using Sightline.Metrics.SceneGraphs;
using Sightline.Metrics.Tests.Goldens;
using Sightline.Tests;
using Sightline.Verification.Goldens;
using Xunit;

namespace Sightline.Metrics.Tests.SceneGraphs;

public sealed class TupleRulesTests
{
    // Words as text/tag (the lemma is the text), then relation(governor,dependent), then the tuples. The first word that nothing governs is the root.
    [Theory]
    [InlineData("clause", "dog/NN chase/VBZ ball/NN", "nsubj(2,1) dobj(2,3)", "dog,ball,chase; dog; ball")]
    [InlineData("preposition of a verb", "dog/NN sit/VBZ on/IN mat/NN", "nsubj(2,1) case(4,3) nmod:on(2,4)", "dog,mat,sit on; dog; mat")]
    [InlineData("particle", "dog/NN hang/VBZ up/RP hat/NN", "nsubj(2,1) compound:prt(2,3) dobj(2,4)", "dog,hat,hang up; dog; hat")]
    [InlineData("participle", "dog/NN chase/VBG ball/NN", "acl(1,2) dobj(2,3)", "dog,ball,chase; dog; ball")]
    [InlineData("agent of a participle", "cart/NN pull/VBN by/IN horse/NN", "acl(1,2) case(4,3) nmod:agent(2,4)", "cart,horse,pull; cart; horse")]
    [InlineData("passive", "cart/NN be/VBZ pull/VBN by/IN horse/NN", "nsubjpass(3,1) auxpass(3,2) case(5,4) nmod:agent(3,5)", "horse,cart,pull; cart; horse")]
    [InlineData("verb alone", "dog/NN sleep/VBZ", "nsubj(2,1)", "dog,sleep; dog")]
    [InlineData("there is", "there/EX be/VBZ dog/NN", "expl(2,1) nsubj(2,3)", "dog")]
    [InlineData("adjective after be", "dog/NN be/VBZ black/JJ", "nsubj(3,1) cop(3,2)", "dog,black; dog")]
    [InlineData("noun after be", "dog/NN be/VBZ pet/NN", "nsubj(3,1) cop(3,2)", "dog,pet; dog; pet")]
    [InlineData("place after be", "dog/NN be/VBZ next/JJ to/TO cat/NN", "nsubj(5,1) cop(5,2) case(5,3) mwe(3,4)", "dog,cat,next to; dog; cat")]
    [InlineData("a relative pronoun is no subject", "dog/NN that/WDT chase/VBZ ball/NN", "nsubj(3,2) acl:relcl(1,3) dobj(3,4)", "dog; ball")]
    [InlineData("adjective", "black/JJ dog/NN", "amod(2,1)", "dog,black; dog")]
    [InlineData("compound", "tennis/NN court/NN", "compound(2,1)", "court,tennis")]
    [InlineData("possession", "boy/NN 's/POS dog/NN", "nmod:poss(3,1) case(1,2)", "boy,dog,have; boy; dog")]
    [InlineData("number of a plural", "two/CD dog/NNS", "nummod(2,1)", "dog,two; dog")]
    [InlineData("number of a singular", "one/CD dog/NN", "nummod(2,1)", "dog")]
    [InlineData("several numbers", "11/CD and/CC half/CD ounce/NNS", "nummod(4,1) cc(1,2) conj:and(1,3) nummod(4,3)", "ounce,half; ounce")]
    [InlineData("multi-word preposition", "dog/NN in/IN front/NN of/IN cat/NN", "case(5,2) mwe(2,3) mwe(2,4) nmod:in_front_of(1,5)", "dog,cat,in front of; dog; front; cat")]
    [InlineData("quantity", "a/DT couple/NN of/IN dog/NNS sleep/VBP", "det(2,1) nsubj(5,2) case(4,3) nmod:of(2,4)", "dog,sleep; dog,a; couple; dog")]
    [InlineData("quantity of one", "a/DT lot/NN of/IN cheese/NN", "det(2,1) case(4,3) nmod:of(2,4)", "lot; cheese")]
    [InlineData("quantity without article", "couple/NN of/IN dog/NNS", "case(3,2) nmod:of(1,3)", "couple,dog,of; couple; dog")]
    [InlineData("lots", "box/NN with/IN lots/NNS of/IN dog/NNS", "case(3,2) nmod:with(1,3) case(5,4) nmod:of(3,5)", "box,dog,with; dog,with; box; lots; dog")]
    [InlineData("group is a thing", "a/DT group/NN of/IN dog/NNS", "det(2,1) case(4,3) nmod:of(2,4)", "group,dog,of; group; dog")]
    [InlineData("pronoun", "dog/NN with/IN its/PRP$ ball/NN", "case(4,2) nmod:poss(4,3) nmod:with(1,4)", "dog,ball,with; dog,ball,have; dog; ball")]
    [InlineData("a singular pronoun passes over plurals", "dog/NNS on/IN mat/NN with/IN hole/NN in/IN it/PRP", "case(3,2) nmod:on(1,3) case(5,4) nmod:with(1,5) case(7,6) nmod:in(5,7)", "dog,mat,on; dog,hole,with; hole,mat,in; dog; mat; hole")]
    [InlineData("a pronoun before its noun stays", "it/PRP on/IN dog/NN", "case(3,2) nmod:on(3,1)", "dog,it,on; dog")]
    [InlineData("copy of a word", "room/NN with/IN roof/NN and/CC with/IN door/NN", "conj:and(1,1'1) case(3,2) nmod:with(1,3) cc(1,4) case(6,5) nmod:with(1'1,6)", "room,roof,with; room,door,with; room; roof; door; room")]
    public void Apply_Rule_GivesItsTuples(string rule, string words, string edges, string tuples)
    {
        var made = TupleRules.Apply(DependencyReader.Read(JsonDocument.Parse(Sentence(words, edges).ToJsonString()).RootElement));
        Assert.True(tuples == string.Join("; ", made.Select(x => string.Join(',', x))), $"{rule}: {string.Join("; ", made.Select(x => string.Join(',', x)))}");
    }

    [Fact]
    public void Score_FileWithoutTuples_GivesTheSpiceOfTheDemo()
    {
        var golden = GoldenFile.Json(Fixture.Path("metrics", "spice", "vizwiz_demo100_tuples.json.gz"));
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(path, GoldenFile.Lines(Fixture.Path("metrics", "spice", "vizwiz_demo100_parses.jsonl.gz")).Select(line =>
            {
                var parse = JsonNode.Parse(line)!.AsObject();
                Assert.True(parse.Remove("tuples"));
                return parse.ToJsonString();
            }));
            var parses = SpiceParses.Load(path);
            Assert.Equal(parses.Count, parses.FromDependencies);
            var report = CaptionEvaluation.Run(Pool.Vizwiz, Pool.Demo100, new EvaluationOptions { IgnoreRejected = false, IgnorePrecanned = false, SpiceParses = parses });
            Assert.Equal(golden["mean_f"]!.GetValue<double>(), report.Metric("SPICE").Corpus, 1e-12);
            Assert.Contains(report.Notes, note => note.StartsWith("SPICE: the tuples of ", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("""{"tokens": [["dog", "NN"]], "edges": [], "roots": [1]}""", "token")]
    [InlineData("""{"tokens": [["dog", "NN", "dog"]], "edges": [["1", "amod", "7"]], "roots": [1]}""", "word 7")]
    [InlineData("""{"tokens": [["dog", "NN", "dog"]], "edges": [["1", "amod", "x"]], "roots": [1]}""", "'x'")]
    [InlineData("""{"tokens": [["dog", "NN", "dog"]], "edges": [["1", "amod"]], "roots": [1]}""", "edge")]
    [InlineData("""{"tokens": [["dog", "NN", "dog"]], "edges": [], "roots": [0]}""", "word 0")]
    [InlineData("""{"tokens": [["dog", "NN", "dog"]], "edges": []}""", "")]
    public void Load_BrokenSentence_SaysLineAndReason(string sentence, string reason)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, $$"""
                {"caption": "a dog", "tuples": [["dog"]]}
                {"caption": "a cat", "sentences": [{{sentence}}]}
                """);
            var error = Assert.Throws<MetricsException>(() => SpiceParses.Load(path)).Message;
            Assert.StartsWith($"{path}: line 2 is not a parse", error, StringComparison.Ordinal);
            Assert.Contains(reason, error, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static JsonObject Sentence(string words, string edges)
    {
        var dependencies = edges.Split(' ').Select(edge => edge.Split('(', ',', ')')).ToList();
        var root = Enumerable.Range(1, words.Split(' ').Length).First(i => dependencies.All(edge => edge[2] != $"{i}"));
        return new JsonObject
        {
            ["tokens"] = new JsonArray([.. words.Split(' ').Select(word => word.Split('/')).Select(word => new JsonArray(word[0], word[1], word[0]))]),
            ["edges"] = new JsonArray([.. dependencies.Select(edge => new JsonArray(edge[1], edge[0], edge[2]))]),
            ["roots"] = new JsonArray(root),
        };
    }
}
