namespace Sightline.Generation;

/// <summary>Which version of Transformers generation follows where versions differ.</summary>
public enum Compatibility
{
    /// <summary>4.17, the version of the reference model. The default.</summary>
    Transformers417,

    /// <summary>
    /// 4.31: beam search divides by one more token in its stop rule and so searches longer, <see cref="EarlyStopping.Never"/> exists, top-p
    /// resolves ties the other way round, a bad word longer than the sequence so far is not matched, and <c>max_new_tokens</c> wins over
    /// <c>max_length</c>.
    /// </summary>
    Transformers431,
}
