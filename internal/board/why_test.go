package board_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/board"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/ledger"
)

// law is what a test says that policies and configuration said.
type law struct {
	defined map[int]*kpi.KPI
	routing board.Routing
	asked   map[string]string
}

func (l *law) Definition(_ context.Context, _ string, n int) (*kpi.KPI, error) {
	return l.defined[n], nil
}

func (l *law) Routing(_ context.Context, _ int64, alert map[string]string) (board.Routing, error) {
	l.asked = alert
	return l.routing, nil
}

func (l *law) Receivers(_ context.Context, who string) ([]string, error) {
	return map[string][]string{"oncall": {"oncall"}, "desk": {"desk"}, "jo@irs.example": {"oncall"}}[who], nil
}

func (l *law) Kept() time.Duration { return 90 * 24 * time.Hour }

// story is a KPI with a history of datapoints, judged as they were published by kpi.Judge itself.
type story struct {
	*house
	t     *testing.T
	k     *kpi.KPI
	law   *law
	group labels.Labels
	mem   kpi.Memory
	all   []kpi.Point
	moves []kpi.Transition
}

func newStory(t *testing.T, change func(k *kpi.KPI)) *story {
	k := errorRate("efile-error-rate")
	k.Hash = "h1"
	if change != nil {
		change(k)
	}
	s := &story{house: newHouse(t), t: t, k: k, law: &law{defined: map[int]*kpi.KPI{1: k}}}
	o := board.Options{
		Now: func() time.Time { return s.now }, Statuses: func() []kpi.Status { return s.statuses },
		Status: func(name string) (kpi.Status, bool) {
			for _, st := range s.statuses {
				if st.KPI.Name == name {
					return st, true
				}
			}
			return kpi.Status{}, false
		},
		History: s.ledger, Law: s.law, Silences: func(context.Context) ([]board.Silence, error) { return s.silences, nil },
	}
	s.Board = board.New(o)
	s.statuses = []kpi.Status{statusOf(k, kpi.Green, 0, kpi.Point{}, "")}
	_, _, err := s.ledger.Revise(t.Context(), k, ago(48*time.Hour))
	require.NoError(t, err)
	return s
}

// point returns a datapoint of so many percent, or a missing one below zero.
func percentPoint(end int64, v float64) kpi.Point {
	if v < 0 {
		return missing(end, kpi.NoData)
	}
	return real(end, v, 100)
}

// live publishes one datapoint a minute that end at ago(back), ago(back-1m) and so on, and judges each.
func (s *story) live(back time.Duration, points ...kpi.Point) {
	s.t.Helper()
	track := s.ledger.Track(s.k.Name, s.group, false)
	for i := range points {
		p := points[i]
		p.End = ago(back) + int64(i)*60_000
		s.all = append(s.all, p)
		before := s.mem.Light
		if !s.mem.Judged {
			before = kpi.Grey
		}
		var v kpi.Verdict
		s.mem, v = kpi.Judge(s.k, s.mem, s.all, nil)
		require.NoError(s.t, s.ledger.Publish(s.t.Context(), []ledger.Entry{{Track: track, Point: p, Light: s.mem.Light, Revision: 1}}))
		if s.mem.Light == before {
			continue
		}
		v.Describe(s.k.Thresholds)
		v.Range = append([]kpi.Point(nil), v.Range...)
		tr := kpi.Transition{ID: "mw" + strings.Repeat("a", 5) + string(rune('a'+len(s.moves))) + "-1bcdefg", KPI: s.k.Name, Revision: 1, Group: s.group, From: before, To: s.mem.Light, End: p.End,
			At: p.End + 5000, Cause: "threshold", Sentence: "As judged", Verdict: v}
		s.moves = append(s.moves, tr)
		require.NoError(s.t, s.ledger.Decide(s.t.Context(), []kpi.Transition{tr}, nil, nil))
	}
}

