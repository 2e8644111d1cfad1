package policy_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
)

// notStated are the fields of specs that follow from others or say only where and how something was written.
var notStated = []string{
	"KPI.Source", "KPI.Hash", "KPI.Number", "Thresholds.NoDataPages", "Comparison.Text", "Objective.Text", "Selector.Text", "Bound.Text",
	"Route.Name", "Retention.Name", "Sampling.Name", "Privacy.Name", "Approval.Name", "Maintenance.Name", "Board.Name", "KPI.Name", // Ref's
	"KPI.Title", "KPI.Description", "KPI.Owner", "KPI.Labels", "Approval.Regulated", // the document's own, which have a sentence
}

// leaves calls f for each part of a spec that can be changed alone, with a function that changes it and one that puts it back.
func leaves(path string, v reflect.Value, f func(path string, change func() (undo func()))) {
	set := func(to reflect.Value) func() func() {
		return func() func() {
			old := reflect.New(v.Type()).Elem()
			old.Set(v)
			v.Set(to)
			return func() { v.Set(old) }
		}
	}
	switch x := v.Interface().(type) {
	case labels.Labels:
		f(path, set(reflect.ValueOf(labels.FromStrings("other", "group"))))
		return
	case *labels.Matcher:
		f(path, set(reflect.ValueOf(labels.MustNewMatcher(labels.MatchRegexp, x.Name, x.Value+".*"))))
		return
	case time.Time:
		f(path, set(reflect.ValueOf(x.Add(time.Hour))))
		return
	case time.Weekday:
		f(path, set(reflect.ValueOf(time.Wednesday)))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		f(path+" (gone)", set(reflect.Zero(v.Type())))
		leaves(path, v.Elem(), f)
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; !slices.Contains(notStated, v.Type().Name()+"."+name) {
				leaves(path+"."+name, v.Field(i), f)
			}
		}
	case reflect.Slice:
		if v.Len() == 0 {
			return
		}
		f(path+" (shorter)", set(v.Slice(0, v.Len()-1)))
		for i := range v.Len() {
			leaves(fmt.Sprintf("%s[%d]", path, i), v.Index(i), f)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			f(fmt.Sprintf("%s[%v] (gone)", path, k), func() func() {
				old := v.MapIndex(k)
				v.SetMapIndex(k, reflect.Value{})
				return func() { v.SetMapIndex(k, old) }
			})
			inner := reflect.New(v.Type().Elem()).Elem()
			inner.Set(v.MapIndex(k))
			leaves(fmt.Sprintf("%s[%v]", path, k), inner, func(p string, change func() func()) {
				f(p, func() func() {
					undo := change()
					v.SetMapIndex(k, inner)
					return func() { undo(); v.SetMapIndex(k, inner) }
				})
			})
		}
	case reflect.String:
		f(path, func() func() {
			old := v.String()
			v.SetString(other(old))
			return func() { v.SetString(old) }
		})
	case reflect.Bool:
		f(path, set(reflect.ValueOf(!v.Bool()).Convert(v.Type())))
	case reflect.Int, reflect.Int64, reflect.Uint8:
		if v.CanInt() {
			f(path, set(reflect.ValueOf(v.Int()+int64(increment(v))).Convert(v.Type())))
		} else {
			f(path, set(reflect.ValueOf(v.Uint()+1).Convert(v.Type())))
		}
	case reflect.Float64:
		f(path, set(reflect.ValueOf(v.Float()*1.0001+0.00001)))
	default:
		panic("a kind of field that the test does not know: " + path + " " + v.Type().String())
	}
}

func increment(v reflect.Value) int {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		return int(time.Second)
	}
	return 1
}

// other is another word that the field may hold.
func other(s string) string {
	for _, set := range [][]string{
		{"technical", "business"}, {"missing", "ignore"}, {"<", ">"}, {">=", "<="}, {"metrics", "logs"}, {"drop", "mask"}, {"truncate", "generalise"}, {"pseudonymise", "drop"}, {"any_change", "size"}, {"before_after", "size"},
	} {
		if i := slices.Index(set, s); i >= 0 {
			return set[1-i]
		}
	}
	return s + "x"
}

