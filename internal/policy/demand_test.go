package policy_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
)

func doc(t testing.TB, src string) *policy.Document {
	t.Helper()
	docs, findings := policy.Read("a.yaml", []byte(src), policy.Limits{})
	require.Empty(t, findings, src)
	require.Len(t, docs, 1)
	return &docs[0]
}

// paged is a KPI that pages, with more keys behind it.
func paged(t testing.TB, redText string, more ...string) *policy.Document {
	return doc(t, "kind: KPI\nname: efile\nowner: team\noutcome: business\nlabels: {agency: IRS}\nindicator: {ratio: {bad: 'filings_total{r=\"bad\"}', total: filings_total}}\n"+
		"thresholds: {red: \""+redText+"\", for: 3, min_count: 20}\n"+strings.Join(more, "\n")+"\n")
}

func approval(t testing.TB, body string) *policy.Approval {
	name := "a"
	if rest, n, ok := strings.Cut(body, "name="); ok {
		body, name = rest, n
	}
	return doc(t, "kind: Approval\nname: "+name+"\n"+body).Approval
}

var noon = time.Date(2026, 4, 14, 12, 0, 0, 0, time.UTC)

func by(id string, roles ...string) policy.Vote {
	return policy.Vote{By: policy.Voter{ID: id, Name: id, Kind: "person", Roles: roles}, Approves: true, At: noon, SignedInAt: noon.Add(-5 * time.Minute)}
}