func (s *story) values(back time.Duration, vs ...float64) {
	s.t.Helper()
	ps := make([]kpi.Point, len(vs))
	for i, v := range vs {
		ps[i] = percentPoint(0, v)
	}
	s.live(back, ps...)
}

func (s *story) receipt(r ledger.Receipt) {
	s.t.Helper()
	r.KPI, r.Group, r.Firing = s.k.Name, s.group, true
	if r.ID == "" {
		r.ID = r.Status + r.Receiver + time.UnixMilli(r.At).String()
	}
	require.NoError(s.t, s.ledger.AddReceipt(s.t.Context(), r))
}

// why asks and checks what every answer has.
func (s *story) why(q board.WhyQuestion) board.Why {
	s.t.Helper()
	q.KPI = s.k.Name
	w, err := s.Why(s.t.Context(), q)
	require.NoError(s.t, err)
	w.Sentence = spaced(w.Sentence)
	require.NotEmpty(s.t, w.Sentence)
	require.True(s.t, strings.HasSuffix(w.Sentence, "."), w.Sentence)
	require.NotNil(s.t, w.Reasons)
	for _, r := range w.Reasons {
		require.NotContains(s.t, r.Sentence, "%!")
	}
	return w
}

// spaced makes thin spaces ordinary ones.
func spaced(s string) string { return strings.ReplaceAll(s, "\u2009", " ") }

// chain is the reasons' sentences with their kinds.
func chain(w board.Why) string {
	var b strings.Builder
	for _, r := range w.Reasons {
		b.WriteString(r.Kind + "/" + r.Effect + ": " + spaced(r.Sentence) + "\n")
	}
	return b.String()
}

const (
	sil   = "6c054fe9-0f5c-4c7b-9a0e-3c0d8f1f2a11"
	route = `{}/{severity="page"}/0`
)

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

func TestWhyRedAndPaged(t *testing.T) {
	s := newStory(t, nil)
	s.values(minutes(10), 0.5, 0.5, 0.5, 4, 5, 4.1, 4.2)
	red := ago(minutes(5)) // the third breaching minute
	s.receipt(ledger.Receipt{At: red + 35_000, Receiver: "oncall", Integration: "email[0]", Status: "sent", Attempt: 2, Rule: route, Decision: s.moves[2].ID, MessageID: "<abc@sb>"})
	w := s.why(board.WhyQuestion{At: red + 70_000})
	require.Equal(t, "paged", w.Answer, chain(w))
	require.True(t, w.Paged)
	require.Equal(t, "red", w.Light)
	require.Equal(t, s.moves[len(s.moves)-1].ID, w.Decision)
	require.Equal(t, "The receiver oncall was paged at 14:26:35 UTC because E-file error rate was red: 3 of the 3 datapoints that the rule needs were above 3 %; the newest was 4.10 %, 1.10 points past the threshold.", w.Sentence)
	c := chain(w)
	require.Contains(t, c, "light/leads: The light was red (Breached) since 14:26:00 UTC: 3 of the 3")
	require.Contains(t, c, "rule/fact: Revision 1, in force since 12 Apr, 14:31:00 UTC, judged: red when 3 of 3 datapoints are above 3 %")
	require.Contains(t, c, "page/leads: Revision 1 pages when the light is red, with the severity page.")
	require.Contains(t, c, "alert/leads: An alert stood since 14:26:00 UTC.")
	require.Contains(t, c, "route/leads: The route "+route+" led to the receiver oncall.")
	require.Contains(t, c, "delivery/told: A message to oncall by email[0] was accepted at 14:26:35 UTC, at attempt 2, as <abc@sb>.")
	require.Equal(t, &board.WhyLink{Kind: "revision", ID: "1", Text: "revision 1"}, w.Reasons[1].Link)
	require.Len(t, w.Receipts, 1)
	require.Len(t, w.Points, 5)
	require.Equal(t, map[string]string{"alertname": "efile-error-rate", "kpi": "efile-error-rate", "severity": "page", "journey": "filing"}, s.law.asked)

	// The same by its address, for a span, and by the ids of its records.
	require.Equal(t, "paged", s.why(board.WhyQuestion{At: red + 40_000, Receiver: "jo@irs.example"}).Answer)
	span := s.why(board.WhyQuestion{From: ago(time.Hour), To: ago(0)})
	require.Equal(t, "paged", span.Answer)
	require.Equal(t, red+35_000, span.At)
	require.Contains(t, chain(span), "the instant that matters most is 14:26:35 UTC")
	for id, kind := range map[string]string{"abc@sb": "message", "<abc@sb>": "message", w.Decision: "decision"} {
		of, err := s.WhyOf(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, kind, of.Kind)
		require.Len(t, of.Answers, 1)
		require.Equal(t, "paged", of.Answers[0].Answer)
	}
}

