package govern_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/policy"
)

func (h *house) open2() []govern.Proposal {
	h.t.Helper()
	ps, err := h.Proposals(h.ana(), govern.ProposalFilter{State: "open"})
	require.NoError(h.t, err)
	return ps
}

func (h *house) policy(name string) govern.Policy {
	h.t.Helper()
	p, err := h.Policy(h.ana(), "KPI", name)
	require.NoError(h.t, err)
	return p
}

const boardDoc = "kind: Board\nname: front\npanels: [{text: hello}]\n"

func TestAChangedFileIsAProposalOfTheFile(t *testing.T) {
	h := governed(t, twoPeople)
	h.write("efile.yaml", kpiDoc("efile", "> 2%", ""))
	h.sync()
	ps := h.open2()
	require.Len(t, ps, 1)
	require.Equal(t, "draft", ps[0].State)
	require.Equal(t, "file", ps[0].Author.Kind)
	require.Equal(t, "ahead", h.policy("efile").FileState)
	h.sync()
	h.reopen()
	h.sync()
	require.Len(t, h.open2(), 1, "the same file says the same wish once, also after a restart")

	h.write("efile.yaml", kpiDoc("efile", "> 1.5%", ""))
	h.sync()
	again := h.open2()
	require.Len(t, again, 1)
	require.Equal(t, ps[0].ID, again[0].ID, "a file edited again updates its proposal")
	require.NotEqual(t, ps[0].Hash, again[0].Hash)

	h.write("efile.yaml", kpiDoc("efile", "> 3%", ""))
	h.sync()
	require.Empty(t, h.open2())
	require.Equal(t, "superseded", h.get(ps[0].ID).State)
	require.Contains(t, h.get(ps[0].ID).Why, "says again what is in force")
	require.Equal(t, "same", h.policy("efile").FileState)
}

func TestAFileProposalTakesAPersonToApprove(t *testing.T) {
	h := governed(t, twoPeople)
	h.write("efile.yaml", kpiDoc("efile", "> 2%", "")+"# a note by hand\n")
	h.sync()
	p := h.open2()[0]
	p, err := h.Approve(h.ana(), p.ID, p.Hash, "")
	require.NoError(t, err, "whoever wrote the file is not known: one approval is asked for and given")
	require.Equal(t, "applied", p.State)
	require.Contains(t, h.file("efile.yaml"), "# a note by hand")
	require.Equal(t, "same", h.policy("efile").FileState)
	h.sync()
	require.Empty(t, h.open2())
}

func TestARejectedFileStaysBehindAndAsksNoMore(t *testing.T) {
	h := governed(t, twoPeople)
	h.write("efile.yaml", kpiDoc("efile", "> 2%", ""))
	h.sync()
	p := h.open2()[0]
	_, err := h.Reject(h.otto(), p.ID, "no")
	require.NoError(t, err)
	h.sync()
	h.reopen()
	h.sync()
	require.Empty(t, h.open2())
	require.Equal(t, "behind", h.policy("efile").FileState)
	require.Contains(t, h.file("efile.yaml"), "> 2%", "a person's text is never overwritten for being refused")
}

func TestAFileThatDiffersAtStartIsAProposal(t *testing.T) {
	h := governed(t, twoPeople)
	h.write("efile.yaml", kpiDoc("efile", "> 2%", ""))
	h.reopen()
	h.sync()
	require.Len(t, h.open2(), 1)
	require.Equal(t, 1, h.policy("efile").Revision)
}

func TestFilesWithMistakesChangeNothing(t *testing.T) {
	h := governed(t, twoPeople)
	h.write("efile.yaml", strings.Replace(kpiDoc("efile", "> 2%", ""), "thresholds:", "tresholds:", 1))
	docs, findings := policy.ReadFiles([]string{"*.yaml"}, h.dir, policy.Limits{})
	require.NotEmpty(t, findings)
	require.NoError(t, h.SyncFiles(t.Context(), docs, false))
	require.Empty(t, h.open2())
	require.Equal(t, 1, h.policy("efile").Revision)
}