// The third column of the table of the best approval model that was found, each fact a test.
func TestGoldenApproval(t *testing.T) {
	src, err := os.ReadFile("testdata/policy-approval.tsv")
	require.NoError(t, err)
	facts := map[string]func(t *testing.T){
		"every change to a policy: UI, API, file; first version too": func(t *testing.T) {
			a := []*policy.Approval{approval(t, "approvals: 1\n")}
			for _, d := range everyKind(t) {
				for _, c := range []policy.Change{{After: &d}, {Before: &d, After: &d}, {Before: &d}} {
					require.Positive(t, policy.Demands(a, c).Approvals, d.Ref())
				}
			}
		},
		"same three; a missing earlier value counts as a change (close that hole)": func(t *testing.T) {
			three, two := paged(t, "> 3%"), paged(t, "> 2.5%")
			none := doc(t, "kind: KPI\nname: efile\nowner: team\nindicator: {ratio: {bad: 'filings_total{r=\"bad\"}', total: filings_total}}\nthresholds: {yellow: \"> 1%\"}\n")
			asks := func(when string, c policy.Change) bool {
				return policy.Demands([]*policy.Approval{approval(t, "for: {kinds: [KPI]}\nwhen: "+when+"\n")}, c).Approvals > 0
			}
			owner := paged(t, "> 3%", "review_every: 90d")
			require.True(t, asks("any_change", policy.Change{Before: three, After: owner}))

			size := "{size: {field: thresholds.red, more_than: 20%}}"
			require.False(t, asks(size, policy.Change{Before: three, After: two}), "3 % to 2.5 % is a sixth")
			require.True(t, asks("{size: {field: thresholds.red, more_than: 16%}}", policy.Change{Before: three, After: two}))
			require.False(t, asks(size, policy.Change{Before: three, After: owner}))
			require.True(t, asks(size, policy.Change{After: two}), "there was no policy")
			require.True(t, asks(size, policy.Change{Before: none, After: two}), "there was no red")
			require.True(t, asks(size, policy.Change{Before: two, After: none}), "there is no red any more")
			require.True(t, asks(size, policy.Change{Before: two}), "the policy goes")
			require.True(t, asks("{size: {field: objective.target, more_than: 1%}}", policy.Change{Before: two}), "the policy goes, whatever it stated")
			require.True(t, asks("{size: {field: objective.target, more_than: 1%}}", policy.Change{After: two}), "there was no policy that stated or left out an objective")
			require.True(t, asks(size, policy.Change{Before: two, After: paged(t, "< 2.5%")}), "another comparison has no size")
			require.True(t, asks(size, policy.Change{Before: paged(t, "> 0"), After: two}), "from nothing, each step is infinite")
			require.True(t, asks("{size: {field: thresholds, more_than: 20%}}", policy.Change{Before: three, After: paged(t, "> 1%")}), "a key stands for those below it")
			require.False(t, asks("{size: {field: objective.target, more_than: 1%}}", policy.Change{Before: three, After: two}))

			ba := `{before_after: {field: thresholds.red, from: "<= 3%", to: "> 3%"}}`
			require.True(t, asks(ba, policy.Change{Before: three, After: paged(t, "> 4%")}))
			require.False(t, asks(ba, policy.Change{Before: three, After: two}))
			require.False(t, asks(ba, policy.Change{Before: paged(t, "> 4%"), After: paged(t, "> 5%")}))
			require.True(t, asks(ba, policy.Change{After: paged(t, "> 4%")}), "there was no policy")
			require.True(t, asks(ba, policy.Change{Before: none, After: paged(t, "> 4%")}), "there was no red")
			require.True(t, asks(ba, policy.Change{Before: three, After: none}), "there is no red any more")
			word := "{before_after: {field: outcome, from: business, to: technical}}"
			technical := doc(t, strings.Replace(three.Text, "outcome: business", "outcome: technical", 1))
			require.True(t, asks(word, policy.Change{Before: three, After: technical}))
			require.False(t, asks(word, policy.Change{Before: technical, After: three}))
		},
		"roles per KPI owner; policy lead for business KPIs": func(t *testing.T) {
			a := []*policy.Approval{
				approval(t, "for: {kinds: [KPI], owners: [team]}\nroles: [analyst, owner]\nname=own"),
				approval(t, "for: {kinds: [KPI], outcome: business}\nusers: [lead]\nroles: [owner]\nname=lead"),
			}
			d := policy.Demands(a, policy.Change{After: paged(t, "> 3%")})
			require.Equal(t, []string{"lead", "own"}, d.Policies)
			require.Equal(t, []string{"analyst", "owner"}, d.Roles())
			require.Equal(t, []string{"lead"}, d.Users())
			met := func(v policy.Vote) bool {
				ok, _ := d.Met([]policy.Vote{v}, []string{"author"}, noon)
				return ok
			}
			require.True(t, met(by("o", "owner")))
			require.True(t, met(by("lead", "analyst")))
			require.False(t, met(by("an", "analyst")), "one of the two does not accept analysts")
			require.False(t, met(by("lead", "viewer")), "one of the two does not name the lead")
			require.Equal(t, "Needs 1 approval by an analyst or an owner who is also an owner or lead.", d.Sentence())
		},
		"N, default 1 plus author = two people": func(t *testing.T) {
			one := policy.Demands([]*policy.Approval{approval(t, "")}, policy.Change{After: paged(t, "> 3%")})
			require.Equal(t, 1, one.Approvals)
			ok, why := one.Met([]policy.Vote{by("author", "owner")}, []string{"author"}, noon)
			require.False(t, ok)
			require.Equal(t, "needs 1 approval; does not count: author wrote a part of it; another person must approve", why)
			ok, why = one.Met([]policy.Vote{by("b", "owner")}, []string{"author"}, noon)
			require.True(t, ok)
			require.Equal(t, "approved by b", why)
			three := policy.Demands([]*policy.Approval{approval(t, "approvals: 3\n")}, policy.Change{After: paged(t, "> 3%")})
			ok, why = three.Met([]policy.Vote{by("b"), by("b"), by("c")}, []string{"author"}, noon)
			require.False(t, ok, "one person counts once")
			require.Equal(t, "needs 1 more approval; approved by b and c", why)
		},
		"never for policies marked regulated; attempt is audited": func(t *testing.T) {
			loose := []*policy.Approval{approval(t, "allow_author: true\n")}
			free := policy.Demands(loose, policy.Change{After: paged(t, "> 3%")})
			ok, _ := free.Met([]policy.Vote{by("author", "owner")}, []string{"author"}, noon)
			require.True(t, ok)
			for name, c := range map[string]policy.Change{
				"as it will be": {Before: paged(t, "> 3%"), After: paged(t, "> 2%", "regulated: true")},
				"as it was":     {Before: paged(t, "> 3%", "regulated: true"), After: paged(t, "> 2%")},
				"removed":       {Before: paged(t, "> 3%", "regulated: true")},
			} {
				d := policy.Demands(loose, c)
				ok, why := d.Met([]policy.Vote{by("author", "owner")}, []string{"author"}, noon)
				require.False(t, ok, name)
				require.Contains(t, why, "nobody approves what they wrote")
				ok, why = d.Counts(by("editor", "owner"), []string{"author", "editor"})
				require.False(t, ok, "everyone who edited is an author")
				require.NotEmpty(t, why, "the audit record of the attempt says why")
			}
			alone := policy.Demands(nil, policy.Change{After: paged(t, "> 3%", "regulated: true")})
			require.Equal(t, 1, alone.Approvals, "regulated asks for a second person even where no Approval does")
			byPolicy := policy.Demands([]*policy.Approval{approval(t, "regulated: true\nname=r"), loose[0]}, policy.Change{After: paged(t, "> 3%")})
			require.True(t, byPolicy.Regulated)
			require.False(t, byPolicy.AllowAuthor)
		},
		"same + scheduled (effective-from) + superseded + emergency": func(t *testing.T) {
			for _, s := range []policy.State{"draft", "tested", "approved", "scheduled", "applied", "rejected", "expired", "superseded", "failed"} {
				require.Contains(t, policy.States(), s)
			}
			at, err := policy.Standing{State: policy.Tested}.Next(policy.EventEmergency)
			require.NoError(t, err)
			require.True(t, at.Emergency)
		},
		"reason required; approve comment optional": func(t *testing.T) {
			// That there is a reason is the keeper's to ask; here a rejection ends the matter however many approve.
			d := policy.Demands([]*policy.Approval{approval(t, "")}, policy.Change{After: paged(t, "> 3%")})
			no := by("c", "owner")
			no.Approves = false
			ok, why := d.Met([]policy.Vote{by("b", "owner"), no}, nil, noon)
			require.False(t, ok)
			require.Equal(t, "c rejected it", why)
			_, err := policy.Next(policy.Approved, policy.EventReject)
			require.NoError(t, err)
		},
		"refuse approval as soon as stale; one click rebases and re-runs the back-test": func(t *testing.T) {
			ref := policy.Ref{Kind: policy.KindKPI, Name: "efile"}
			require.Equal(t, []policy.Ref{ref}, policy.Stale(map[policy.Ref]int{ref: 1}, map[policy.Ref]int{ref: 2}))
			require.True(t, policy.EventRebase.Voids())
			at, err := policy.Next(policy.Approved, policy.EventRebase)
			require.NoError(t, err)
			require.Equal(t, policy.Draft, at)
			c := []policy.Change{{Before: paged(t, "> 3%"), After: paged(t, "> 2%")}}
			require.NotEqual(t, policy.ProposalHash(c, map[policy.Ref]int{ref: 1}), policy.ProposalHash(c, map[policy.Ref]int{ref: 2}), "evidence against the old base is no evidence")
		},
		"only requester; blocked once someone approved (unless stale)": func(t *testing.T) {
			ok, _ := policy.MayCancel("author", "author", nil, false)
			require.True(t, ok)
			ok, why := policy.MayCancel("b", "author", nil, false)
			require.False(t, ok)
			require.Equal(t, "only its author can withdraw it; who may approve can reject it", why)
			ok, why = policy.MayCancel("author", "author", []policy.Vote{by("b")}, false)
			require.False(t, ok)
			require.Equal(t, "b has approved it; ask for a rejection, or make a new proposal", why)
			ok, _ = policy.MayCancel("author", "author", []policy.Vote{by("b")}, true)
			require.True(t, ok)
			ok, _ = policy.MayCancel("author", "author", policy.Void([]policy.Vote{by("b")}), false)
			require.True(t, ok)
		},
		"emergency change: allowed role, reason, auto-expires in 24 h unless approved afterwards, shown red in the review calendar": func(t *testing.T) {
			c := policy.Change{After: paged(t, "> 3%")}
			d := policy.Demands([]*policy.Approval{approval(t, "")}, c)
			require.Equal(t, 24*time.Hour, d.Emergency.Expires)
			require.True(t, d.Emergency.May([]string{"admin"}))
			d = policy.Demands([]*policy.Approval{approval(t, "emergency: {roles: [analyst], expires: 6h}\nname=b"), approval(t, "")}, c)
			require.Equal(t, 6*time.Hour, d.Emergency.Expires)
			require.True(t, d.Emergency.May([]string{"analyst"}))
			require.False(t, d.Emergency.May([]string{"admin"}))
			d = policy.Demands([]*policy.Approval{approval(t, "emergency: never\n")}, c)
			require.False(t, d.Emergency.May([]string{"analyst", "admin"}))
		},
		"diff + back-test old/new + graded incidents + who was told, hash-chained": func(t *testing.T) {
			d := policy.Demands([]*policy.Approval{approval(t, "evidence: required\nfresh_for: 2h\n")}, policy.Change{After: paged(t, "> 3%")})
			ok, why := d.Tested(nil, "h", noon)
			require.False(t, ok)
			require.Equal(t, "it has not been back-tested", why)
			ok, why = d.Tested(&policy.Evidence{Hash: "other", At: noon}, "h", noon)
			require.False(t, ok)
			require.Equal(t, "the back-test is of another text; test it again", why)
			ok, _ = d.Tested(&policy.Evidence{Hash: "h", At: noon}, "h", noon.Add(2*time.Hour))
			require.True(t, ok)
			ok, why = d.Tested(&policy.Evidence{Hash: "h", At: noon}, "h", noon.Add(2*time.Hour+1))
			require.False(t, ok)
			require.Equal(t, "the back-test is older than 2\u2009h; test it again", why)
			require.Equal(t, "Needs 1 approval and a back-test of exactly this, no older than 2\u2009h.", d.Sentence())
		},
		"agents may propose, never approve": func(t *testing.T) {
			d := policy.Demands([]*policy.Approval{approval(t, "")}, policy.Change{After: paged(t, "> 3%")})
			agent := by("bot", "admin")
			agent.By.Agent = true
			for kind, v := range map[string]policy.Vote{"agent": agent, "token": by("t", "owner"), "start": by("s", "admin"), "loopback": by("l", "admin"), "system": by("y", "admin"), "file": by("f", "admin"), "": by("", "admin")} {
				if kind != "agent" {
					v.By.Kind = kind
				}
				ok, why := d.Counts(v, nil)
				require.False(t, ok, kind)
				require.NotEmpty(t, why)
				ok, _ = d.Met([]policy.Vote{v}, nil, noon)
				require.False(t, ok, kind)
			}
		},
	}
	seen := 0
	for _, row := range strings.Split(strings.TrimSpace(string(src)), "\n")[2:] {
		cells := strings.Split(row, "\t")
		require.Len(t, cells, 3)
		fact := cells[2]
		if fact == "same" {
			fact = cells[1]
		}
		test, ok := facts[fact]
		require.True(t, ok, "no test for %q", fact)
		t.Run(cells[0], test)
		seen++
	}
	require.Equal(t, len(facts), seen)
}

