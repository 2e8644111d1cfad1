package access_test

import (
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/fault"
)

func scope(t testing.TB, text string) access.Scope {
	t.Helper()
	s, err := access.ParseScope(text)
	require.NoError(t, err)
	return s
}

// TestMatrix asks every role of every kind for every action, bounded and not, and compares with the table.
func TestMatrix(t *testing.T) {
	irs := scope(t, `agency="IRS"`)
	require.Equal(t, len(access.Matrix()), len(access.Actions()))
	for _, rule := range access.Matrix() {
		require.NotEmpty(t, rule.Title)
		require.Contains(t, rule.Roles, access.Admin)
		for _, role := range access.Roles() {
			for _, kind := range []access.Kind{access.KindPerson, access.KindToken, access.KindStart} {
				p := access.Principal{ID: "x", Kind: kind, Grants: []access.Grant{{Role: role}}}
				want := slices.Contains(rule.Roles, role) && slices.Contains(rule.Kinds, kind)
				require.Equal(t, want, p.May(rule.Action), "%s as %s: %s", kind, role, rule.Action)
				require.Equal(t, want, p.Covers(rule.Action, labels.EmptyLabels()))

				p.Grants[0].Scope = irs
				require.Equal(t, want && !rule.Whole, p.May(rule.Action), "%s as %s within a scope: %s", kind, role, rule.Action)
				require.Equal(t, want && !rule.Whole, p.Covers(rule.Action, labels.FromStrings("agency", "IRS")))
				require.False(t, p.Covers(rule.Action, labels.FromStrings("agency", "SSA")))
				_, whole := p.Scopes(rule.Action)
				require.False(t, whole)
			}
		}
	}
	start := access.Administrator(access.ViaBearer)
	for _, a := range access.Actions() {
		require.Equal(t, a != access.Approve, start.May(a), a)
		require.Equal(t, a != access.Approve, access.System("schedule").May(a), a)
		require.False(t, access.Principal{}.May(a))
		require.False(t, access.Principal{Kind: access.KindPerson, Grants: []access.Grant{{Role: "root"}}}.May(a))
	}
	require.False(t, start.May("fly"))
	require.False(t, start.May(access.Open), "what is not in the table nobody may")
}

// TestGrantsAdd: several grants are a disjunction, each with its own actions.
func TestGrantsAdd(t *testing.T) {
	p := access.Principal{Kind: access.KindPerson, Grants: []access.Grant{
		{Role: access.Viewer},
		{Role: access.Analyst, Scope: scope(t, `agency="IRS"`)},
		{Role: access.Owner, Scope: scope(t, `agency="SSA",env=~"prod|test"`)},
	}}
	scopes, whole := p.Scopes(access.Approve)
	require.False(t, whole)
	require.Len(t, scopes, 2)
	_, whole = p.Scopes(access.ReadKPIs)
	require.True(t, whole)
	for l, want := range map[string]bool{"IRS": true, "SSA": false, "VA": false} {
		require.Equal(t, want, p.Covers(access.WriteChanges, labels.FromStrings("agency", l)), l)
	}
	require.True(t, p.Covers(access.Approve, labels.FromStrings("agency", "SSA", "env", "test")))
	require.False(t, p.Covers(access.Approve, labels.FromStrings("agency", "SSA", "env", "dev")))
	require.False(t, p.Covers(access.Approve, labels.FromStrings("agency", "SSA")))
	require.False(t, p.May(access.Operate), "the server has no labels to be bounded by")
}

func TestParseScope(t *testing.T) {
	for text, want := range map[string]string{
		``:                                 ``,
		`  {} `:                            ``,
		`agency="IRS"`:                     `agency="IRS"`,
		` {agency="IRS", env=~"a|b"} `:     `agency="IRS", env=~"a|b"`,
		`agency="IRS" # x`:                 `agency="IRS"`,
		`agency='IRS',`:                    `agency="IRS"`,
		`"agency.name"="IRS"`:              `"agency.name"="IRS"`,
		`agency!="IRS",env!~"dev|scratch"`: `agency!="IRS", env!~"dev|scratch"`,
	} {
		s, err := access.ParseScope(text)
		require.NoError(t, err, text)
		require.Equal(t, want, s.String())
		require.Equal(t, want, scope(t, s.String()).String())
	}
	for _, text := range []string{
		`agency`, `agency=IRS`, `agency="IRS"} or {agency="SSA"`, `{agency="IRS"} or {agency="SSA"}`, `agency="IRS"} #`,
		`agency=~"("`, `__name__="up"`, `"up"`, `up{agency="IRS"}`, `agency="IRS"[5m]`, `{{}}`, `}{`, `agency="IRS"} offset 5m {`,
		`a="` + string(make([]byte, 1100)) + `"`, `a="",b="",c="",d="",e="",f="",g="",h="",i="",j="",k="",l="",m="",n="",o="",p="",q=""`,
	} {
		_, err := access.ParseScope(text)
		require.Equal(t, fault.Invalid, fault.KindOf(err), text)
		require.ErrorContains(t, err, "scope ")
		require.ErrorContains(t, err, `agency="IRS", env=~"prod|test"`)
	}
}

// FuzzParseScope: whatever is typed, a scope that is taken says the same when it is read again, and is never wider than
// everything that all of its own matchers allow.
func FuzzParseScope(f *testing.F) {
	for _, s := range []string{`agency="IRS", env=~"prod|test"`, `{a!~"x.*"}`, ``, `a="b"} or {c="d"`, `"ä.b"='c'`, "a=\"\\n\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := access.ParseScope(text)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			return
		}
		again, err := access.ParseScope(s.String())
		require.NoError(t, err, s.String())
		require.Equal(t, s.String(), again.String())
		l := labels.FromStrings("agency", "IRS", "env", "prod")
		require.Equal(t, s.Matches(l), again.Matches(l))
		for _, m := range s {
			require.False(t, s.Matches(l) && !m.Matches(l.Get(m.Name)))
		}
	})
}
