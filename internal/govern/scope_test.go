package govern_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
)

// TestWhoMayProposeSeesTheKPIWhole: what a scoped person may propose is what they would see as a whole, by what it reads.
func TestWhoMayProposeSeesTheKPIWhole(t *testing.T) {
	h := newHouse(t)
	labelled := func(text string) string {
		return strings.ReplaceAll(text, "period: 1m", "labels: {agency: SSA}\nperiod: 1m")
	}
	reads := func(name, selector string) string {
		return labelled(strings.ReplaceAll(kpiDoc(name, "> 3%", ""), `,agency="IRS"`, selector))
	}
	h.write("all.yaml", reads("all", ""))
	h.write("ours.yaml", reads("ours", `,agency="SSA"`))
	h.sync()
	expr := func(name, input string) string {
		return "kind: KPI\nname: " + name + "\nowner: a@b.example\nunit: ratio\nlabels: {agency: SSA}\nindicator: {expr: \"x\", inputs: {x: " + input + "}}\nthresholds: {red: \"> 1\"}\n"
	}
	for name, c := range map[string]struct {
		scope, text string
		may         bool
	}{
		"one agency":         {`agency="SSA"`, reads("a", `,agency="SSA"`), true},
		"one of several":     {`agency=~"SSA|DOL"`, reads("b", `,agency="SSA"`), true},
		"several of several": {`agency=~"SSA|DOL|IRS"`, reads("c", `,agency=~"SSA|DOL"`), true},
		"more than several":  {`agency=~"SSA|DOL"`, reads("d", `,agency=~"SSA|IRS"`), false},
		"everything, where all but one is allowed":  {`agency!="IRS"`, reads("e", ""), false},
		"another, where all but one is allowed":     {`agency!="IRS"`, reads("f", `,agency="SSA"`), true},
		"an expr of ours":                           {`agency="SSA"`, expr("g", "ours"), true},
		"an expr of what is only labelled as ours":  {`agency="SSA"`, expr("h", "all"), false},
		"an expr of something that is not in force": {`agency="SSA"`, expr("i", "nothing"), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.Propose(h.as("sam", access.Analyst, c.scope), draft("x", c.text), "page")
			if c.may {
				require.NoError(t, err)
				return
			}
			kindOf(t, fault.Forbidden, err)
		})
	}
}