// Where nothing matches, a change applies at once: a fresh install for one person.
func TestFallback(t *testing.T) {
	for _, in := range [][]*policy.Approval{nil, {approval(t, "for: {kinds: [Route]}\n")}, {approval(t, "for: {match: ['agency=\"SSA\"']}\n")}, {approval(t, "for: {owners: [other]}\n")}, {approval(t, "for: {outcome: technical}\n")}} {
		d := policy.Demands(in, policy.Change{After: paged(t, "> 3%")})
		require.Zero(t, d.Approvals)
		ok, why := d.Met(nil, []string{"a"}, noon)
		require.True(t, ok)
		require.Equal(t, "no approval is asked for; it applies at once", why)
		require.Equal(t, 14*24*time.Hour, d.Expires)
		require.Equal(t, "Applies at once: no approval is asked for.", d.Sentence())
	}
}

// Of several, the most demanding wins, field by field, in whatever order they stand.
func TestMostDemanding(t *testing.T) {
	a := approval(t, "approvals: 2\nevidence: required\nfresh_for: 12h\nexpires: 30d\nallow_author: true\nname=a")
	b := approval(t, "approvals: 1\nrecent_sign_in: 15m\nexpires: 20d\nroles: [owner]\nemergency: {expires: 1h}\nname=b")
	zero := approval(t, "approvals: 0\nexpires: 60d\nname=zero")
	c := policy.Change{After: paged(t, "> 3%")}
	for _, in := range [][]*policy.Approval{{a, b, zero}, {zero, b, a}, {b, zero, a}} {
		d := policy.Demands(in, c)
		require.Equal(t, 2, d.Approvals)
		require.True(t, d.Evidence)
		require.Equal(t, 12*time.Hour, d.FreshFor)
		require.Equal(t, 15*time.Minute, d.RecentSignIn)
		require.Equal(t, 20*24*time.Hour, d.Expires)
		require.Equal(t, time.Hour, d.Emergency.Expires)
		require.False(t, d.AllowAuthor, "one of them does not allow it")
		require.Equal(t, []string{"owner"}, d.Roles())
	}
	require.True(t, policy.Demands([]*policy.Approval{zero, a}, c).AllowAuthor, "one that asks for no approval has no say in who gives it")
	require.Equal(t, 30*24*time.Hour, policy.Demands([]*policy.Approval{a}, c).Expires, "longer than where none says anything")
	many := policy.DemandsOf([]*policy.Approval{approval(t, "for: {kinds: [Route]}\napprovals: 3\n")}, []policy.Change{c, {After: doc(t, "kind: Route\nname: r\nreceiver: x\n")}})
	require.Equal(t, 3, many.Approvals, "changes that take effect together need what the most guarded one needs")
}

