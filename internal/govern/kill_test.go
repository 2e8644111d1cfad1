package govern_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/policy"
)

// killSteps are the places of Apply at which the process is killed, in the order in which they come.
var killSteps = []string{
	"approve record 1", "build", "apply record 1", "apply record 2", "before commit returns", "committed", "swapped",
	"read file 1", "write file 1", "written file 1", "read file 2", "write file 2", "written file 2", "changed",
}

// TestKilledBetweenAnyTwoSteps approves a change of two policies in a process of its own, which gets SIGKILL at each step of
// Apply in turn. What is found afterwards is before or after, never between, and ends as law.
func TestKilledBetweenAnyTwoSteps(t *testing.T) {
	if os.Getenv("GOVERN_KILL_STEP") != "" {
		t.Skip("this is the process that is killed")
	}
	if testing.Short() {
		t.Skip("a process for each step")
	}
	for _, step := range killSteps {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledHere$", "-test.count=1")
			cmd.Env = append(os.Environ(), "GOVERN_KILL_STEP="+step, "GOVERN_KILL_DIR="+dir)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "%s", out)
			require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), "%s", out)

			h := &house{t: t, dir: dir}
			h.clock.Store(start.UnixMilli())
			h.open()
			t.Cleanup(func() { _ = h.db.Close() })
			p := h.get(1)
			a, b := h.policy("efile"), h.policy("refund")
			require.Equal(t, a.Revision, b.Revision, "both or none")
			switch a.Revision {
			case 1:
				require.Contains(t, []string{"draft", "approved"}, p.State)
				require.Len(t, h.records("apply"), 3, "only the first load")
			case 2:
				require.Equal(t, "applied", p.State)
				require.Len(t, h.records("apply"), 5)
			default:
				t.Fatalf("revision %d", a.Revision)
			}
			require.Equal(t, len(p.Votes), len(h.records("approve")), "a vote and its record, or neither")
			report, err := h.audit.Verify(t.Context(), audit.VerifyOptions{})
			require.NoError(t, err)
			require.True(t, report.Good, "%+v", report)

			// The next start brings it to its end.
			if p.State == "draft" {
				_, err := h.Approve(h.otto(), p.ID, p.Hash, "")
				require.NoError(t, err)
			}
			h.Due()
			h.sync()
			for _, name := range []string{"efile", "refund"} {
				got := h.policy(name)
				require.Equal(t, 2, got.Revision)
				require.Equal(t, "same", got.FileState)
				require.Contains(t, h.file(name+".yaml"), "> 2.5%")
			}
			ps, err := h.Proposals(h.ana(), govern.ProposalFilter{})
			require.NoError(t, err)
			require.Len(t, ps, 1, "no file was taken for a wish")
		})
	}
}

// TestKilledHere is the process that TestKilledBetweenAnyTwoSteps kills.
func TestKilledHere(t *testing.T) {
	step, dir := os.Getenv("GOVERN_KILL_STEP"), os.Getenv("GOVERN_KILL_DIR")
	if step == "" {
		t.Skip("runs inside of TestKilledBetweenAnyTwoSteps")
	}
	armed := false
	seen := map[string]int{}
	reach := func(at string) {
		if !armed {
			return
		}
		seen[at]++
		if at == step || fmt.Sprintf("%s %d", at, seen[at]) == step {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	h := &house{t: t, dir: dir}
	h.clock.Store(start.UnixMilli())
	h.open(func(o *govern.Options) {
		append1, swap := o.Audit, o.Swap
		o.Audit = func(ctx context.Context, tx *sql.Tx, r audit.Record) error {
			reach(r.Action + " record")
			return append1(ctx, tx, r)
		}
		o.Swap = func(ctx context.Context, next []policy.Document, commit func(map[string]int64) error) error {
			reach("build")
			err := swap(ctx, next, func(m map[string]int64) error {
				err := commit(m)
				reach("before commit returns")
				reach("committed")
				return err
			})
			reach("swapped")
			return err
		}
		o.ReadFile = func(path string) ([]byte, error) {
			reach("read file")
			return os.ReadFile(path)
		}
		o.WriteFile = func(path string, text []byte) error {
			reach("write file")
			tmp := path + ".new"
			if err := os.WriteFile(tmp, text, 0o644); err != nil {
				return err
			}
			err := os.Rename(tmp, path)
			reach("written file")
			return err
		}
		o.Changed = func([]policy.Ref) { reach("changed") }
	})
	h.write("efile.yaml", kpiDoc("efile", "> 3%", ""))
	h.write("refund.yaml", kpiDoc("refund", "> 3%", ""))
	h.write("approval.yaml", twoPeople)
	h.sync()
	p, err := h.Propose(h.ana(), draft("3 % is too lax", kpiDoc("efile", "> 2.5%", ""), kpiDoc("refund", "> 2.5%", "")), "page")
	require.NoError(t, err)
	armed = true
	_, err = h.Approve(h.otto(), p.ID, p.Hash, "")
	require.NoError(t, err)
	t.Fatalf("%s was not reached; seen: %v", step, seen)
}

// TestAnyFailureInsideApplyLeavesNothing fails each record of an Apply in turn.
func TestAnyFailureInsideApplyLeavesNothing(t *testing.T) {
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprint("record ", n), func(t *testing.T) {
			count := -1000
			h := newHouse(t, func(o *govern.Options) {
				inner := o.Audit
				o.Audit = func(ctx context.Context, tx *sql.Tx, r audit.Record) error {
					if r.Action == "apply" {
						if count++; count == n {
							return fmt.Errorf("the disk is full")
						}
					}
					return inner(ctx, tx, r)
				}
			})
			h.write("all.yaml", kpiDoc("efile", "> 3%", "")+"---\n"+kpiDoc("refund", "> 3%", "")+"---\n"+twoPeople)
			h.sync()
			p, err := h.Propose(h.ana(), draft("lax", kpiDoc("efile", "> 2%", ""), kpiDoc("refund", "> 2%", "")), "page")
			require.NoError(t, err)
			count = 0
			before := strings.Count(h.dump(), "\n")
			_, err = h.Approve(h.otto(), p.ID, p.Hash, "")
			require.ErrorContains(t, err, "the disk is full")
			require.Equal(t, before+2, strings.Count(h.dump(), "\n"), "the vote and its word, and nothing else")
			require.Equal(t, "approved", h.get(p.ID).State)
			require.Equal(t, 1, h.policy("efile").Revision)
			require.NotContains(t, h.file("all.yaml"), "> 2%")
			h.Due()
			require.Equal(t, "applied", h.get(p.ID).State, "it is tried again")
			_, err = os.Stat(filepath.Join(h.dir, "all.yaml"))
			require.NoError(t, err)
		})
	}
}
