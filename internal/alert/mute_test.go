package alert_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/alertmanager/silence/silencepb"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
)

// silence mutes a service for a while and returns the id.
func (h *house) silence(service string, lasts time.Duration) string {
	h.t.Helper()
	id, err := h.SetSilence(h.t.Context(), &silencepb.Silence{
		MatcherSets: []*silencepb.MatcherSet{{Matchers: []*silencepb.Matcher{{Name: "service", Pattern: service}}}},
		StartsAt:    timestamppb.New(time.Now()), EndsAt: timestamppb.New(time.Now().Add(lasts)), CreatedBy: "ann", Comment: "release 12",
	})
	require.NoError(h.t, err)
	return id
}

// TestSilence: a silenced alert is not sent and leaves one receipt that names the silence; when the silence has ended it is
// sent.
func TestSilence(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_interval: 5m"))
		defer h.stop()
		ends := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
		id := h.silence("mef", time.Hour)
		h.signal(red(errorRate(), "mef", 0.084, time.Now()))
		shown := h.Active(t.Context())
		require.Equal(t, []string{id}, shown[0].Status.SilencedBy)
		pass(30 * time.Minute)
		require.Empty(t, subjects(box.all()))
		left := h.left("silenced")
		require.Len(t, left, 1, "one receipt, however many flushes")
		require.Equal(t, 1, h.wrote())
		require.Equal(t, "silence "+id+" by ann until "+ends+": release 12", left[0].Rule)
		require.Equal(t, "oncall", left[0].Receiver)
		require.Equal(t, "efile-error-rate", left[0].KPI)
		require.Equal(t, "lx2-mef", left[0].Decision)
		pass(40 * time.Minute)
		require.Equal(t, []string{"[Breached] 1040 e-file error rate is 8.40 % (limit: ≤ 3 %) service=mef"}, subjects(box.all()))

		// The same episode silenced again is another receipt.
		id = h.silence("mef", time.Hour)
		pass(30 * time.Minute)
		require.Len(t, h.left("silenced"), 2)
		require.NoError(t, h.ExpireSilence(t.Context(), id))
		require.Equal(t, fault.NotFound, fault.KindOf(h.ExpireSilence(t.Context(), "no such")))
		pass(5 * time.Minute)
		require.Len(t, subjects(box.all()), 1, "people were told of it before")
	})
}

// TestEndsWhileSilenced: people who were told that an alert fires are told that it ended, silenced or not, also after a
// restart, and are paged when it begins again. The library does neither.
func TestEndsWhileSilenced(t *testing.T) {
	for _, restart := range []bool{false, true} {
		inBubble(t, func(t *testing.T, box *sink) {
			dir, cfg := t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_interval: 5m, repeat_interval: 12h")
			h := run(t, dir, cfg)
			a, b := red(errorRate(), "mef", 0.084, time.Now()), red(errorRate(), "ides", 0.05, time.Now())
			h.signal(a)
			pass(0)
			require.Len(t, subjects(box.all()), 1)
			h.silence("mef", 48*time.Hour)
			pass(7 * time.Minute)
			// Another alert of the group is told and ends meanwhile: the silenced one must not be forgotten over it.
			h.signal(b)
			pass(5 * time.Minute)
			h.signal(over(b, 0))
			pass(5 * time.Minute)
			require.Len(t, subjects(box.all()), 3)
			require.NotContains(t, box.all()[2].Text, "mef")
			if restart {
				h.stop()
				h = open(t, dir, cfg)
				h.signal(a) // the engine tells of what goes on
				h.run()
				pass(10 * time.Hour)
				require.Len(t, subjects(box.all()), 3)
			}
			defer h.stop()
			h.signal(over(a, 0.001))
			pass(5 * time.Minute)
			require.Len(t, subjects(box.all()), 4)
			require.Equal(t, "[On target] 1040 e-file error rate is 0.10 %", strings.SplitN(box.all()[3].Subject, ", after", 2)[0])
			c := red(errorRate(), "ides", 0.05, time.Now())
			h.signal(c)
			pass(0)
			require.Len(t, subjects(box.all()), 5, "what ended and begins again is a new page")
		})
	}
}