// A change of an Approval passes under the old one, even where it is not about Approvals; and nothing steps out of what guards
// it by changing its labels, owner or outcome in the same breath.
func TestGuards(t *testing.T) {
	strictDoc := doc(t, "kind: Approval\nname: guard\nfor: {kinds: [KPI], outcome: business}\napprovals: 2\n")
	loose := doc(t, "kind: Approval\nname: guard\nfor: {kinds: [KPI], outcome: business}\napprovals: 0\n")
	inForce := []*policy.Approval{strictDoc.Approval}
	require.Equal(t, 2, policy.Demands(inForce, policy.Change{Before: strictDoc, After: loose}).Approvals)
	require.Equal(t, 2, policy.Demands(inForce, policy.Change{Before: strictDoc}).Approvals, "removing it too")
	other := doc(t, "kind: Approval\nname: other\napprovals: 0\n")
	require.Zero(t, policy.Demands(inForce, policy.Change{After: other}).Approvals, "another one can only ask for more")
	both := policy.DemandsOf(inForce, []policy.Change{{Before: strictDoc, After: loose}, {Before: paged(t, "> 3%"), After: paged(t, "> 9%")}})
	require.Equal(t, 2, both.Approvals, "the looser one does not help the KPI that comes with it")
	business := paged(t, "> 3%")
	technical := doc(t, strings.Replace(business.Text, "outcome: business", "outcome: technical", 1))
	require.Equal(t, 2, policy.Demands(inForce, policy.Change{Before: business, After: technical}).Approvals)
	require.Equal(t, 2, policy.Demands(inForce, policy.Change{Before: technical, After: business}).Approvals)
	require.Zero(t, policy.Demands(inForce, policy.Change{Before: technical, After: technical}).Approvals)
}

