using System.Text;
using Executor.Security;

namespace Executor.Tests.Security;

public sealed class SecretBoxTests
{
    private const int HeaderSize = 1 + 8 + 12 + 16;

    private static readonly SealContext _place = new(SecretPurpose.RefreshToken, 42, "crm", 7);
    private static readonly SecretBox _box = new(Keys.Ring(Keys.A));

    [Theory]
    [InlineData("refresh-token-1")]
    [InlineData("tökén-🔐-Ω")]
    [InlineData("")]
    [InlineData("a\0b\r\n")]
    public void Secret_comes_back_as_it_was(string secret)
    {
        var envelope = _box.Seal(secret, _place);

        Assert.Equal(secret, Opened(_box.Open(envelope, _place)));
        Assert.Equal(HeaderSize + Encoding.UTF8.GetByteCount(secret), envelope.Length);
    }

    [Fact]
    public void Large_secret_comes_back_as_it_was()
    {
        var secret = string.Concat(Enumerable.Range(0, 50_000).Select(i => (char)(' ' + (i % 500))));

        Assert.Equal(secret, Opened(_box.Open(_box.Seal(secret, _place), _place)));
    }

    [Fact]
    public void Same_secret_twice_gives_different_envelopes_which_both_open()
    {
        var envelopes = Enumerable.Range(0, 100).Select(_ => _box.Seal("same", _place)).ToList();

        Assert.Equal(envelopes.Count, envelopes.Select(Convert.ToHexString).Distinct(StringComparer.Ordinal).Count());
        Assert.All(envelopes, envelope => Assert.Equal("same", Opened(_box.Open(envelope, _place))));
    }

    [Theory]
    [InlineData("refresh-token-1")]
    [InlineData("tökén-🔐-Ω")]
    public void Envelope_does_not_hold_the_secret_in_clear(string secret)
    {
        var envelope = _box.Seal(secret, _place);

        Assert.True(envelope.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0);
        Assert.True(envelope.AsSpan().IndexOf(Encoding.Unicode.GetBytes(secret)) < 0);
    }

    // Made with another implementation (Python's cryptography): the format is what the documentation says, and stays it.
    [Theory]
    [InlineData(SecretPurpose.RefreshToken, 7L, "refresh-token-1", "01677ef7aff61f658b000102030405060708090a0b95b4849c65cdd12fa2a0bdd0aaa56fc1d919228a7d13b9ca807fa1a26e3055")]
    [InlineData(SecretPurpose.ClientSecret, null, "tökén-🔐-Ω", "01677ef7aff61f658b000102030405060708090a0bd269f66e465bc487db7353633b8d93e3dfbff293dbc9bfca048f5e572dd3cd")]
    public void Envelope_of_an_independent_implementation_opens(SecretPurpose purpose, long? generation, string secret, string envelope) =>
        Assert.Equal(secret, Opened(_box.Open(Convert.FromHexString(envelope), new SealContext(purpose, 42, "crm", generation))));

