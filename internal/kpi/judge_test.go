package kpi_test

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/kpi"
)

// rows reads a tab-separated vector file: comments start with '#', the first other line names the columns.
func rows(t *testing.T, file string) []map[string]string {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	var head []string
	var out []map[string]string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if strings.HasPrefix(sc.Text(), "#") {
			continue
		}
		cells := strings.Split(sc.Text(), "\t")
		if head == nil {
			head = cells
			continue
		}
		row := map[string]string{}
		for i, h := range head {
			if i < len(cells) {
				row[h] = cells[i]
			}
		}
		out = append(out, row)
	}
	require.NotEmpty(t, out)
	return out
}

func above(a float64) *kpi.Comparison {
	return &kpi.Comparison{Op: kpi.Above, A: a, Text: "> " + strconv.FormatFloat(a, 'g', -1, 64)}
}

// points turns "0 - X" into datapoints: below the limit, missing, over the limit.
func points(s string) []kpi.Point {
	var ps []kpi.Point
	for i, c := range strings.Fields(s) {
		p := kpi.Point{End: int64(i+1) * 60_000, Value: 0, Total: math.NaN(), Good: math.NaN(), Upper: math.NaN(), Coverage: 1}
		switch c {
		case "X":
			p.Value = 1
		case "-":
			p.Missing, p.Value = kpi.NoData, math.NaN()
		case "f":
			p.Missing, p.Value = kpi.Few, math.NaN()
		case "u":
			p.Missing, p.Value = kpi.Unobserved, math.NaN()
		}
		ps = append(ps, p)
	}
	return ps
}

func TestMissingDataFollowsCloudWatch(t *testing.T) {
	states := map[string]kpi.State{"OK": kpi.OK, "ALARM": kpi.Alarm, "INSUFFICIENT_DATA": kpi.Insufficient}
	treatments := map[string]kpi.Treatment{"missing": kpi.TreatMissing, "ignore": kpi.TreatIgnore, "breaching": kpi.TreatBreaching, "notBreaching": kpi.TreatNotBreaching}
	for _, row := range rows(t, "testdata/cloudwatch-missing-data.tsv") {
		n, _ := strconv.Atoi(row["n"])
		m, _ := strconv.Atoi(row["m"])
		r, _ := strconv.Atoi(row["range"])
		for column, treatment := range treatments {
			t.Run(row["id"]+"/"+column, func(t *testing.T) {
				for _, before := range []kpi.State{kpi.OK, kpi.Alarm, kpi.Insufficient} {
					k := &kpi.KPI{Thresholds: kpi.Thresholds{Red: above(0.5), ForRed: kpi.MofN{M: m, N: n}, Missing: treatment, Range: r}}
					mem, v := kpi.Judge(k, kpi.Memory{Red: before}, points(row["datapoints"]), nil)
					switch want := row[column]; want {
					case "RETAIN":
						require.Equal(t, before, mem.Red)
					case "NOT_ALARM":
						if before != kpi.Alarm {
							require.NotEqual(t, kpi.Alarm, mem.Red)
						}
					default:
						require.Equal(t, states[want], mem.Red, "from %v: %+v", before, v.Red)
					}
				}
			})
		}
	}
}

func judge(t *testing.T, th kpi.Thresholds, scripts ...string) []kpi.Light {
	t.Helper()
	k := &kpi.KPI{Thresholds: th}
	var lights []kpi.Light
	var mem kpi.Memory
	var v kpi.Verdict
	all := points(strings.Join(scripts, " "))
	for i := range all {
		mem, v = kpi.Judge(k, mem, all[:i+1], nil)
		lights = append(lights, v.Light)
	}
	return lights
}

func TestThreeConsecutiveMinutesFireWithTheThird(t *testing.T) {
	th := kpi.Thresholds{Yellow: above(0.2), Red: above(0.5), ForRed: kpi.MofN{M: 3, N: 3}, ForYellow: kpi.MofN{M: 1, N: 1}, Missing: kpi.TreatMissing}
	const G, Y, R = kpi.Green, kpi.Yellow, kpi.Red
	require.Equal(t, []kpi.Light{G, Y, Y, R, G}, judge(t, th, "0 X X X 0"))
	require.Equal(t, []kpi.Light{G, Y, Y, G, Y, Y, R}, judge(t, th, "0 X X 0 X X X"))
}