// TestLongSilence: over a silence that is much longer than the repeat interval, who was told is not forgotten.
func TestLongSilence(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_interval: 5m, repeat_interval: 1h"))
		defer h.stop()
		a := red(errorRate(), "mef", 0.084, time.Now())
		h.signal(a)
		pass(0)
		h.silence("mef", 72*time.Hour)
		pass(60 * time.Hour)
		h.signal(over(a, 0.001))
		pass(5 * time.Minute)
		require.Len(t, subjects(box.all()), 2)
	})
}

// TestUnheardEnd: of an alert that was silenced from its beginning, nobody is told that it ended, whatever else the group
// was told of.
func TestUnheardEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi], group_interval: 5m"))
		defer h.stop()
		h.silence("mef", time.Hour)
		a := red(errorRate(), "mef", 0.084, time.Now())
		h.signal(a, red(errorRate(), "ides", 0.05, time.Now()))
		pass(10 * time.Minute)
		h.signal(over(a, 0))
		pass(2 * time.Hour)
		require.Equal(t, []string{"[Breached] 1040 e-file error rate is 5 % (limit: ≤ 3 %) service=ides"}, subjects(box.all()))
	})
}

// TestInhibition: of a cause and its consequence that turn red in one close, only the cause is told, although nothing waits.
func TestInhibition(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [kpi, service], group_interval: 5m")+
			"inhibit_rules: [{source_matchers: ['service=gateway'], target_matchers: ['service!=gateway'], equal: [team]}]\n")
		defer h.stop()
		gateway := red(errorRate(), "gateway", 0.5, time.Now())
		both := []kpi.PageSignal{red(errorRate(), "mef", 0.084, time.Now()), red(errorRate(), "ides", 0.05, time.Now()), gateway}
		h.signal(both...)
		pass(10 * time.Minute)
		require.Equal(t, []string{"[Breached] 1040 e-file error rate is 50 % (limit: ≤ 3 %) service=gateway"}, subjects(box.all()))
		left := h.left("inhibited")
		require.Len(t, left, 2)
		require.Contains(t, left[0].Rule, `service="gateway"`)
		require.True(t, strings.HasPrefix(left[0].Rule, "inhibited by {"), left[0].Rule)
		h.signal(over(gateway, 0))
		pass(5 * time.Minute)
		require.Len(t, subjects(box.all()), 4, "the cause ended; the consequences are still there")
	})
}

// TestTimeIntervals: at night nobody is paged; a receipt says why. Who was paged in the day is told of the end at night.
func TestTimeIntervals(t *testing.T) {
	inBubble(t, func(t *testing.T, box *sink) {
		h := run(t, t.TempDir(), mailTo(box.addr, "group_by: [service], group_interval: 5m, repeat_interval: 2h, routes: [{mute_time_intervals: [night]}]")+
			"time_intervals: [{name: night, time_intervals: [{times: [{start_time: '02:00', end_time: '06:00'}]}]}]\n")
		defer h.stop()
		day := red(errorRate(), "mef", 0.084, time.Now()) // at midnight, UTC
		h.signal(day)
		pass(2*time.Hour + 30*time.Minute)
		require.Len(t, subjects(box.all()), 1)
		night := red(errorRate(), "ides", 0.05, time.Now())
		h.signal(night)
		pass(time.Hour)
		require.Len(t, subjects(box.all()), 1)
		left := h.left("muted")
		require.Len(t, left, 2)
		require.Equal(t, "time interval night", left[0].Rule)
		h.signal(over(day, 0))
		pass(5 * time.Minute)
		require.Len(t, subjects(box.all()), 2)
		require.Contains(t, box.all()[1].Subject, "[On target]")
		pass(3 * time.Hour)
		require.Len(t, subjects(box.all()), 3)
		require.Contains(t, box.all()[2].Subject, "service=ides")
	})
}
