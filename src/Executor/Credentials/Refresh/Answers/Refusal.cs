using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Executor.Credentials.Refresh;

/// <summary>An answer that says no: its codes, and the texts that are compared with fixed words. Nothing of it is kept but a mark.</summary>
/// <param name="Codes">The words in the places where error codes stand, the most telling first; the first is the answer's <c>error</c>.</param>
/// <param name="SubCodes">SubCodes and the like, which tell more than the code.</param>
/// <param name="IsSaid">It says so outright: whatever else is in the body is not a grant.</param>
internal sealed partial record Refusal(IReadOnlyList<string> Codes, IReadOnlyList<string> SubCodes, IReadOnlyList<string> Texts, bool IsSaid)
{
    /// <summary>Where the shapes of the field have their code. <c>status</c>: HubSpot's; <c>errorType</c>: Fitbit's; <c>__type</c>: Cognito's.</summary>
    private static readonly string[] _codePlaces = ["code", "type", "errorType", "errorCode", "errorcode", "status", "__type"];

    private static readonly string[] _subCodePlaces = ["error_subtype", "suberror", "sub_error", "error_reason"];

    private static readonly string[] _textPlaces =
        ["error_description", "error_message", "message", "msg", "reason", "detail", "description", "errorSummary", "faultstring", "title"];

    /// <summary>Null when nothing in the body says no.</summary>
    public static Refusal? Read(AnswerMembers root)
    {
        var words = new Words();
        var error = root["error"];
        if (error is { } stated && SaysSo(stated))
            words.Add(stated);
        else if (root["errors"] is { } errors && SaysSo(errors))
            words.Add(errors);
        else if (root["fault"] is { ValueKind: JsonValueKind.Object } fault) // Apigee's
            words.Add(fault);
        else if (root["ok"] is { ValueKind: JsonValueKind.False } || root["success"] is { ValueKind: JsonValueKind.False })
            words.IsSaid = true;
        words.AddMembers(root);
        return words.IsSaid || words.Codes.Count > 0 ? new Refusal(words.Codes, words.SubCodes, words.Texts, words.IsSaid) : null;
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
    public static RefusalMark Mark(int status, Refusal? refusal) => new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', [status.ToString(CultureInfo.InvariantCulture), .. refusal?.Codes ?? [], .. refusal?.SubCodes ?? []])))[..16]));

    public override string ToString() => nameof(Refusal);

    private static bool SaysSo(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.ValueEquals("") is false,
        JsonValueKind.Number => !(value.TryGetDouble(out var number) && number == 0),
        JsonValueKind.True => true,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() > 0,
        _ => false,
    };

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
                case JsonValueKind.String when AnswerMembers.Text(error) is { } code:
                    Codes.Add(code);
                    AddText(code);
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
            // A zero, and a word such as «ok», say that all is well; what is left may be an HTTP status, which says no more than the status.
            if (value is { ValueKind: JsonValueKind.Number } number && IsCode(number))
                Codes.Add(number.GetRawText());
            else if (value is { } word && AnswerMembers.Text(word) is { } code)
                Codes.Add(code);

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