func TestADocumentThatIsGoneIsARemovalProposal(t *testing.T) {
	h := governed(t, twoPeople)
	require.NoError(t, os.Remove(filepath.Join(h.dir, "efile.yaml")))
	require.NoError(t, h.SyncFiles(t.Context(), h.read(), false))
	require.Empty(t, h.open2(), "half of the files say nothing of what is gone")
	h.sync()
	ps := h.open2()
	require.Len(t, ps, 1)
	require.Equal(t, "remove", ps[0].Changes[0].Action)
	h.sync()
	require.Len(t, h.open2(), 1)
	_, err := h.Approve(h.otto(), ps[0].ID, ps[0].Hash, "")
	require.NoError(t, err)
	require.Len(t, h.InForce(), 1)
	got := h.policy("efile")
	require.Equal(t, "removed", got.State)
	require.Equal(t, 2, got.Revision)
	all, err := h.Policies(h.ana(), govern.PolicyFilter{})
	require.NoError(t, err)
	require.Len(t, all, 1)
	h.sync()
	require.Empty(t, h.open2())

	h.write("efile.yaml", kpiDoc("efile", "> 3%", ""))
	h.sync()
	p := h.open2()[0]
	require.Equal(t, "create", p.Changes[0].Action)
	_, err = h.Approve(h.otto(), p.ID, p.Hash, "")
	require.NoError(t, err)
	require.Equal(t, 3, h.policy("efile").Revision, "numbers go on where the removed policy stopped")
}

