namespace Sightline.Tokenization;

/// <summary>The special tokens by role. Immutable; <see cref="With"/> makes a changed copy.</summary>
internal sealed class SpecialTokens
{
    private readonly AddedToken?[] _byRole = new AddedToken?[(int)SpecialTokenRole.Additional];

    /// <summary>The key of a role in special_tokens_map.json and tokenizer_config.json.</summary>
    public static string KeyOf(SpecialTokenRole role) => role switch
    {
        SpecialTokenRole.Additional => "additional_special_tokens",
        _ => role.ToString().ToLowerInvariant() + "_token",
    };

    /// <summary>The roles that hold one token, in the order of the files.</summary>
    public static IEnumerable<SpecialTokenRole> SingleRoles =>
        Enumerable.Range(0, (int)SpecialTokenRole.Additional).Select(i => (SpecialTokenRole)i);

    public AddedToken? this[SpecialTokenRole role] => _byRole[(int)role];

    public IReadOnlyList<AddedToken> Additional { get; private init; } = [];

    /// <summary>Every token once for each role, in the order of the files.</summary>
    public IEnumerable<AddedToken> All => _byRole.OfType<AddedToken>().Concat(Additional);

    public SpecialTokens With(SpecialTokenRole role, AddedToken? token)
    {
        if (role == SpecialTokenRole.Additional)
            return WithAdditional(token is null || Additional.Contains(token) ? Additional : [.. Additional, token]);
        var copy = WithAdditional(Additional);
        copy._byRole[(int)role] = token;
        return copy;
    }

    public SpecialTokens WithAdditional(IReadOnlyList<AddedToken> tokens)
    {
        var copy = new SpecialTokens { Additional = tokens };
        _byRole.CopyTo(copy._byRole, 0);
        return copy;
    }
}