func TestWhyAlreadyTold(t *testing.T) {
	s := newStory(t, nil)
	s.values(minutes(60), append([]float64{0.5}, repeat(5, 59)...)...)
	s.receipt(ledger.Receipt{At: ago(minutes(56)), Receiver: "oncall", Integration: "email[0]", Status: "sent", Attempt: 1, Rule: route})
	s.law.routing = board.Routing{Known: true, Routes: []board.RouteTaken{{ID: route, Policy: "pagers", Revision: 4, Receiver: "oncall", Repeat: 4 * time.Hour}}}
	w := s.why(board.WhyQuestion{At: ago(minutes(5))})
	require.Equal(t, "told_before", w.Answer, chain(w))
	require.Equal(t, "No new message was due: the receiver oncall was told of this alert at 13:35:00 UTC already, and the alert still stood.", w.Sentence)
	require.Contains(t, chain(w), "repeat/stops: The same alert is not told again before 4 hours have passed (repeat_interval) while nothing changes.")
	require.Contains(t, chain(w), "route/leads: Route pagers, revision 4, led to the receiver oncall.")

	// Somebody whom no route leads to.
	w = s.why(board.WhyQuestion{At: ago(minutes(5)), Receiver: "desk"})
	require.Equal(t, "other_receiver", w.Answer, chain(w))
	require.Equal(t, "The receiver desk was not told because no route led the alert to it: it went to oncall.", w.Sentence)
}

func TestWhyHeldBack(t *testing.T) {
	for status, c := range map[string]struct{ rule, sentence, chain, link string }{
		"silenced":  {"silence " + sil + " by ann until 2026-04-14T16:00:00Z: release 12", "The receiver oncall was not told because the alert was silenced by silence " + sil + " by ann, then until 2026-04-14T16:00:00Z: release 12.", "silenced/stops: From 14:26:30 UTC the alert was withheld from oncall by silence " + sil + " by ann", "silence " + sil},
		"silenced2": {"silence " + sil + " by Maintenance/move until 2026-04-14T16:00:00Z: The database moves (policy Maintenance/move, content 12)", "by the maintenance policy move (silence " + sil + "), then until 2026-04-14T16:00:00Z: The database moves", "silenced/stops", "policy Maintenance/move"},
		"inhibited": {`inhibited by {alertname="datacentre-down"}`, `The receiver oncall was not told because another alert held this one back: inhibited by {alertname="datacentre-down"}.`, "inhibited/stops: From 14:26:30 UTC", "receipt r"},
		"muted":     {"time interval night", "The receiver oncall was not told because of the time of day: time interval night.", "muted/stops: From 14:26:30 UTC", "receipt r"},
	} {
		t.Run(status, func(t *testing.T) {
			s := newStory(t, nil)
			s.values(minutes(10), 0.5, 0.5, 4, 5, 4.1, 4.2)
			s.receipt(ledger.Receipt{ID: "r", At: ago(minutes(5)) + 30_000, Receiver: "oncall", Status: strings.TrimSuffix(status, "2"), Rule: c.rule})
			w := s.why(board.WhyQuestion{At: ago(minutes(5))})
			require.Equal(t, strings.TrimSuffix(status, "2"), w.Answer)
			require.False(t, w.Paged)
			require.Contains(t, w.Sentence, c.sentence)
			require.Contains(t, chain(w), c.chain)
			link := ""
			for _, r := range w.Reasons {
				if r.Effect == "stops" {
					link = r.Link.Kind + " " + r.Link.ID
				}
			}
			require.Equal(t, c.link, link)
			if status == "silenced" {
				of, err := s.WhyOf(t.Context(), sil)
				require.NoError(t, err)
				require.Equal(t, "It held back 1 message on record, the newest at 14:26:30 UTC.", of.Sentence)
				require.Equal(t, "silenced", of.Answers[0].Answer)
				// The silence itself is gone after some days; its receipts tell of it all the same.
				s.silences = []board.Silence{{ID: sil, CreatedBy: "ann", Comment: "release 12", StartsAt: ago(minutes(30)), EndsAt: ago(0) + 60_000}}
				of, err = s.WhyOf(t.Context(), sil)
				require.NoError(t, err)
				require.Contains(t, of.Sentence, "Silence by ann from 14:01:00 UTC until 14:32:00 UTC: release 12.")
			}
		})
	}
}

