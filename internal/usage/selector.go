package usage

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// selector writes an expression as a selector of rows in a policy: comparisons that all hold. What a selector cannot say, such as
// an OR, is an error that names it.
func selector(t rowstore.Table, e rowstore.Expr) (string, error) {
	var parts []string
	var walk func(rowstore.Expr) error
	walk = func(e rowstore.Expr) error {
		switch {
		case e.IsEverything():
			return nil
		case e.Match != nil:
			text, err := matcher(e.Match)
			parts = append(parts, text)
			return err
		case e.Not != nil && e.Not.Match != nil:
			n, ok := map[rowstore.Op]rowstore.Op{rowstore.Equal: rowstore.NotEqual, rowstore.NotEqual: rowstore.Equal, rowstore.Matches: rowstore.NoMatch, rowstore.NoMatch: rowstore.Matches}[e.Not.Match.Op]
			if !ok {
				break
			}
			text, err := matcher(&rowstore.Match{Field: e.Not.Match.Field, Op: n, Value: e.Not.Match.Value})
			parts = append(parts, text)
			return err
		case len(e.Or) == 0 && e.Not == nil:
			for _, x := range e.And {
				if err := walk(x); err != nil {
					return err
				}
			}
			return nil
		}
		return fault.New(fault.Invalid, "%q cannot be said as a selector of a KPI; want comparisons that all hold", e.String())
	}
	if err := walk(e); err != nil {
		return "", err
	}
	return t.String() + "{" + strings.Join(parts, ",") + "}", nil
}

func matcher(m *rowstore.Match) (string, error) {
	name := m.Field
	if strings.ContainsAny(name, ".-/ ") {
		name = fmt.Sprintf("%q", name)
	}
	switch m.Op {
	case rowstore.Equal, rowstore.NotEqual, rowstore.Matches, rowstore.NoMatch:
		return fmt.Sprintf("%s%s%q", name, m.Op, m.Value), nil
	case rowstore.Exists:
		return name + `!=""`, nil
	case rowstore.Contains:
		if m.Field != "*" {
			return fmt.Sprintf("%s=~%q", name, "(?is).*"+regexp.QuoteMeta(m.Value)+".*"), nil
		}
	case rowstore.AtLeast, rowstore.Greater:
		levels := rowstore.Levels()
		for i, l := range levels {
			if m.Field == "level" && l == m.Value {
				if m.Op == rowstore.Greater {
					i++
				}
				return fmt.Sprintf("level=~%q", strings.Join(levels[i:], "|")), nil
			}
		}
	}
	return "", fault.New(fault.Invalid, "%q cannot be said as a selector of a KPI; want = != =~ !~", m.String())
}
