namespace Sightline.Metrics;

/// <summary>The kinds of tuples that SPICE also scores on their own.</summary>
public enum SpiceCategory
{
    /// <summary>All tuples: SPICE itself.</summary>
    All,

    /// <summary>Objects.</summary>
#pragma warning disable CA1720 // SPICE's own name of the category
    Object,
#pragma warning restore CA1720

    /// <summary>Attributes of an object.</summary>
    Attribute,

    /// <summary>Relations between two objects.</summary>
    Relation,

    /// <summary>Attributes that are a number word.</summary>
    Cardinality,

    /// <summary>Attributes that are a colour.</summary>
    Color,

    /// <summary>Attributes that are a size.</summary>
    Size,
}
