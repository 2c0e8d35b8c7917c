using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sightline.Metrics;

namespace Sightline.Verification.Goldens;

/// <summary>The files of metrics/tokenizer.</summary>
internal static class TokenizerGoldens
{
    /// <summary>documents.json.gz: raw and filtered lines of every aligned document.</summary>
    public static void Documents(Comparison comparison, string path)
    {
        foreach (var document in GoldenFile.Json(path)["documents"]!.AsArray())
        {
            if (!document!["aligned"]!.GetValue<bool>())
                continue;
            var captions = GoldenFile.Strings(document["captions"]);
            var raw = PtbTokenizer.TokenizeWithPunctuation(captions);
            var filtered = PtbTokenizer.Tokenize(captions);
            var expectedRaw = GoldenFile.Strings(document["ptb"]);
            var expectedFiltered = GoldenFile.Strings(document["tokenized"]);
            for (var i = 0; i < captions.Length; i++)
            {
                var where = $"{document["name"]}[{i}] \"{captions[i]}\"";
                comparison.Text(where, expectedRaw[i], raw[i]);
                comparison.Text(where, expectedFiltered[i], filtered[i]);
            }
        }
    }

    /// <summary>bmp_probe.tsv.gz: <c>x{c}y</c> for every code point of the basic plane.</summary>
    public static void BmpProbe(Comparison comparison, string path)
    {
        foreach (var line in GoldenFile.Lines(path))
        {
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            var c = (char)int.Parse(line[..tab], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            comparison.Text(line[..tab], line[(tab + 1)..], PtbTokenizer.TokenizeWithPunctuation([$"x{c}y\n"])[0]);
        }
    }

    /// <summary>corpus_hashes.json: the SHA-256 of whole tokenized corpora, block by block and together.</summary>
    /// <param name="comparison">Takes what is found.</param>
    /// <param name="path">The hash file.</param>
    /// <param name="pool">The folder with the captions, metrics/pool.</param>
    public static void CorpusHashes(Comparison comparison, string path, string pool)
    {
        foreach (var corpus in GoldenFile.Json(path)["corpora"]!.AsArray())
        {
            var name = corpus!["name"]!.GetValue<string>();
            var source = GoldenFile.Json(Path.Combine(pool, Path.GetFileName(corpus["source"]!.GetValue<string>().Split(':')[0])));
            var list = source as System.Text.Json.Nodes.JsonArray ?? source["annotations"]!.AsArray();
            var lines = PtbTokenizer.Tokenize([.. list.Select(x => x!["caption"]!.GetValue<string>())]);
            comparison.Close(name, corpus["count"]!.GetValue<int>(), lines.Length, Tolerance.Exact);
            comparison.Close($"{name} tokens", corpus["tokens"]!.GetValue<int>(), lines.Sum(x => x.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length), Tolerance.Exact);
            var block = corpus["block"]!.GetValue<int>();
            var expected = GoldenFile.Strings(corpus["block_sha256"]);
            for (var i = 0; i < expected.Length; i++)
                comparison.Text($"{name} block {i}", expected[i], Hash(lines.Skip(i * block).Take(block)));
            comparison.Text(name, corpus["sha256_all_joined_with_newline"]!.GetValue<string>(), Hash(lines));
        }
    }

    private static string Hash(IEnumerable<string> lines) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));
}