// Told first and silenced later: the newest of a receiver's receipts tells how it stood.
func TestWhyToldThenSilenced(t *testing.T) {
	s := newStory(t, nil)
	s.values(minutes(60), append([]float64{0.5}, repeat(5, 59)...)...)
	s.receipt(ledger.Receipt{At: ago(minutes(56)), Receiver: "oncall", Integration: "email[0]", Status: "sent", Attempt: 1, Rule: route})
	s.receipt(ledger.Receipt{At: ago(minutes(30)), Receiver: "oncall", Status: "silenced", Rule: "silence " + sil + " by ann: release"})
	w := s.why(board.WhyQuestion{At: ago(minutes(20))})
	require.Equal(t, "silenced", w.Answer)
	require.Contains(t, w.Sentence, "; of its beginning oncall was told at 13:35:00 UTC.")
}

// Two alerts shortly after each other: the silence of the second did not hold back the first. A restart, after which the
// same alert is withheld again, does not change since when it was.
func TestWhyOneAlertOfTwo(t *testing.T) {
	s := newStory(t, nil)
	s.values(minutes(30), 0.5, 5, 5, 5, 5, 0.5, 0.5, 5, 5, 5, 5, 5)
	first, second := ago(minutes(27)), ago(minutes(21))
	s.receipt(ledger.Receipt{At: first + 30_000, Receiver: "oncall", Integration: "email[0]", Status: "sent", Attempt: 1})
	for _, later := range []int64{30_000, 400_000} {
		s.receipt(ledger.Receipt{ID: "held", At: second + later, Receiver: "oncall", Status: "silenced", Rule: "silence " + sil + " by ann: release"})
	}
	w := s.why(board.WhyQuestion{At: first + 60_000})
	require.Equal(t, "paged", w.Answer, chain(w))
	require.Len(t, w.Receipts, 1)
	w = s.why(board.WhyQuestion{At: second})
	require.Equal(t, "silenced", w.Answer, chain(w))
	require.Contains(t, chain(w), "From 14:10:30 UTC the alert was withheld")
}

func TestWhyDeliveryFailed(t *testing.T) {
	s := newStory(t, nil)
	s.values(minutes(10), 0.5, 0.5, 4, 5, 4.1, 4.2)
	s.receipt(ledger.Receipt{At: ago(minutes(4)), Receiver: "oncall", Integration: "email[0]", Status: "failed", Attempt: 7, Err: "dial tcp 10.0.0.9:25: connection refused", Rule: route})
	w := s.why(board.WhyQuestion{At: ago(minutes(4))})
	require.Equal(t, "failed", w.Answer)
	require.Equal(t, "The receiver oncall was not reached: the message by email[0] failed at attempt 7, 14:27:00 UTC (dial tcp 10.0.0.9:25: connection refused).", w.Sentence)
	require.Contains(t, chain(w), "delivery/stops: The message to oncall by email[0] was not accepted; attempt 7 was the newest, 14:27:00 UTC: dial tcp")
}