// Each field of each kind has a sentence: whatever changes in a spec, people are told, once, and the content hash differs.
func TestEveryFieldHasASentence(t *testing.T) {
	// Documents in which every field is set.
	docs := everyKind(t)
	docs = append(docs, *doc(t, full), *doc(t, "kind: KPI\nname: e\nowner: o\ndescription: d\nindicator: {expr: a / b, inputs: {a: x, b: y}}\nthresholds: {yellow: \"outside 1..2\", red: \"outside 0..3\"}\nobjective: {target: 99%, window: 30d}\n"),
		*doc(t, "kind: KPI\nname: g\nowner: o\nindicator: {gauge: {of: q, over: avg, across: sum}}\nthresholds: {red: \"> 3\"}\n"), *doc(t, "kind: KPI\nname: p\nowner: o\nindicator: {promql: sum(q)}\nthresholds: {red: \"> 3\"}\n"),
		*doc(t, "kind: KPI\nname: m\nowner: o\nindicator: {mean: {sum: s, count: c}}\nthresholds: {red: \"> 3\"}\n"), *doc(t, "kind: KPI\nname: r\nowner: o\nindicator: {rate: s}\nthresholds: {red: \"> 3\"}\n"),
		*doc(t, "kind: KPI\nname: ap\nowner: o\nindicator: {apdex: {histogram: h_seconds, t: 500ms}}\nthresholds: {red: \"< 0.5\"}\n"), *doc(t, "kind: KPI\nname: sb\nowner: o\nindicator: {share_below: {histogram: h_seconds, below: 500ms}}\nthresholds: {red: \"< 50%\"}\n"),
		*doc(t, "kind: KPI\nname: go\nowner: o\nindicator: {ratio: {good: a_total, total: b_total}}\nthresholds: {red: \"< 50%\"}\n"),
		*doc(t, "kind: Approval\nname: cmp\nwhen: {before_after: {field: thresholds.red, from: \"> 1%\", to: \"> 3%\"}}\n"))
	for i := range docs {
		d := &docs[i]
		check := func(path string, change func() func()) {
			if k := d.KPI; k != nil && ((k.Thresholds.Yellow == nil && strings.Contains(path, ".ForYellow.")) || (k.Thresholds.Red == nil && strings.Contains(path, ".ForRed.")) ||
				(k.Objective != nil && k.Objective.Calendar != "" && strings.HasSuffix(path, "Objective.Window"))) {
				return // the reader refuses it
			}
			before := clone(t, d)
			assert.Empty(t, policy.Change{Before: before, After: d}.Sentences(), path)
			undo := change()
			same(d)
			sentences := policy.Change{Before: before, After: d}.Sentences()
			hash := policy.ContentHash(d)
			undo()
			same(d)
			assert.NotEmpty(t, sentences, "%s of %s has no sentence", path, d.Ref())
			assert.NotEqual(t, before.Hash, hash, "%s of %s is not in the content hash", path, d.Ref())
			for _, s := range sentences {
				assert.True(t, strings.Contains(path, "(shorter)") || !strings.Contains(s, "  "), s) // a list that the reader would not leave empty
				assert.False(t, strings.HasPrefix(s, ";") || strings.HasSuffix(s, "before: "), "%s: %q", path, s)
				said, was, ok := strings.Cut(s, "; before: ")
				assert.True(t, !ok || said != was, "%s: %q says nothing", path, s)
			}
			assert.Equal(t, before.Hash, policy.ContentHash(d), path)
		}
		for _, field := range []string{"Title", "Description", "Owner", "Labels", "Regulated", "ReviewEvery"} {
			leaves("Common."+field, reflect.ValueOf(&d.Common).Elem().FieldByName(field), check)
		}
		spec := reflect.ValueOf(d.Spec())
		leaves(spec.Type().String(), spec.Elem(), check)
	}
}

// same gives a KPI what its document states of it, as the reader does.
func same(d *policy.Document) {
	if d.KPI != nil {
		d.KPI.Title, d.KPI.Description, d.KPI.Owner, d.KPI.Labels = d.Title, d.Description, d.Owner, d.Labels
	}
}

// clone reads the document again.
func clone(t *testing.T, d *policy.Document) *policy.Document {
	docs, _ := policy.Read(d.File, []byte(d.Text), policy.Limits{Receivers: []string{"oncall"}, Intervals: []string{"nights", "holidays"}})
	require.Len(t, docs, 1)
	require.Equal(t, d.Hash, docs[0].Hash)
	return &docs[0]
}

// The documents above set every field of every spec, so that none is left out of the test.
func TestTheFieldsTestSeesAll(t *testing.T) {
	docs := append(everyKind(t), *doc(t, full))
	seen := map[string]bool{}
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				walk(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		case reflect.Struct:
			if v.Type().PkgPath() != reflect.TypeFor[policy.Route]().PkgPath() {
				return
			}
			for i := range v.NumField() {
				if !v.Field(i).IsZero() {
					seen[v.Type().Name()+"."+v.Type().Field(i).Name] = true
				}
				if v.Type().Field(i).IsExported() {
					walk(v.Field(i))
				}
			}
		}
	}
	for i := range docs {
		walk(reflect.ValueOf(docs[i].Spec()))
	}
	for _, spec := range []any{policy.Route{}, policy.Retention{}, policy.Sampling{}, policy.Privacy{}, policy.Approval{}, policy.Maintenance{}, policy.Board{}, policy.Weekly{}, policy.Emergency{}, policy.ApprovalFor{}, policy.Condition{},
		policy.AttributeRule{}, policy.HeadSampling{}, policy.TailSampling{}, policy.RouteSampling{}, policy.ScrapeInterval{}, policy.Panel{}, policy.PanelKPIs{}, policy.PanelQuery{}, policy.Variable{}} {
		for i := range reflect.TypeOf(spec).NumField() {
			name := reflect.TypeOf(spec).Name() + "." + reflect.TypeOf(spec).Field(i).Name
			require.True(t, seen[name], "no document of the test sets %s", name)
		}
	}
}
