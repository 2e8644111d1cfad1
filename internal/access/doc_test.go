package access_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
)

var update = flag.Bool("update", false, "write docs/roles.md")

// TestRolesDoc keeps docs/roles.md to the matrix.
func TestRolesDoc(t *testing.T) {
	const file = "../../docs/roles.md"
	want := rolesDoc()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run go test ./internal/access -run TestRolesDoc -update")
}

func rolesDoc() string {
	var b strings.Builder
	b.WriteString(`# Roles: who may do what

A person or a token holds **grants**. A grant is a role, and a **scope** that bounds it: label matchers in Prometheus' notation
such as ` + "`agency=\"IRS\", env=~\"prod|test\"`" + `; no scope means everywhere. Several grants add up. What a scoped grant
does not cover is not there: not in queries, labels and metadata, not among KPIs, alerts and proposals.

This page is written from the table in ` + "`internal/access/role.go`" + ` (` + "`go test ./internal/access -run TestRolesDoc -update`" + `), which is the one
that decides; ` + "`GET /api/signalbox/v1/roles`" + ` serves it.

`)
	b.WriteString("| action | |")
	for _, r := range access.Roles() {
		fmt.Fprintf(&b, " %s |", r)
	}
	b.WriteString(" who |\n|---|---|")
	b.WriteString(strings.Repeat(":-:|", len(access.Roles())) + "---|\n")
	for _, rule := range access.Matrix() {
		fmt.Fprintf(&b, "| `%s` | %s |", rule.Action, rule.Title)
		for _, r := range access.Roles() {
			switch {
			case !slices.Contains(rule.Roles, r):
				b.WriteString(" |")
			case rule.Whole:
				b.WriteString(" W |")
			default:
				b.WriteString(" ✓ |")
			}
		}
		fmt.Fprintf(&b, " %s |\n", who(rule.Kinds))
	}
	b.WriteString(`
**W**: only through a grant without a scope, because the thing has no labels to be bounded by.

`)
	for _, r := range access.Roles() {
		fmt.Fprintf(&b, "- `%s`: %s\n", r, r.Title())
	}
	b.WriteString(`
- **person**: signed in with a login and password, or through OIDC. Only a person approves, and never what they wrote themselves
  where the Approval policy says so; a token's proposals are its owner's.
- **token**: ` + "`sb_...`" + `, made by ` + "`signalbox token create`" + ` or in the page. It ends after a year at most and is never more than its owner at
  the moment of use: who is disabled or loses a role takes it from their tokens.
- **start**: the ` + "`admin.token`" + ` of the data directory and the link of the start. They make the first administrator and break the glass
  later; each use is in the audit chain. They are nobody in particular, so they approve nothing.
- Pushes of samples and alerts from the server's own machine need no token.
- Whoever is signed in may ask who they are (` + "`/me`" + `) and see this table.
`)
	return b.String()
}

func who(kinds []access.Kind) string {
	var out []string
	for _, k := range kinds {
		out = append(out, string(k))
	}
	return strings.Join(out, ", ")
}