func TestWhyNotRed(t *testing.T) {
	s := newStory(t, nil)
	s.values(minutes(12), 0.5, 0.5, 0.5, 4, 5, 0.4, 2, 2, 4, 0.5, 0.5)
	yellow := s.why(board.WhyQuestion{At: ago(minutes(5)) + 10_000})
	require.Equal(t, "not_red", yellow.Answer)
	require.Equal(t, "yellow", yellow.Light)
	require.Equal(t, "Nobody was paged because E-file error rate was only yellow (At risk): none of the 3 datapoints that the rule needs were above 3 %; the newest was 2 %, 1.00 points short of the threshold.", yellow.Sentence)
	two := s.why(board.WhyQuestion{At: ago(minutes(8))})
	require.Equal(t, "not_red", two.Answer)
	require.Equal(t, "Nobody was paged because E-file error rate was only yellow (At risk): 2 of the 3 datapoints that the rule needs were above 3 %; the newest was 5 %, 2.00 points past the threshold.", two.Sentence)
	require.Contains(t, chain(two), "alert/stops: There was no alert: only red pages.")
	require.Contains(t, chain(two), "next/fact: Afterwards")
	green := s.why(board.WhyQuestion{At: ago(minutes(10))})
	require.Equal(t, "Nobody was paged because E-file error rate was not red: none of the 3 datapoints that the rule needs were above 3 %; the newest was 0.50 %, 2.50 points short of the threshold.", green.Sentence)
	// Over the whole span the worst was yellow.
	span := s.why(board.WhyQuestion{From: ago(minutes(12)), To: ago(minutes(1))})
	require.Equal(t, "yellow", span.Light)
}

func TestWhyMofN(t *testing.T) {
	s := newStory(t, func(k *kpi.KPI) { k.Thresholds.ForRed = kpi.MofN{M: 2, N: 3} })
	s.values(minutes(10), 0.5, 0.5, 0.5, 4, 0.4)
	w := s.why(board.WhyQuestion{At: ago(minutes(6))})
	require.Contains(t, w.Sentence, "1 of the newest 3 datapoints was above 3 %, and the rule needs 2; the newest was 0.40 %")
}

func TestWhyNoData(t *testing.T) {
	s := newStory(t, nil)
	s.values(minutes(20), 0.5, 0.5, 0.5, -1, -1, -1, -1, -1, -1, -1)
	w := s.why(board.WhyQuestion{At: ago(minutes(12))})
	require.Equal(t, "no_data", w.Answer)
	require.Equal(t, "Nobody was paged because E-file error rate had no data to judge then (nothing arrived in the window), and the revision does not page for missing data.", w.Sentence)

	// With page: {no_data: 3} the third grey datapoint pages.
	s = newStory(t, func(k *kpi.KPI) { k.Page.NoData = 3 })
	s.values(minutes(20), 0.5, 0.5, 0.5, -1, -1, -1, -1, -1, -1, -1)
	require.Contains(t, s.why(board.WhyQuestion{At: ago(minutes(16))}).Sentence, "pages for missing data only after 3 grey datapoints")
	s.receipt(ledger.Receipt{At: ago(minutes(14)), Receiver: "oncall", Integration: "email[0]", Status: "sent", Attempt: 1})
	w = s.why(board.WhyQuestion{At: ago(minutes(14))})
	require.Equal(t, "paged", w.Answer, chain(w))
	require.Contains(t, chain(w), "alert/leads: An alert about missing data stood since")
}