    [Fact]
    public void Envelope_with_any_single_bit_flipped_does_not_open()
    {
        var envelope = _box.Seal("refresh-token-1", _place);

        for (var bit = 0; bit < envelope.Length * 8; bit++)
        {
            var damaged = (byte[])envelope.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            var result = Undecryptable(_box.Open(damaged, _place));
            var inKeyId = bit / 8 is >= 1 and < 9;
            Assert.Equal(inKeyId ? UndecryptableReason.UnknownKey : UndecryptableReason.Corrupt, result.Reason);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("refresh-token-1")]
    public void Envelope_cut_or_extended_anywhere_does_not_open(string secret)
    {
        var envelope = _box.Seal(secret, _place);

        for (var length = 0; length < envelope.Length; length++)
            Undecryptable(_box.Open(envelope[..length], _place));
        Undecryptable(_box.Open([.. envelope, 0], _place));
    }

    [Fact]
    public void Bytes_too_short_for_an_envelope_name_no_key()
    {
        Assert.Null(Undecryptable(_box.Open(new byte[16], _place)).Key);
        Assert.Null(Undecryptable(_box.Open(_box.Seal("", _place)[..^1], _place)).Key);
    }

    public static TheoryData<SealContext> OtherPlaces()
    {
        var data = new TheoryData<SealContext>
        {
            _place with { UserId = 43 },
            _place with { UserId = 42L << 32 },
            _place with { UserId = long.MaxValue },
            _place with { McpServerId = "CRM" },
            _place with { McpServerId = "crm\0" },
            _place with { McpServerId = "cr" },
            _place with { McpServerId = "crmcrm" },
            _place with { McpServerId = "crm\u0001\0\0\0\0\0\0\0\u0007" },
            _place with { Generation = 6 },
            _place with { Generation = 8 },
            _place with { Generation = 0 },
            _place with { Generation = -7 },
        };
        foreach (var purpose in Enum.GetValues<SecretPurpose>().Where(purpose => purpose != _place.Purpose))
            data.Add(_place with { Purpose = purpose });
        return data;
    }

    [Theory]
    [MemberData(nameof(OtherPlaces))]
    public void Envelope_moved_to_another_place_does_not_open(SealContext other)
    {
        Undecryptable(_box.Open(_box.Seal("secret", _place), other));
        Undecryptable(_box.Open(_box.Seal("secret", other), _place));
    }

    [Fact]
    public void No_envelope_opens_at_any_place_but_its_own()
    {
        long[] users = [1, 2, 256, long.MaxValue];
        string[] servers = ["a", "aa", "a\0", "\0a", "é", "e\u0301"];
        long?[] generations = [0, 1, 256];
        var places = (
            from purpose in Enum.GetValues<SecretPurpose>()
            from user in users
            from server in servers
            from generation in generations
            select new SealContext(purpose, user, server, generation)).ToList();
        places.AddRange([new(SecretPurpose.ClientSecret, 1, "a", null), new(SecretPurpose.ClientSecret, 1, "aa", null)]);

        var random = new Random(1);
        foreach (var place in places)
        {
            var envelope = _box.Seal("secret", place);
            Assert.Equal("secret", Opened(_box.Open(envelope, place)));
            foreach (var other in places.Where(other => other != place).OrderBy(_ => random.Next()).Take(40))
                Undecryptable(_box.Open(envelope, other));
        }
    }

    [Fact]
    public void Client_secret_sealed_without_a_generation_does_not_open_with_generation_zero()
    {
        var none = new SealContext(SecretPurpose.ClientSecret, 42, "crm", null);

        Undecryptable(_box.Open(_box.Seal("secret", none), none with { Generation = 0 }));
    }

    [Fact]
    public void Another_key_does_not_open_and_names_the_one_needed()
    {
        var result = Undecryptable(new SecretBox(Keys.Ring(Keys.B)).Open(_box.Seal("secret", _place), _place));

        Assert.Equal(UndecryptableReason.UnknownKey, result.Reason);
        Assert.Equal(Keys.Ring(Keys.A).CurrentId, result.Key);
    }

    [Fact]
    public void Envelope_relabelled_with_another_known_key_does_not_open()
    {
        var relabelled = _box.Seal("secret", _place);
        new SecretBox(Keys.Ring(Keys.B)).Seal("other", _place).AsSpan(1, 8).CopyTo(relabelled.AsSpan(1));

        Undecryptable(new SecretBox(Keys.Ring(Keys.A, Keys.B)).Open(relabelled, _place));
    }

    [Fact]
    public void Two_boxes_with_the_same_key_open_each_others_envelopes()
    {
        var other = new SecretBox(Keys.Ring(Convert.ToBase64String(Convert.FromHexString(Keys.A))));

        Assert.Equal("secret", Opened(other.Open(_box.Seal("secret", _place), _place)));
    }

    [Fact]
    public void Retired_key_opens_what_it_sealed_and_seals_nothing_new()
    {
        var rotated = new SecretBox(Keys.Ring(Keys.B, Keys.A));

        Assert.Equal("secret", Opened(rotated.Open(_box.Seal("secret", _place), _place)));
        Undecryptable(_box.Open(rotated.Seal("secret", _place), _place));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_a_current_key_nothing_is_sealed_or_opened(string? current)
    {
        foreach (var box in new[] { new SecretBox(Keys.Ring(current)), new SecretBox(Keys.Ring(current, Keys.A)) })
        {
            Assert.False(box.HasKey);
            Assert.Throws<EncryptionKeyMissingException>(() => box.Seal("secret", _place));
            Assert.IsType<OpenResult.KeyMissing>(box.Open(_box.Seal("secret", _place), _place));
        }
    }

    [Fact]
    public void Missing_key_has_the_code_that_clients_know() =>
        Assert.Equal("executor_encryption_key_missing", EncryptionKeyMissingException.Code);

    public static TheoryData<SealContext> IncompletePlaces() =>
    [
        default,
        _place with { Purpose = (SecretPurpose)99 },
        _place with { UserId = 0 },
        _place with { UserId = -1 },
        _place with { McpServerId = "" },
        _place with { McpServerId = "\ud800" },
        _place with { Generation = null },
        new(SecretPurpose.AccessToken, 42, "crm", null),
        new(SecretPurpose.KeptRefreshToken, 42, "crm", null),
    ];

    [Theory]
    [MemberData(nameof(IncompletePlaces))]
    public void Incomplete_place_is_a_callers_mistake(SealContext place)
    {
        var envelope = _box.Seal("secret", _place);

        Assert.Throws<ArgumentException>(() => _box.Seal("secret", place));
        Assert.Throws<ArgumentException>(() => _box.Open(envelope, place));
    }

    [Fact]
    public void Secret_that_is_not_text_is_refused_without_being_repeated()
    {
        var exception = Assert.Throws<ArgumentException>(() => _box.Seal("hunter2\ud800", _place));

        Assert.DoesNotContain("hunter2", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Result_shows_nothing_of_the_secret() =>
        Assert.Equal("Opened", _box.Open(_box.Seal("secret", _place), _place).ToString());

    [Fact]
    public void Box_is_safe_for_concurrent_use() => Parallel.For(0, 5_000, i =>
    {
        var place = _place with { UserId = i + 1 };
        Assert.Equal($"secret-{i}", Opened(_box.Open(_box.Seal($"secret-{i}", place), place)));
    });

    private static string Opened(OpenResult result) => Assert.IsType<OpenResult.Opened>(result).Plaintext;

    private static OpenResult.Undecryptable Undecryptable(OpenResult result) => Assert.IsType<OpenResult.Undecryptable>(result);
}
