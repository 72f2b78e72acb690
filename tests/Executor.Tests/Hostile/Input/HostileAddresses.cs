namespace Executor.Tests.Hostile.Input;

/// <summary>What is written where an identifier is expected, as bytes of a URL.</summary>
internal static class HostileAddresses
{
    public static readonly string[] All =
    [
        "..", "%2e%2e", "%2E%2E%2F%2E%2E", "..%2f..%2fhealth", "..%5c..%5chealth", "%252e%252e%252f", "%2f", "%2f%2f", "%5c",
        "%00", "SENTINEL-hostile%00", "%0d%0aX-Injected:%20SENTINEL-hostile", "%1b%5b31m", "%7f", "%c2%80",
        "%c0%ae%c0%ae%c0%af", "%e0%80%ae", "%ed%a0%80", "%f4%90%80%80", "%ff%fe", "%c3", "%", "%4", "%zz", "%u002e",
        "SENTINEL-hostile", "{id}", "*", "$(id)", "'%20OR%20'1'='1", "%22%3E%3Cscript%3ESENTINEL-hostile%3C/script%3E", "a%20b", "a;b=c", "a:b", "@",
        "%e2%80%ae", "%f0%9f%92%a3", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "%7b01890a5d-ac96-774b-bcce-b302099a8057%7d", "01890A5DAC96774BBCCEB302099A8057", "0", "-1", "9223372036854775808",
        new('a', 256), new('a', 7000), string.Concat(Enumerable.Repeat("%61", 2500)), string.Concat(Enumerable.Repeat("../", 2000)),
    ];
}
