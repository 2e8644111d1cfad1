package openslo

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

var severityForm = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// noDataPoints is after how many grey datapoints the owner is told where OpenSLO says alertWhenNoData.
const noDataPoints = 3

// page is what the alert policies of an SLO become.
type page struct {
	wanted   bool
	severity string
	runbook  string
	noData   int
	stated   *strict.Value // where the severity stands
}

// page reads the alert policies of an SLO and finds the runbook among annotations.
func (im *importer) page(o *object, notes []carry.LabelAt) page {
	p := page{}
	im.runbook(&p, notes)
	list := items(o.spec.Get("alertPolicies"))
	if len(list) == 0 {
		im.Note(o.root, carry.Lost, "alerting", "the SLO has no alert policy, so nobody is told when its budget burns")
	}
	for _, item := range list {
		policy, why := im.resolve(item, kindPolicy, "alertPolicyRef")
		if why != "" {
			im.Lost(item, "alert policy: "+carry.Brief(item), "%s", why)
			continue
		}
		im.policy(&p, o, policy)
	}
	if p.severity == "" {
		p.severity = "page"
	}
	if !p.wanted && p.stated != nil {
		im.Lost(p.stated, "severity: "+p.severity, "nobody is told, so nothing carries it")
	}
	return p
}

func (im *importer) runbook(p *page, notes []carry.LabelAt) {
	for _, n := range notes {
		text := strings.TrimSpace(n.Text)
		if k := lastWord(n.Name); (k == "runbook" || k == "runbook_url" || k == "runbook-url") && carry.Address(text) && p.runbook == "" {
			p.runbook = text
			im.Take(n.At)
		}
	}
}

func (im *importer) policy(p *page, slo, policy *object) {
	im.runbook(p, carry.LabelsAt(policy.meta.Get("annotations")))
	for _, key := range []string{"displayName", "labels"} {
		im.LostKey(policy.meta, key, "alerts are named after the KPI and carry its labels")
	}
	im.LostKey(policy.spec, "description", "alerts carry the KPI's own sentence")
	if at := policy.spec.Get("alertWhenNoData"); at != nil {
		if at.Text == "true" {
			p.noData = noDataPoints
			im.Changed(at, "alertWhenNoData: true", "the owner is told after %d grey datapoints", noDataPoints)
		} else {
			im.Take(at)
			im.Imported(at, "alertWhenNoData: "+at.Text, "grey tells nobody")
		}
	}
	im.LostKey(policy.spec, "alertWhenResolved", "whether an end is told is the receiver's send_resolved")
	for _, t := range items(policy.spec.Get("notificationTargets")) {
		target, why := im.resolve(t, kindTarget, "targetRef")
		name := carry.Brief(t)
		if why == "" && target != nil {
			name = target.name
		}
		im.Lost(t, "notification target "+name, "receivers stand in alerting.receivers of signalbox.yaml, and Route policies say who is told")
	}
	breaching := im.Text(policy.spec, "alertWhenBreaching")
	if breaching == "false" {
		im.Changed(policy.spec.Get("alertWhenBreaching"), "alertWhenBreaching: false", "the policy asks for no page when the budget burns")
		if p.noData > 0 && !p.wanted {
			p.noData = 0
			im.Lost(policy.spec.Get("alertWhenNoData"), "alertWhenNoData: true", "a KPI that pages for silence also pages when it turns red, which the policy does not want")
		}
	} else {
		if at := policy.spec.Get("alertWhenBreaching"); at != nil {
			im.Imported(at, "alertWhenBreaching: "+at.Text, "a red light pages")
		}
		p.wanted = true
	}
	for _, c := range items(policy.spec.Get("conditions")) {
		condition, why := im.resolve(c, kindCondition, "conditionRef")
		if why != "" {
			im.Lost(c, "condition: "+carry.Brief(c), "%s", why)
			continue
		}
		im.condition(p, slo, condition)
	}
}

func (im *importer) condition(p *page, slo, c *object) {
	for _, key := range []string{"displayName", "labels", "annotations"} {
		im.LostKey(c.meta, key, "alerts are named after the KPI and carry its labels")
	}
	im.LostKey(c.spec, "description", "alerts carry the KPI's own sentence")
	if at := c.spec.Get("severity"); at != nil {
		switch {
		case !severityForm.MatchString(strings.TrimSpace(at.Text)):
			im.Lost(at, "severity: "+at.Text, "a severity is one word; page is assumed")
		case p.severity == "" || p.severity == strings.TrimSpace(at.Text):
			p.severity, p.stated = im.Text(c.spec, "severity"), at
		default:
			im.Lost(at, "severity: "+at.Text, "a KPI has one severity, %s of the policy that stands first; the yellow light tells nobody", p.severity)
		}
	}
	rule := c.spec.Get("condition")
	if rule == nil {
		return
	}
	why := "a budget here is always judged by the pairs 2 % in 1h and 5m, 5 % in 6h and 30m (red), 10 % in 1d and 2h, 10 % in 3d and 6h (yellow)"
	if kind := textAt(rule, "kind"); kind != "" && !strings.EqualFold(kind, "burnrate") {
		im.Lost(rule, "condition of the kind "+kind, "%s", why)
		return
	}
	words := fmt.Sprintf("burn rate %s %s over %s", orText(textAt(rule, "op"), ">"), textAt(rule, "threshold"), textAt(rule, "lookbackWindow"))
	if isPair(textAt(rule, "threshold"), textAt(rule, "lookbackWindow"), im.sloWindow(slo)) {
		im.Changed(rule, words, "it is the long window of one of the pairs; the light turns red only while the short window burns too, so that it ends soon after the burning does. %s", strings.ToUpper(why[:1])+why[1:])
		return
	}
	im.Changed(rule, words, "%s", why)
}

// sloWindow is the length of an SLO's window, 30d unless stated.
func (im *importer) sloWindow(slo *object) time.Duration {
	if list := items(slo.spec.Get("timeWindow")); len(list) > 0 {
		if d, _, _, ok := span(textAt(list[0], "duration")); ok {
			return d
		}
	}
	return 30 * day
}

// isPair reports whether a threshold over a window is the long half of one of the burn-rate pairs.
func isPair(threshold, lookback string, window time.Duration) bool {
	x, ok := new(big.Rat).SetString(threshold)
	long, _, _, okSpan := span(lookback)
	if !ok || !okSpan || len(threshold) > 32 || strings.ContainsAny(threshold, "eE/") {
		return false
	}
	for _, pair := range burnPairs() {
		if long == pair.long && pair.factor(window).Cmp(x) == 0 {
			return true
		}
	}
	return false
}

// burnPair is the long window of a pair and the share of the budget that may be spent in it.
type burnPair struct {
	percent int64
	long    time.Duration
}

// burnPairs are the pairs that turn a light red.
func burnPairs() []burnPair { return []burnPair{{2, time.Hour}, {5, 6 * time.Hour}} }

func (b burnPair) factor(window time.Duration) *big.Rat {
	f := big.NewRat(b.percent, 100)
	return f.Mul(f, big.NewRat(int64(window), int64(b.long)))
}
