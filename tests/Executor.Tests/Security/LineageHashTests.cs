using System.Text;
using Executor.Security;

namespace Executor.Tests.Security;

public sealed class LineageHashTests
{
    private static readonly LineageHash _hash = new(Keys.Ring(Keys.A));

    [Fact]
    public void Same_token_of_same_user_and_server_matches()
    {
        var stored = _hash.Compute("token", 42, "crm");

        Assert.True(_hash.Matches(stored, "token", 42, "crm"));
        Assert.Equal(stored, _hash.Compute("token", 42, "crm"));
        Assert.Equal(40, stored.Length);
    }

    // Made with another implementation: what is stored stays recognisable.
    [Fact]
    public void Hash_of_an_independent_implementation_matches() => Assert.True(_hash.Matches(
        Convert.FromHexString("677ef7aff61f658b2bb10f46d8ee3976ee8b2a32354c883dca3db2e330ccef757c2a686f47240d2c"), "refresh-token-1", 42, "crm"));

    [Theory]
    [InlineData("token2", 42, "crm")]
    [InlineData("Token", 42, "crm")]
    [InlineData("", 42, "crm")]
    [InlineData("token", 43, "crm")]
    [InlineData("token", 42, "CRM")]
    [InlineData("mtoken", 42, "cr")]
    [InlineData("oken", 42, "crmt")]
    public void Other_token_user_or_server_does_not_match(string token, long userId, string server) =>
        Assert.False(_hash.Matches(_hash.Compute("token", 42, "crm"), token, userId, server));

    [Fact]
    public void Hash_with_any_single_bit_flipped_or_any_byte_missing_does_not_match()
    {
        var stored = _hash.Compute("token", 42, "crm");

        for (var bit = 0; bit < stored.Length * 8; bit++)
        {
            var damaged = (byte[])stored.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(_hash.Matches(damaged, "token", 42, "crm"));
        }

        for (var length = 0; length < stored.Length; length++)
            Assert.False(_hash.Matches(stored.AsSpan(0, length), "token", 42, "crm"));
        Assert.False(_hash.Matches([.. stored, 0], "token", 42, "crm"));
    }

    [Fact]
    public void Hash_of_a_retired_key_matches_and_of_an_unknown_key_does_not()
    {
        var stored = _hash.Compute("token", 42, "crm");

        Assert.True(new LineageHash(Keys.Ring(Keys.B, Keys.A)).Matches(stored, "token", 42, "crm"));
        Assert.False(new LineageHash(Keys.Ring(Keys.B)).Matches(stored, "token", 42, "crm"));
        Assert.False(new LineageHash(Keys.Ring(null)).Matches(stored, "token", 42, "crm"));
    }

    [Fact]
    public void Hash_without_a_current_key_is_not_made() =>
        Assert.Throws<EncryptionKeyMissingException>(() => new LineageHash(Keys.Ring(null, Keys.A)).Compute("token", 42, "crm"));

    [Fact]
    public void Hash_does_not_hold_the_token() =>
        Assert.True(_hash.Compute("token", 42, "crm").AsSpan().IndexOf(Encoding.UTF8.GetBytes("token")) < 0);
}
