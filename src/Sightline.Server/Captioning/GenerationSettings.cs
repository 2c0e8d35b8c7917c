using Sightline.Generation;
using Sightline.Server.Configuration;
using Sightline.Server.Errors;

namespace Sightline.Server.Captioning;

/// <summary>What the server must know of generation options before it runs them.</summary>
internal static class GenerationSettings
{
    /// <summary>Rows of the decoder for one picture.</summary>
    public static int SequencesPerImage(this GenerationOptions options)
    {
        var beams = options.NumBeams ?? 1;
        return beams == 1 || options.DoSample == true ? beams * (options.NumReturnSequences ?? 1) : beams;
    }

    /// <summary>Checks a request's settings against the model's and the server's limits.</summary>
    /// <param name="given">What the request says.</param>
    /// <param name="captioner">Completes them from the checkpoint.</param>
    /// <param name="limits">The server's limits.</param>
    /// <returns>The settings, complete.</returns>
    /// <exception cref="ConfigurationException">They cannot be used.</exception>
    /// <exception cref="ApiException">They ask for too much.</exception>
    public static GenerationOptions Check(GenerationOptions given, Captioner captioner, ServerOptions limits)
    {
        given.Validate();
        var complete = captioner.Complete(given);
        complete.Validate();
        var sequences = (complete.NumBeams ?? 1L) * (complete.DoSample == true ? complete.NumReturnSequences ?? 1 : 1);
        if (sequences > limits.MaxSequences)
            throw new ApiException(400, $"{sequences} sequences for a picture (num_beams, times num_return_sequences when sampling); this server searches at most {limits.MaxSequences}.");
        var vocabulary = captioner.Model.Config.Decoder.VocabSize;
        int?[] ids = [complete.DecoderStartTokenId, complete.BosTokenId, complete.ForcedBosTokenId, complete.ForcedEosTokenId, complete.PadTokenId, .. (complete.DecoderPromptIds ?? []).Select(id => (int?)id)];
        if (ids.Max() >= vocabulary)
            throw new ConfigurationException($"generation options: token id {ids.Max()} is outside the model's vocabulary of {vocabulary}.");
        if (1 + (complete.DecoderPromptIds?.Count ?? 0) > captioner.Model.Config.Decoder.NPositions)
            throw new ConfigurationException($"generation options: decoder_prompt has {complete.DecoderPromptIds!.Count} tokens; the model has {captioner.Model.Config.Decoder.NPositions} positions.");
        return complete;
    }
}