func TestWhyUnobserved(t *testing.T) {
	s := newStory(t, nil)
	s.values(minutes(30), 0.5, 0.5, 0.5)
	down := missing(0, kpi.Unobserved)
	s.live(minutes(27), down, down, down, down, down)
	require.NoError(t, s.ledger.AddOutage(t.Context(), ledger.Outage{From: ago(minutes(28)), To: ago(minutes(22)), Reason: "signalbox was down"}))
	w := s.why(board.WhyQuestion{At: ago(minutes(24))})
	require.Equal(t, "unobserved", w.Answer)
	require.Equal(t, "Nobody was paged because E-file error rate was not observed then (signalbox was down or refused data during the period).", w.Sentence)
	require.Contains(t, chain(w), "outage/fact: From 14:03:00 UTC to 14:09:00 UTC nothing could be observed: signalbox was down.")

	// A time from which not even datapoints were closed.
	require.NoError(t, s.ledger.AddOutage(t.Context(), ledger.Outage{From: ago(20 * time.Hour), To: ago(10 * time.Hour), Reason: "signalbox was down"}))
	w = s.why(board.WhyQuestion{At: ago(15 * time.Hour)})
	require.Equal(t, "unobserved", w.Answer)
	require.Equal(t, "none", w.Light)
}

// The page of the revision in force then counts, not that of today.
func TestWhyNoPageInTheRevisionOfThatTime(t *testing.T) {
	s := newStory(t, func(k *kpi.KPI) { k.Page = nil })
	s.values(minutes(30), 0.5, 0.5, 5, 5, 5, 5)
	next := errorRate("efile-error-rate")
	next.Hash = "h2"
	_, _, err := s.ledger.Revise(t.Context(), next, ago(minutes(15)))
	require.NoError(t, err)
	s.law.defined[2] = next
	s.statuses = []kpi.Status{statusOf(next, kpi.Green, 0, kpi.Point{}, "")}
	w := s.why(board.WhyQuestion{At: ago(minutes(26))})
	require.Equal(t, "not_paging", w.Answer)
	require.Equal(t, 1, w.Revision)
	require.Equal(t, "Nobody was paged because E-file error rate paged nobody then: revision 1 states no page.", w.Sentence)
	require.Contains(t, chain(w), "page/stops: Revision 1 states no page")

	// A text that is not at hand is not guessed.
	delete(s.law.defined, 1)
	w = s.why(board.WhyQuestion{At: ago(minutes(26))})
	require.Contains(t, chain(w), "rule/unknown: Revision 1 judged; its text is not at hand; the decision record has its rule: 3 of 3 > 3%.")
	require.Equal(t, "untold", w.Answer)
}

func TestWhyRetired(t *testing.T) {
	s := newStory(t, func(k *kpi.KPI) { k.By = []string{"service"} })
	s.group = labels.FromStrings("service", "refund")
	s.values(3*time.Hour, 0.5, 0.5, 5, 5, 5, 5)
	s.publish(t, s.k, labels.EmptyLabels(), true, kpi.Green, real(ago(minutes(30)), 1, 1000))
	w := s.why(board.WhyQuestion{At: ago(minutes(30)), Group: map[string]string{"service": "refund"}})
	require.Equal(t, "retired", w.Answer, chain(w))
	require.Equal(t, "Nobody was paged about E-file error rate (refund) then because the group was retired after 11:36:00 UTC: it had been silent.", w.Sentence)
	w = s.why(board.WhyQuestion{At: ago(minutes(30)), Group: map[string]string{"service": "never"}})
	require.Equal(t, "not_judged", w.Answer)
}

// Without a group the one that was worst answers, and the others are named.
func TestWhyWorstGroup(t *testing.T) {
	s := newStory(t, func(k *kpi.KPI) { k.By = []string{"service"} })
	s.group = labels.FromStrings("service", "intake")
	s.values(minutes(10), 0.5, 0.5, 2, 2, 2, 2)
	s.group, s.mem, s.all = labels.FromStrings("service", "refund"), kpi.Memory{}, nil
	s.values(minutes(10), 0.5, 0.5, 5, 5, 5, 5)
	s.receipt(ledger.Receipt{At: ago(minutes(5)), Receiver: "oncall", Integration: "email[0]", Status: "sent", Attempt: 1})
	w := s.why(board.WhyQuestion{At: ago(minutes(5))})
	require.Equal(t, "refund", w.GroupText)
	require.Equal(t, "paged", w.Answer, chain(w))
	require.Len(t, w.Others, 1)
	require.Equal(t, "yellow", w.Others[0].Light)
}