func TestVotes(t *testing.T) {
	d := policy.Demands([]*policy.Approval{approval(t, "recent_sign_in: 15m\n")}, policy.Change{After: paged(t, "> 3%")})
	met := func(votes ...policy.Vote) (bool, string) { return d.Met(votes, []string{"author"}, noon) }
	old := by("b")
	old.SignedInAt = noon.Add(-16 * time.Minute)
	ok, why := met(old)
	require.False(t, ok)
	require.Equal(t, "needs 1 approval; does not count: b had not signed in within 15\u2009min before approving", why)
	old.SignedInAt = time.Time{}
	ok, _ = met(old)
	require.False(t, ok, "unknown is too long ago")
	ok, why = met(policy.Void([]policy.Vote{by("b")})...)
	require.False(t, ok)
	require.Equal(t, "needs 1 approval; does not count: the proposal changed after b approved it", why)
	again := by("b")
	again.At = noon.Add(-time.Second)
	ok, _ = met(policy.Void([]policy.Vote{by("b")})[0], again)
	require.False(t, ok, "the newest word counts")
	future := by("b")
	future.At = noon.Add(time.Minute)
	ok, _ = met(future)
	require.False(t, ok)
	changedMind := by("b")
	changedMind.Approves, changedMind.At = false, noon.Add(-time.Minute)
	ok, _ = met(changedMind, by("b"))
	require.True(t, ok, "rejected first, approved later")
	bot := by("bot")
	bot.Approves, bot.By.Agent = false, true
	ok, _ = met(by("b"), bot)
	require.True(t, ok, "an agent rejects as little as it approves")
}
