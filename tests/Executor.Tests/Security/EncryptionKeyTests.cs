using System.Text.Json;
using Executor.Security;

namespace Executor.Tests.Security;

public sealed class EncryptionKeyTests
{
    private static readonly byte[] _bytes = Convert.FromHexString(Keys.A);

    [Fact]
    public void Key_in_either_case_of_hex_or_in_base64_is_the_same_key()
    {
        var expected = EncryptionKey.Parse(Keys.A);

        Assert.Equal(expected.Id, EncryptionKey.Parse(Keys.A.ToUpperInvariant()).Id);
        Assert.Equal(expected.Id, EncryptionKey.Parse(Convert.ToBase64String(_bytes)).Id);
        Assert.NotEqual(expected.Id, EncryptionKey.Parse(Keys.B).Id);
    }

    [Fact]
    public void Key_id_is_stable_across_versions() => Assert.Equal("677ef7aff61f658b", EncryptionKey.Parse(Keys.A).Id.ToString());

    public static TheoryData<string?> NotKeys() =>
    [
        null,
        "",
        "short",
        Keys.A[..63],
        Keys.A + "0",
        Keys.A[..62],
        Keys.A[..63] + "g",
        " " + Keys.A[..63],
        Keys.A + "\n",
        "0x" + Keys.A[..62],
        Keys.A[..63] + "１",
        Convert.ToBase64String(_bytes) + "\n",
        Convert.ToBase64String(_bytes).TrimEnd('='),
        Convert.ToBase64String(_bytes[..31]),
        Convert.ToBase64String(new byte[33]),
        Convert.ToBase64String(Enumerable.Repeat((byte)0xff, 32).ToArray()).Replace('/', '_'),
        new string(' ', 44),
        new string('!', 44),
        new string('é', 64),
    ];

    [Theory]
    [MemberData(nameof(NotKeys))]
    public void Anything_else_is_refused_without_being_repeated(string? text)
    {
        Assert.False(EncryptionKey.TryParse(text, out var key));
        Assert.Null(key);
        var exception = Assert.Throws<InvalidEncryptionKeyException>(() => EncryptionKey.Parse(text));
        Assert.Null(exception.InnerException);
        if (!string.IsNullOrWhiteSpace(text))
            Assert.DoesNotContain(text, exception.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Key_shows_nothing_of_itself()
    {
        var key = EncryptionKey.Parse(Keys.A);
        var shown = $"{key} {JsonSerializer.Serialize(key)}";

        Assert.DoesNotContain(Keys.A[..8], shown, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(Convert.ToBase64String(_bytes)[..8], shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Keyring_without_a_current_key_has_none(string? current)
    {
        Assert.False(Keys.Ring(current).HasKey);
        Assert.False(Keys.Ring(current, Keys.B).HasKey);
        Assert.Null(Keys.Ring(current).CurrentId);
    }

    [Fact]
    public void Keyring_names_the_wrong_key_and_does_not_repeat_it()
    {
        var current = Assert.Throws<InvalidEncryptionKeyException>(() => Keys.Ring("hunter2"));
        var retired = Assert.Throws<InvalidEncryptionKeyException>(() => Keys.Ring(Keys.A, Keys.B, "hunter2"));

        Assert.StartsWith("The encryption key ", current.Message, StringComparison.Ordinal);
        Assert.StartsWith("Retired encryption key 2 ", retired.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", current.ToString() + retired, StringComparison.Ordinal);
    }

    [Fact]
    public void Keyring_tolerates_the_current_key_among_the_retired_ones_and_empty_entries()
    {
        var ring = Keys.Ring(Keys.A, Keys.A, "", Keys.B, Keys.B);

        Assert.True(ring.HasKey);
        Assert.Equal(EncryptionKey.Parse(Keys.A).Id, ring.CurrentId);
    }
}