func TestNoDataIsGreyAndNeverGreen(t *testing.T) {
	for _, treatment := range []kpi.Treatment{kpi.TreatMissing, kpi.TreatIgnore, kpi.TreatNotBreaching} {
		th := kpi.Thresholds{Red: above(0.5), ForRed: kpi.MofN{M: 3, N: 3}, Missing: treatment}
		for i, l := range judge(t, th, "0 0 0 - - - - - - -") {
			if i > 2 {
				require.Equal(t, kpi.Grey, l, "%s, point %d", treatment, i)
			}
		}
	}
}

func TestWithheldPointsNeverFillAsBreaching(t *testing.T) {
	th := kpi.Thresholds{Red: above(0.5), ForRed: kpi.MofN{M: 3, N: 3}, Missing: kpi.TreatBreaching}
	require.Equal(t, kpi.Red, judge(t, th, "- - -")[2])
	for _, s := range []string{"f f f f f", "u u u u u"} {
		lights := judge(t, th, s)
		require.Equal(t, kpi.Grey, lights[len(lights)-1], s)
	}
}

func TestRecoverAsksForRealGoodPointsAndHoldsThroughGrey(t *testing.T) {
	th := kpi.Thresholds{Red: above(0.5), ForRed: kpi.MofN{M: 1, N: 1}, Recover: kpi.MofN{M: 2, N: 3}, Missing: kpi.TreatMissing}
	const G, R, N = kpi.Green, kpi.Red, kpi.Grey
	require.Equal(t, []kpi.Light{R, R, G}, judge(t, th, "X 0 0"))
	require.Equal(t, []kpi.Light{R, R, R, G}, judge(t, th, "X 0 X 0"))
	got := judge(t, th, "X - - - 0 0")
	require.Equal(t, N, got[3], "nothing real is left in the range")
	require.Equal(t, R, got[4], "one good point is not two")
	require.Equal(t, G, got[5])
}

func TestSettleSaysWhyAPointIsWithheld(t *testing.T) {
	ratio := &kpi.KPI{Indicator: kpi.Indicator{Kind: kpi.Ratio}, Thresholds: kpi.Thresholds{Red: above(0.03), Yellow: above(0.01), MinCount: 20}, MinCoverage: 0.5}
	at := func(good, total, coverage float64) kpi.Point {
		return kpi.Settle(ratio, kpi.Point{Value: (total - good) / total, Good: good, Total: total, Upper: math.NaN(), Coverage: coverage})
	}
	require.Equal(t, kpi.NotMissing, at(99, 100, 1).Missing)
	require.Equal(t, kpi.Few, at(0, 0, 1).Missing)
	require.Equal(t, kpi.Few, at(10, 19, 1).Missing)
	require.Equal(t, kpi.Invariant, at(101, 100, 1).Missing)
	require.Equal(t, kpi.Thin, at(99, 100, 0.4).Missing)

	below := &kpi.KPI{Indicator: kpi.Indicator{Kind: kpi.ShareBelow, Below: 2}, Thresholds: kpi.Thresholds{Red: &kpi.Comparison{Op: kpi.Below, A: 0.97}, Yellow: &kpi.Comparison{Op: kpi.Below, A: 0.99}}}
	p := kpi.Settle(below, kpi.Point{Value: 0.95, Upper: 0.98, Good: 95, Total: 100, Coverage: 1})
	require.Equal(t, kpi.Bounds, p.Missing)
	require.Contains(t, p.Detail, "the value lies between 0.95 and 0.98")
	require.Equal(t, kpi.NotMissing, kpi.Settle(below, kpi.Point{Value: 0.975, Upper: 0.98, Good: 97.5, Total: 100, Coverage: 1}).Missing)
}