// TestRoundTrip edits one document of a file in the page: every other byte of the file stays.
func TestRoundTrip(t *testing.T) {
	h := newHouse(t)
	head := "# Everything of the e-file team.\n# Ask us before you touch it.\n"
	other := "---\n# not ours\n" + kpiDoc("other", "> 5%", "# the end\n")
	h.write("all.yaml", head+kpiDoc("efile", "> 3%", "")+other)
	h.sync()
	require.Len(t, h.InForce(), 2)
	require.NoError(t, os.Chmod(filepath.Join(h.dir, "all.yaml"), 0o600))

	text := strings.Replace(h.policy("efile").Text, "> 3%", "> 2.5%", 1)
	p, err := h.Propose(h.ana(), draft("lax", text), "page")
	require.NoError(t, err)
	require.Equal(t, "applied", p.State)
	require.Equal(t, head+kpiDoc("efile", "> 2.5%", "")+other, h.file("all.yaml"))
	info, err := os.Stat(filepath.Join(h.dir, "all.yaml"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	h.sync()
	require.Empty(t, h.open2())
	require.Equal(t, 2, h.policy("efile").Revision, "our own write is no wish")

	// A comment added by hand changes nothing in force, and the next edit in the page keeps it.
	h.write("all.yaml", strings.Replace(h.file("all.yaml"), "  for: 3\n", "  for: 3   # three in a row\n", 1))
	h.sync()
	require.Equal(t, 2, h.policy("efile").Revision)
	text = strings.Replace(h.policy("efile").Text, "> 2.5%", "> 2%", 1)
	require.Contains(t, text, "# three in a row")
	_, err = h.Propose(h.ana(), draft("lax", text), "page")
	require.NoError(t, err)
	require.Contains(t, h.file("all.yaml"), "# three in a row")
	exported, err := h.Export(h.ana(), []string{"KPI"})
	require.NoError(t, err)
	for _, e := range exported {
		require.Contains(t, h.file("all.yaml"), e.Text)
	}
	_, err = h.Propose(h.ana(), govern.Draft{Reason: "gone", Documents: []govern.Text{{Remove: "KPI/other"}}}, "page")
	require.NoError(t, err)
	require.NotContains(t, h.file("all.yaml"), "other")
	require.Contains(t, h.file("all.yaml"), "efile")
	h.sync()
	require.Empty(t, h.open2())
}

func TestANewPolicyGetsAFile(t *testing.T) {
	var h *house
	h = newHouse(t, func(o *govern.Options) {
		o.NewFile = func(ref policy.Ref) string { return filepath.Join(h.dir, ref.Name+".yaml") }
	})
	h.write("front.yaml", boardDoc)
	h.sync()
	_, err := h.Propose(h.ana(), draft("new", kpiDoc("efile", "> 3%", "")), "page")
	require.NoError(t, err)
	require.Equal(t, kpiDoc("efile", "> 3%", ""), h.file("efile.yaml"))
	require.Equal(t, "same", h.policy("efile").FileState)
	h.sync()
	require.Equal(t, 1, h.policy("efile").Revision)
	require.Empty(t, h.open2())
}

func TestAFileThatCannotBeWrittenIsBehindAndCaughtUpLater(t *testing.T) {
	broken := true
	h := newHouse(t, func(o *govern.Options) {
		o.WriteFile = func(path string, text []byte) error {
			if broken {
				return errors.New("read-only file system")
			}
			return os.WriteFile(path, text, 0o644)
		}
	})
	h.write("efile.yaml", kpiDoc("efile", "> 3%", ""))
	h.sync()
	p, err := h.Propose(h.ana(), draft("lax", kpiDoc("efile", "> 2%", "")), "page")
	require.NoError(t, err, "a file is never a reason to refuse")
	require.Equal(t, "applied", p.State)
	require.Equal(t, "behind", h.policy("efile").FileState)
	h.sync()
	require.Empty(t, h.open2(), "a file that nobody touched wishes nothing")
	broken = false
	h.reopen(func(o *govern.Options) {})
	h.sync()
	require.Equal(t, "same", h.policy("efile").FileState)
	require.Contains(t, h.file("efile.yaml"), "> 2%")
}

func TestAFileThatWasReadBeforeOurOwnWriteIsNoWish(t *testing.T) {
	h := newHouse(t)
	h.write("efile.yaml", kpiDoc("efile", "> 3%", ""))
	h.sync()
	old := h.read() // the watcher read the file, and is slow
	_, err := h.Propose(h.ana(), draft("lax", kpiDoc("efile", "> 2%", "")), "page")
	require.NoError(t, err)
	require.NoError(t, h.SyncFiles(t.Context(), old, true))
	require.Equal(t, 2, h.policy("efile").Revision)
	require.Contains(t, h.file("efile.yaml"), "> 2%")
}

func TestAnEditByHandMeanwhileIsNotOverwritten(t *testing.T) {
	h := newHouse(t)
	h.write("efile.yaml", kpiDoc("efile", "> 3%", ""))
	h.write("approval.yaml", twoPeople)
	h.sync()
	h.write("efile.yaml", kpiDoc("efile", "> 7%", "")) // nobody has looked yet
	p := h.propose("> 2%")
	_, err := h.Approve(h.otto(), p.ID, p.Hash, "")
	require.NoError(t, err)
	require.Contains(t, h.file("efile.yaml"), "> 7%")
	h.sync()
	ps := h.open2()
	require.Len(t, ps, 1)
	require.Contains(t, h.get(ps[0].ID).Changes[0].After, "> 7%")
}

func TestFirstLoadIsNotGovernedByWhatItBrings(t *testing.T) {
	h := governed(t, twoPeople)
	rs := h.records("apply")
	require.Len(t, rs, 2)
	for _, r := range rs {
		require.Equal(t, "file", r.Actor.Kind)
		require.Contains(t, r.Detail["first_load"], "governs later changes only")
	}
	revisions, err := h.Revisions(h.ana(), "KPI", "efile")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(h.dir, "efile.yaml")+":2", revisions[0].Source)
}

func TestNumbersOfAnEarlierVersionGoOn(t *testing.T) {
	h := newHouse(t, func(o *govern.Options) {
		o.Numbers = func(kind, name, hash string) int {
			if kind == "KPI" && name == "efile" {
				return 7
			}
			return 0
		}
	})
	h.write("efile.yaml", kpiDoc("efile", "> 3%", ""))
	h.write("front.yaml", boardDoc)
	h.sync()
	require.Equal(t, 7, h.policy("efile").Revision)
	h.write("efile.yaml", kpiDoc("efile", "> 2%", ""))
	h.sync()
	require.Equal(t, 8, h.policy("efile").Revision)
}

// TestFilesThatLeanOnEachOther changes two files at once of which one alone would be wrong.
func TestFilesThatLeanOnEachOther(t *testing.T) {
	h := newHouse(t)
	h.write("front.yaml", boardDoc)
	h.sync()
	h.write("a.yaml", "kind: KPI\nname: sum\nowner: a@b.example\nunit: ratio\nindicator: {expr: \"x + x\", inputs: {x: base}}\nthresholds: {red: \"> 1\"}\n")
	h.write("b.yaml", kpiDoc("base", "> 3%", ""))
	h.sync()
	require.Len(t, h.InForce(), 3)
	ps, err := h.Proposals(h.ana(), govern.ProposalFilter{State: "applied"})
	require.NoError(t, err)
	require.Len(t, ps, 1)

	_, err = h.Propose(h.ana(), govern.Draft{Reason: "gone", Documents: []govern.Text{{Remove: "KPI/base"}}}, "page")
	kindOf(t, fault.Invalid, err)
	require.ErrorContains(t, err, "base")
}

func TestTheMachinesAreNotAskedForWhatFails(t *testing.T) {
	h := newHouse(t)
	h.write("efile.yaml", kpiDoc("efile", "> 3%", ""))
	h.sync()
	h.buildFails.Store(true)
	h.write("efile.yaml", kpiDoc("efile", "> 2%", ""))
	require.Error(t, h.SyncFiles(context.Background(), h.read(), true))
	require.NoError(t, h.SyncFiles(context.Background(), h.read(), true), "it is told once")
	ps, err := h.Proposals(h.ana(), govern.ProposalFilter{State: "failed"})
	require.NoError(t, err)
	require.Len(t, ps, 1)
	require.Equal(t, 1, h.policy("efile").Revision)
}
