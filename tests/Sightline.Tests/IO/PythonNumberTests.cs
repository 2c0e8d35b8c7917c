using Sightline.IO;
using Xunit;

namespace Sightline.Tests.IO;

public sealed class PythonNumberTests
{
    [Theory]
    [InlineData(2.675, 2, 2.67)] // below the half as a double
    [InlineData(0.125, 2, 0.12)] // exact halves go to even
    [InlineData(0.375, 2, 0.38)]
    [InlineData(4.125, 2, 4.12)]
    [InlineData(1.005, 2, 1.0)]
    [InlineData(-2.5, 0, -2.0)]
    [InlineData(8.333333333333334, 2, 8.33)]
    [InlineData(1234567.891, 1, 1234567.9)]
    public void Round_Halves_AsPython(double value, int digits, double expected) => Assert.Equal(expected, PythonNumber.Round(value, digits));
}
