using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Executor.Credentials.Refresh;

/// <summary>What an answer that may say no says: its codes, and the texts that are compared with fixed words. Nothing of it is kept but a mark.</summary>
/// <param name="Codes">The words in the places where error codes stand, the most telling first; the first is the answer's <c>error</c>.</param>
/// <param name="SubCodes">Entra's numbers, Google's <c>error_subtype</c> and their kind: they tell more than the code that they come with.</param>
/// <param name="IsSaid">It says so outright: whatever else is in the body is not a grant.</param>
internal sealed partial record Refusal(IReadOnlyList<string> Codes, IReadOnlyList<string> SubCodes, IReadOnlyList<string> Texts, bool IsSaid)
{
    /// <summary>Where the shapes of the field have their code. <c>status</c>: HubSpot's; <c>errorType</c>: Fitbit's; <c>__type</c>: AWS's.</summary>
    private static readonly string[] _codePlaces = ["code", "type", "errorType", "errorCode", "errorcode", "status", "__type"];

    private static readonly string[] _subCodePlaces = ["error_subtype", "suberror", "sub_error", "error_reason"];

    private static readonly string[] _textPlaces =
        ["error_description", "error_message", "message", "msg", "reason", "detail", "description", "errorSummary", "faultstring", "title"];

    /// <summary>What some write into the place of an error where there is none.</summary>
    private static readonly HashSet<string> _unsaid =
        new(["0", "ok", "none", "null", "false", "success", "no error"], StringComparer.OrdinalIgnoreCase);

    /// <summary>It has more to it than a text.</summary>
    public bool HasCode => IsSaid || Codes.Count > 0 || SubCodes.Count > 0;

    /// <summary>Null when the body has nothing that could say no.</summary>
    public static Refusal? Read(AnswerMembers root)
    {
        var words = new Words();
        var error = root["error"];
        if (error is { } stated && SaysSo(stated))
            words.Add(stated);
        else if (root["errors"] is { } errors && SaysSo(errors))
            words.Add(errors);
        else if (root["fault"] is { ValueKind: JsonValueKind.Object } fault && SaysSo(fault)) // Apigee's
            words.Add(fault);
        else if (root["ok"] is { ValueKind: JsonValueKind.False } || root["success"] is { ValueKind: JsonValueKind.False })
            words.IsSaid = true;
        words.AddMembers(root);
        var refusal = new Refusal(words.Codes, words.SubCodes, words.Texts, words.IsSaid);
        return refusal.HasCode || words.Texts.Count > 0 ? refusal : null;
    }

    /// <summary>The table's row for it; null where it has none.</summary>
    /// <param name="texts">Whether its texts are looked at too.</param>
    public AnswerRow? Find(bool texts)
    {
        // Entra's numbers often come in company, where the one of a general kind says less.
        var row = SubCodes.Select(AnswerTable.Find).OfType<AnswerRow>().OrderBy(found => found.Class == AnswerClass.Reconnect).FirstOrDefault()
            ?? Codes.Select(AnswerTable.Find).OfType<AnswerRow>().FirstOrDefault();
        return (texts ? Texts.Select(text => RefusalWords.Find(row?.Code, text)).OfType<AnswerRow>().FirstOrDefault() : null) ?? row;
    }

    /// <summary>A hash, because an unknown code is text that a server wrote.</summary>
    public static RefusalMark Mark(int status, Refusal? refusal)
    {
        if (refusal is not { HasCode: true } said)
            return RefusalMark.WithoutCode(status);
        var text = string.Join('\n', [status.ToString(CultureInfo.InvariantCulture), .. said.Codes, .. said.SubCodes]);
        return new RefusalMark(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))[..16]));
    }

    public override string ToString() => nameof(Refusal);

    private static bool SaysSo(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => !value.ValueEquals("") && !(AnswerMembers.Text(value) is { } word && IsUnsaid(word)),
        JsonValueKind.Number => !(value.TryGetDouble(out var number) && number == 0),
        JsonValueKind.True => true,
        // TikTok: a code «ok» inside.
        JsonValueKind.Object => value.EnumerateObject().Any()
            && (new AnswerMembers(value)["code"] is not { ValueKind: JsonValueKind.String or JsonValueKind.Number } code || SaysSo(code)),
        JsonValueKind.Array => value.EnumerateArray().Any(item => item.ValueKind is not JsonValueKind.Array && SaysSo(item)),
        _ => false,
    };

    private static bool IsUnsaid(string word) => _unsaid.Contains(word.Trim());

    [GeneratedRegex("AADSTS[0-9]{4,8}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex EntraNumber();

    private sealed class Words
    {
        private const int MaxErrors = 10;
        private const int MaxTextLength = 2000;

        public List<string> Codes { get; } = [];

        public List<string> SubCodes { get; } = [];

        public List<string> Texts { get; } = [];

        public bool IsSaid { get; set; }

        /// <summary>What stands where <c>error</c> does: a word, or an object or list that has it inside.</summary>
        public void Add(JsonElement error)
        {
            IsSaid = true;
            switch (error.ValueKind)
            {
                case JsonValueKind.String:
                    AddCode(error);
                    break;
                case JsonValueKind.Object:
                    var inner = new AnswerMembers(error);
                    AddCode(inner["error"]);
                    AddMembers(inner);
                    if (inner.Object("detail") is { } detail)
                        AddMembers(detail);
                    break;
                case JsonValueKind.Array:
                    foreach (var item in error.EnumerateArray().Take(MaxErrors).Where(item => item.ValueKind != JsonValueKind.Array))
                        Add(item);
                    break;
                case JsonValueKind.Number:
                    Codes.Add(error.GetRawText());
                    break;
            }
        }

        public void AddMembers(AnswerMembers members)
        {
            foreach (var place in _codePlaces)
                AddCode(members[place]);
            foreach (var place in _subCodePlaces)
            {
                if (members.Text(place) is { } subCode)
                    SubCodes.Add(subCode);
            }

            if (members["error_codes"] is { ValueKind: JsonValueKind.Array } entra)
                SubCodes.AddRange(entra.EnumerateArray().Take(MaxErrors)
                    .Where(number => number.ValueKind == JsonValueKind.Number).Select(number => $"AADSTS{number.GetRawText()}"));
            foreach (var place in _textPlaces)
                AddText(members.Text(place));
        }

        private void AddCode(JsonElement? value)
        {
            // A zero, and a word such as «ok», say that all is well. Another number may repeat the HTTP status.
            if (value is { ValueKind: JsonValueKind.Number } number && IsCode(number))
                Codes.Add(number.GetRawText());
            else if (value is { } word && AnswerMembers.Text(word) is { } code && !IsUnsaid(code))
            {
                Codes.Add(code);
                AddText(code);
            }

            static bool IsCode(JsonElement number) => number.TryGetDouble(out var code) && code is not (0 or (>= 200 and < 300));
        }

        private void AddText(string? text)
        {
            if (text is null)
                return;
            text = text.Length > MaxTextLength ? text[..MaxTextLength] : text;
            Texts.Add(text);
            SubCodes.AddRange(EntraNumber().Matches(text).Take(MaxErrors).Select(match => match.Value));
        }
    }
}
