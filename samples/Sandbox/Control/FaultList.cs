namespace Executor.Sandbox.Control;

/// <summary>Faults in the order they were set; the first that matches a request is used, and used up after its number of times.</summary>
internal sealed class FaultList<TFault>
    where TFault : class
{
    private readonly Lock _gate = new();
    private readonly List<Armed> _armed = [];

    public void Set(TFault fault, int? times)
    {
        lock (_gate)
        {
            _armed.Add(new Armed(fault) { Left = times });
        }
    }

    public TFault? Take(Func<TFault, bool> matches)
    {
        lock (_gate)
        {
            var armed = _armed.Find(a => matches(a.Fault));
            if (armed is null)
                return null;
            if (armed.Left is { } left)
            {
                armed.Left = left - 1;
                if (left <= 1)
                    _armed.Remove(armed);
            }

            return armed.Fault;
        }
    }

    public void Clear(Func<TFault, bool>? where = null)
    {
        lock (_gate)
        {
            _armed.RemoveAll(a => where is null || where(a.Fault));
        }
    }

    private sealed record Armed(TFault Fault)
    {
        public int? Left { get; set; }
    }
}