func TestWhyTooOldNotYetAndUntold(t *testing.T) {
	s := newStory(t, nil)
	w := s.why(board.WhyQuestion{At: ago(200 * 24 * time.Hour)})
	require.Equal(t, "too_old", w.Answer)
	require.Contains(t, w.Sentence, "lies further back than the 90 days for which decision records and receipts are kept")
	w = s.why(board.WhyQuestion{At: ago(50 * time.Hour)})
	require.Equal(t, "not_yet", w.Answer)
	w = s.why(board.WhyQuestion{At: ago(5 * time.Hour)})
	require.Equal(t, "not_judged", w.Answer)

	s.values(minutes(30), 0.5, 0.5, 5, 5, 5, 5)
	w = s.why(board.WhyQuestion{At: ago(minutes(26))})
	require.Equal(t, "untold", w.Answer)
	require.Contains(t, chain(w), "route/unknown: The routes of signalbox.yaml as they stood then are not kept, and no receipt names one.")
	s.law.routing = board.Routing{Known: true, Routes: []board.RouteTaken{{ID: "{}", Receiver: "nobody", Mute: true}}}
	w = s.why(board.WhyQuestion{At: ago(minutes(26))})
	require.Contains(t, w.Sentence, "the receiver nobody has nothing to send with")
}

// A datapoint that was said anew before the close counts as it was known then, a later statement does not.
func TestWhyKnowsWhatWasKnownThen(t *testing.T) {
	s := newStory(t, nil)
	s.values(minutes(10), 0.5, 0.5, 0.5, 0.5)
	for back, firstEnd := range map[int]int64{9: ago(minutes(8)), 8: ago(minutes(1))} {
		p := real(ago(minutes(back)), 6, 100)
		require.NoError(t, s.ledger.Restate(t.Context(), []ledger.Statement{{KPI: s.k.Name, Group: s.group.String(), Point: p, KnownAt: firstEnd, FirstEnd: firstEnd, Cause: "late"}}))
	}
	w := s.why(board.WhyQuestion{At: ago(minutes(7))})
	require.Contains(t, w.Sentence, "1 of the 3 datapoints that the rule needs was above 3 %; the newest was 0.50 %")
}

func TestWhyWrongQuestions(t *testing.T) {
	s := newStory(t, nil)
	for want, q := range map[string]board.WhyQuestion{
		"want an instant or a span, not both":      {KPI: s.k.Name, At: 5, From: 1, To: 2},
		"want a time before to 5":                  {KPI: s.k.Name, From: 9, To: 5},
		"has not come yet: want a time up to now":  {KPI: s.k.Name, At: ms(noon.Add(time.Hour))},
		`no KPI is named "nope"`:                   {KPI: "nope"},
		"has no groups; leave it out":              {KPI: s.k.Name, Group: map[string]string{"service": "x"}},
		`receiver "nobody-here": want the name of`: {KPI: s.k.Name, Receiver: "nobody-here"},
	} {
		_, err := s.Why(t.Context(), q)
		require.ErrorContains(t, err, want)
		require.Contains(t, []fault.Kind{fault.Invalid, fault.NotFound}, fault.KindOf(err))
	}
	for id, kind := range map[string]fault.Kind{"what": fault.NotFound, "mw12345-abcdefg": fault.NotFound, "<x@y>": fault.NotFound, sil: fault.NotFound} {
		_, err := s.WhyOf(t.Context(), id)
		require.Equal(t, kind, fault.KindOf(err), id)
	}
}

func repeat(v float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}
