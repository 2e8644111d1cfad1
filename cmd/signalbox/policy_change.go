package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/govern"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// maxPolicyFile bounds what is read of one file to be sent.
const maxPolicyFile = 8 << 20

// readTexts reads files to be checked or proposed; - is standard input.
func readTexts(w *world, files []string) ([]govern.Text, error) {
	var out []govern.Text
	for _, file := range files {
		var in io.Reader = w.in
		if file != "-" {
			f, err := os.Open(file)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			in = f
		}
		b, err := io.ReadAll(io.LimitReader(in, maxPolicyFile+1))
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		if len(b) > maxPolicyFile {
			return nil, fmt.Errorf("%s has more than %d bytes", file, maxPolicyFile)
		}
		out = append(out, govern.Text{Text: string(b)})
	}
	return out, nil
}

type policyCheckCmd struct {
	personal
	output
	Files []string `arg:"" help:"Files with policy documents, - for standard input."`
}

// Run prints findings, what would change, and who would have to approve.
func (c *policyCheckCmd) Run(w *world) error {
	defer c.leave(w)
	v, err := c.check(w, c.Files)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		if err := c.print(w, nil, v); err != nil {
			return err
		}
	} else {
		for _, f := range v.Findings {
			fmt.Fprintln(w.out, f)
		}
		for _, x := range v.Changes {
			printChange(w, x)
		}
		if len(v.Changes) > 0 {
			fmt.Fprintln(w.out, v.Need.Sentence)
		} else if len(v.Findings) == 0 {
			fmt.Fprintln(w.out, "nothing would change")
		}
	}
	if strict.Failed(v.Findings) {
		return errFindings
	}
	return nil
}

// check asks what files would be; findings carry the files' names.
func (c *personal) check(w *world, files []string) (govern.Checked, error) {
	var v govern.Checked
	texts, err := readTexts(w, files)
	if err != nil {
		return v, err
	}
	err = c.ask(w, http.MethodPost, own("/policies/check"), map[string]any{"documents": texts}, &v)
	for i, f := range v.Findings {
		for n, file := range files {
			if f.File == fmt.Sprintf("document %d", n+1) || f.File == "" && len(files) == 1 {
				v.Findings[i].File = file
			}
		}
	}
	return v, err
}

func printChange(w *world, x govern.Change) {
	fmt.Fprintf(w.out, "%s %s/%s\n", x.Action, x.Kind, x.Name)
	for _, s := range x.Sentences {
		fmt.Fprintln(w.out, "  "+s)
	}
}

func printDiff(w *world, lines []govern.DiffLine) {
	for _, l := range lines {
		sign, code := map[string]string{"add": "+", "remove": "-", "gap": "~"}[l.Kind], map[string]string{"add": "32", "remove": "31", "gap": "90"}[l.Kind]
		if sign == "" {
			sign = " "
		}
		text := sign + " " + strings.TrimRight(l.Text, "\r\n")
		if w.colour && code != "" {
			text = "\x1b[" + code + "m" + text + "\x1b[0m"
		}
		fmt.Fprintln(w.out, text)
	}
}

type policyDiffCmd struct {
	personal
	What string `arg:"" help:"KIND/NAME to compare two revisions, or a file to compare with what is in force."`
	From int    `help:"Older revision; the one before --to unless given." placeholder:"N"`
	To   int    `help:"Newer revision; the newest unless given." placeholder:"N"`
}

// Run prints a diff and what it means.
func (c *policyDiffCmd) Run(w *world) error {
	defer c.leave(w)
	if _, err := os.Stat(c.What); err == nil || c.What == "-" {
		v, err := c.check(w, []string{c.What})
		if err != nil {
			return err
		}
		for _, f := range v.Findings {
			fmt.Fprintln(w.err, f)
		}
		for _, x := range v.Changes {
			printChange(w, x)
			printDiff(w, x.Diff)
		}
		if strict.Failed(v.Findings) {
			return errFindings
		}
		return nil
	}
	rs, err := c.revisions(w, c.What)
	if err != nil {
		return err
	}
	text := func(n int) (string, error) {
		for _, r := range rs {
			if r.Number == n {
				return r.Text, nil
			}
		}
		return "", fmt.Errorf("%s has no revision %d", c.What, n)
	}
	if c.To == 0 && len(rs) > 0 {
		c.To = rs[0].Number
	}
	newer, err := text(c.To)
	if err != nil {
		return err
	}
	older := ""
	if c.From != 0 || c.To > 1 {
		if c.From == 0 {
			c.From = c.To - 1
		}
		if older, err = text(c.From); err != nil {
			return err
		}
	}
	var lines []govern.DiffLine
	for _, l := range policy.Diff(older, newer) {
		lines = append(lines, govern.DiffLine{Kind: string(l.Kind), OldLine: l.OldLine, NewLine: l.NewLine, Text: l.Text})
	}
	fmt.Fprintf(w.out, "%s, revision %d to %d\n", c.What, c.From, c.To)
	printDiff(w, lines)
	return nil
}

type policyProposeCmd struct {
	personal
	output
	Files     []string  `arg:"" optional:"" help:"Files with policy documents, - for standard input. Documents that are in force already are left out."`
	Remove    []string  `help:"Policies to remove, as KIND/NAME." placeholder:"KIND/NAME"`
	Reason    string    `help:"Why; it is kept with the change for good." required:""`
	Title     string    `help:"A few words; made from the documents unless given."`
	From      time.Time `help:"When it shall hold from, such as 2026-04-15T00:00:00Z; at the next period boundary unless given." format:"2006-01-02T15:04:05Z07:00"`
	Emergency bool      `help:"Apply now, to be approved within 24 h (a person with the right to: --login)."`
	Feedback  []int64   `help:"Numbers of feedback that it answers." placeholder:"N"`
}

// Run proposes.
func (c *policyProposeCmd) Run(w *world) error {
	defer c.leave(w)
	if len(c.Files)+len(c.Remove) == 0 {
		return usage("name files to propose, or policies to --remove")
	}
	texts, err := readTexts(w, c.Files)
	if err != nil {
		return err
	}
	for _, r := range c.Remove {
		ref, _, err := pathOf(r)
		if err != nil {
			return err
		}
		texts = append(texts, govern.Text{Remove: ref.String()})
	}
	d := govern.Draft{Title: c.Title, Reason: c.Reason, Documents: texts, Emergency: c.Emergency, Feedback: c.Feedback}
	if !c.From.IsZero() {
		d.EffectiveFrom = c.From.UnixMilli()
	}
	return c.proposal(w, c.output, http.MethodPost, "/proposals", d)
}
