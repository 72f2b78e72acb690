using Executor.Nodes;
using Executor.Tests.Infrastructure;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Executor.Tests.Nodes;

public sealed class NodeLivenessTests : IDisposable
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedRegistry _registry = new();
    private readonly NodeState _state = new();
    private readonly NodeLiveness _liveness;

    public NodeLivenessTests() => _liveness = new NodeLiveness(
        _registry, _state, _time, Options.Create(new NodeOptions { Name = "me", Lease = Lease }), NullLogger<NodeLiveness>.Instance);

    public void Dispose() => _state.Dispose();

    [Fact]
    public async Task Node_that_stands_still_is_suspect_after_a_lease_and_not_before()
    {
        var other = _registry.Add("other");
        await _liveness.StartAsync(default);
        await PassAsync(8);
        Assert.False(_liveness.IsSuspect(other));
        await PassAsync(2);
        Assert.True(_liveness.IsSuspect(other));
        Assert.Empty(_registry.Gone); // its lock is held: frozen, not dead

        _registry.Beat(other);
        await PassAsync(2);
        Assert.False(_liveness.IsSuspect(other));
    }

    [Fact]
    public async Task Nodes_that_come_and_go_are_told_once_each()
    {
        using var logs = new CapturedLogs();
        using var factory = Microsoft.Extensions.Logging.LoggerFactory.Create(logs.AttachTo);
        var liveness = new NodeLiveness(
            _registry,
            _state,
            _time,
            Options.Create(new NodeOptions { Name = "me", Lease = Lease }),
            new Microsoft.Extensions.Logging.Logger<NodeLiveness>(factory));
        var first = _registry.Add("first");
        await liveness.StartAsync(default);
        _registry.Add("second");
        await liveness.TickAsync(default);
        _registry.Remove(first);
        await liveness.TickAsync(default);
        await liveness.TickAsync(default);

        foreach (var told in new[] { "Node first is in the cluster", "Node second is in the cluster", "Node first has left the cluster" })
            Assert.Single(logs.Lines, line => line.Text.Contains(told, StringComparison.Ordinal));
        Assert.DoesNotContain(logs.Lines, line => line.Text.Contains("Node me is", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Node_that_beats_is_never_suspect_and_nor_is_this_one()
    {
        var other = _registry.Add("other");
        await _liveness.StartAsync(default);
        await PassAsync(60, each: () => _registry.Beat(other));
        Assert.False(_liveness.IsSuspect(other));
        Assert.False(_liveness.IsSuspect(_liveness.Self));
        Assert.Empty(_registry.Gone);
    }

    [Fact]
    public async Task Own_outage_makes_nobody_look_gone()
    {
        var other = _registry.Add("other");
        _registry.SetLock(other, false);
        await _liveness.StartAsync(default);
        await PassAsync(8);
        _registry.Away = true;
        await PassAsync(30);
        _registry.Away = false;
        await PassAsync(8);
        Assert.False(_liveness.IsSuspect(other));
        Assert.Empty(_registry.Gone);
        await PassAsync(4);
        Assert.True(_liveness.IsSuspect(other));
        Assert.Equal([other], _registry.Gone);
    }

    [Fact]
    public async Task Own_failed_read_starts_every_count_again_however_short_the_outage()
    {
        var other = _registry.Add("other");
        _registry.SetLock(other, false);
        await _liveness.StartAsync(default);
        await PassAsync(8);
        _registry.Away = true;
        await PassAsync(2);
        _registry.Away = false;
        await PassAsync(8);
        Assert.False(_liveness.IsSuspect(other));
        Assert.Empty(_registry.Gone);
    }

    [Fact]
    public async Task Own_late_read_starts_every_count_again()
    {
        var other = _registry.Add("other");
        _registry.SetLock(other, false);
        await _liveness.StartAsync(default);
        await PassAsync(8);
        _time.Advance(TimeSpan.FromSeconds(6)); // frozen for longer than half a lease
        Assert.False(_liveness.IsSuspect(other));
        await PassAsync(8);
        Assert.False(_liveness.IsSuspect(other));
        Assert.Empty(_registry.Gone);
    }

    [Fact]
    public async Task Own_slow_read_does_not_stretch_a_count()
    {
        var other = _registry.Add("other");
        _registry.OnObserve = () => _time.Advance(TimeSpan.FromSeconds(2));
        await _liveness.StartAsync(default);
        await PassAsync(4);

        // 10 s from the beginning of the first read to the end of the last, of which only 6 s are certain.
        Assert.False(_liveness.IsSuspect(other));
        await PassAsync(2);
        Assert.True(_liveness.IsSuspect(other));
    }

    [Fact]
    public async Task Lock_seen_held_once_keeps_its_node_from_being_gone()
    {
        var other = _registry.Add("other");
        _registry.SetLock(other, false);
        await _liveness.StartAsync(default);
        await PassAsync(8);
        _registry.SetLock(other, true);
        await PassAsync(2);
        _registry.SetLock(other, false);
        await PassAsync(8);
        Assert.Empty(_registry.Gone);
        await PassAsync(4);
        Assert.Equal([other], _registry.Gone);
        Assert.True(_liveness.IsSuspect(other));
    }

    [Fact]
    public async Task Incarnation_that_is_not_listed_is_gone_only_after_a_read_that_began_later()
    {
        _registry.Add("third");
        await _liveness.StartAsync(default);
        var unknown = new NodeRef("old", 999);
        Assert.False(_liveness.IsSuspect(unknown));
        await PassAsync(2);
        Assert.True(_liveness.IsSuspect(unknown));

        var fresh = _registry.Add("fresh");
        Assert.False(_liveness.IsSuspect(fresh));
        await PassAsync(2);
        Assert.False(_liveness.IsSuspect(fresh));
    }

    [Fact]
    public async Task Steps_start_only_while_the_last_beat_is_younger_than_half_a_lease()
    {
        await StartSharedAsync();
        Assert.True(_liveness.MayStartSteps);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.True(_liveness.MayStartSteps);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.False(_liveness.MayStartSteps);
        await _liveness.TickAsync(default);
        Assert.True(_liveness.MayStartSteps);

        _registry.Away = true;
        await PassAsync(6);
        Assert.False(_liveness.MayStartSteps);
    }

    [Fact]
    public async Task Draining_node_opens_nothing_and_starts_nothing()
    {
        await StartSharedAsync();
        Assert.True(_liveness.MayOpenIntents);
        _state.MoveTo(NodePhase.Draining);
        Assert.False(_liveness.MayOpenIntents);
        Assert.False(_liveness.MayStartSteps);
    }

    [Fact]
    public async Task Lost_lock_refuses_intents_at_once_and_is_taken_again()
    {
        await StartSharedAsync();
        var self = _liveness.Self;
        _registry.SetLock(self, false);
        Assert.False(_liveness.MayOpenIntents);
        Assert.True(_liveness.Pause < Lease / 5);
        await _liveness.TickAsync(default);
        Assert.True(_liveness.MayOpenIntents);
        Assert.Equal(self, _liveness.Self);
    }

    [Fact]
    public async Task Lock_that_stays_lost_ends_the_incarnation_within_a_third_of_the_lease()
    {
        await StartSharedAsync();
        var old = _liveness.Self;
        _registry.SetLock(old, false);
        _registry.LockTaken = true;
        await PassAsync(3, step: 1);
        Assert.Equal(old, _liveness.Self);
        Assert.False(_liveness.MayOpenIntents);
        await PassAsync(1.5, step: 0.5);
        Assert.NotEqual(old, _liveness.Self);
        Assert.True(_liveness.MayOpenIntents);
        Assert.True(_liveness.MayStartSteps);

        // What the old one left open is resolved like any dead node's.
        await PassAsync(14);
        Assert.Equal([old], _registry.Gone);
        Assert.True(_liveness.IsSuspect(old));
    }

    [Fact]
    public async Task Outage_does_not_count_against_a_lost_lock()
    {
        await StartSharedAsync();
        var self = _liveness.Self;
        _registry.SetLock(self, false);
        _registry.Away = true;
        await PassAsync(30);
        Assert.False(_liveness.MayOpenIntents);
        _registry.Away = false;
        await _liveness.TickAsync(default);
        Assert.Equal(self, _liveness.Self);
        Assert.True(_liveness.MayOpenIntents);
    }

    [Fact]
    public async Task Defect_in_the_taking_of_a_lost_lock_ends_the_incarnation_as_a_taken_lock_does()
    {
        await StartSharedAsync();
        var old = _liveness.Self;
        _registry.SetLock(old, false);
        _registry.OnRetake = () => throw new InvalidOperationException();

        await PassAsync(5, step: 0.5);

        Assert.NotEqual(old, _liveness.Self);
        Assert.True(_liveness.MayOpenIntents);
    }

    [Fact]
    public async Task Defect_in_one_round_counts_as_an_outage_and_the_node_lives_on()
    {
        await StartSharedAsync();
        var self = _liveness.Self;
        _registry.OnObserve = () => throw new InvalidOperationException();
        await _liveness.TickAsync(default);
        _registry.OnObserve = () => { };
        await PassAsync(2);
        Assert.Equal(self, _liveness.Self);
        Assert.True(_liveness.MayStartSteps);
    }

    [Fact]
    public async Task Incarnation_written_down_as_gone_ends_and_the_node_lives_on_in_a_new_one()
    {
        await StartSharedAsync();
        var old = _liveness.Self;
        _registry.Remove(old);
        await _liveness.TickAsync(default);
        Assert.False(_liveness.MayOpenIntents && _liveness.Self == old);
        await PassAsync(2);
        Assert.NotEqual(old, _liveness.Self);
        Assert.True(_liveness.MayOpenIntents);
        Assert.True(_liveness.MayStartSteps);
        Assert.Empty(_registry.Gone);
    }

    [Fact]
    public async Task Node_alone_on_its_database_needs_no_beats_and_takes_every_other_incarnation_for_gone()
    {
        await using var storage = await StorageHost.StartAsync(new(new Executor.Storage.StorageProvider.SqliteInMemory()));
        var liveness = new NodeLiveness(
            storage.Nodes, _state, _time, Options.Create(new NodeOptions { Name = "me" }), NullLogger<NodeLiveness>.Instance);
        await liveness.StartAsync(default);
        Assert.True(liveness.IsAlone);
        _time.Advance(TimeSpan.FromDays(1));
        Assert.True(liveness.MayOpenIntents);
        Assert.True(liveness.MayStartSteps);
        Assert.True(liveness.IsSuspect(new NodeRef("me", 1)));
        Assert.False(liveness.IsSuspect(liveness.Self));
    }

    [Fact]
    public async Task Heart_beats_by_itself_and_says_goodbye_when_the_work_is_done()
    {
        _registry.Add("other");
        var detached = new DetachedWork(NullLogger<DetachedWork>.Instance);
        var work = new TaskCompletionSource();
        using var heart = new NodeHeart(_liveness, detached, _state, _time);
        await heart.StartAsync(default);
        var self = _liveness.Self;
        _ = detached.Start("redemption", () => work.Task);
        await AdvanceUntilAsync(() => _registry.Beats >= 5);

        var stopped = heart.StopAsync(default);
        Assert.Equal(NodePhase.Draining, _state.Phase);
        var beats = _registry.Beats;
        await AdvanceUntilAsync(() => _registry.Beats > beats);
        Assert.False(stopped.IsCompleted);
        Assert.Empty(_registry.Left);
        work.SetResult();
        await stopped.WaitAsync(TimeSpan.FromSeconds(15));
        Assert.Equal([self], _registry.Left);
    }

    private async Task StartSharedAsync()
    {
        await _liveness.StartAsync(default);
        Assert.False(_liveness.IsAlone);
    }

    private async Task PassAsync(double seconds, double step = 2, Action? each = null)
    {
        for (var passed = 0.0; passed < seconds; passed += step)
        {
            _time.Advance(TimeSpan.FromSeconds(step));
            each?.Invoke();
            await _liveness.TickAsync(default);
        }
    }

    private async Task AdvanceUntilAsync(Func<bool> condition)
    {
        var deadline = Environment.TickCount64 + 15_000;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 < deadline, "The condition was not met in time.");
            _time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(2); // lets the loop act on the time that has passed; the condition decides
        }
    }
}
