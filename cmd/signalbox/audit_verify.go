package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
)

type auditVerifyCmd struct {
	output
	Server string   `help:"Address of the running signalbox." default:"http://127.0.0.1:9700" env:"SIGNALBOX_SERVER" placeholder:"URL"`
	Token  string   `help:"Bearer token; without it the admin.token of the data directory is read." env:"SIGNALBOX_ADMIN_TOKEN" placeholder:"TOKEN"`
	Data   string   `help:"Verify the log in this data directory, without a server; nothing is changed there." placeholder:"DIR"`
	File   string   `arg:"" optional:"" help:"An exported file, plain or .gz, or - for standard input; verified without a server."`
	Key    string   `help:"File with the public key that is trusted, or its 64 hexadecimal digits; without it the log's own keys are believed." placeholder:"PUB"`
	Anchor []string `help:"A record that was anchored outside; may be repeated." placeholder:"SEQ:HASH"`
}

// Help says where the log may be.
func (*auditVerifyCmd) Help() string {
	return "With FILE, the file; with --data, the database of a data directory; with neither, the running server verifies its own log.\n\nExit code 0: everything is as it was written. 1: a record is not, and is named."
}

// Run verifies and prints what was found.
func (c *auditVerifyCmd) Run(w *world) error {
	if c.File != "" && c.Data != "" {
		return usage("a file and --data: want one of them")
	}
	o, err := readAuditKey(c.Key)
	if err != nil {
		return err
	}
	for _, text := range c.Anchor {
		a, err := audit.ParseAnchor(text)
		if err != nil {
			return usage("--%v", err)
		}
		o.Anchors = append(o.Anchors, a)
	}
	var r audit.Report
	switch {
	case c.File != "":
		r, err = c.file(w, o)
	case c.Data != "":
		o.Indexes = true
		r, err = c.watched(w, o, func(o audit.VerifyOptions) (audit.Report, error) { return audit.VerifyData(w.ctx, c.Data, o) })
	case c.Key != "":
		return usage("--key is for a file or --data; the running server verifies with its own keys")
	default:
		r, err = c.ask(w, o)
	}
	if err != nil {
		return err
	}
	if c.Output == "json" {
		err = c.print(w, nil, r)
	} else {
		printReport(w, r)
	}
	if err == nil && !r.Good {
		return errFindings
	}
	return err
}

// file verifies an exported file.
func (c *auditVerifyCmd) file(w *world, o audit.VerifyOptions) (audit.Report, error) {
	in := w.in
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return audit.Report{}, usage("%v", err)
		}
		defer f.Close()
		in = f
	}
	return c.watched(w, o, func(o audit.VerifyOptions) (audit.Report, error) { return audit.VerifyFile(w.ctx, in, o) })
}

// watched shows on a terminal how far the work is.
func (c *auditVerifyCmd) watched(w *world, o audit.VerifyOptions, verify func(audit.VerifyOptions) (audit.Report, error)) (audit.Report, error) {
	p, ok := w.err.(plain)
	if !ok {
		return verify(o)
	}
	f, ok := p.to.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return verify(o)
	}
	shown := int64(0)
	o.Progress = func(n int64) {
		if n-shown >= 100_000 {
			shown = n
			fmt.Fprintf(f, "\r%s", plural(int(n), "record"))
		}
	}
	r, err := verify(o)
	if shown > 0 {
		fmt.Fprint(f, "\r\x1b[K")
	}
	return r, err
}

// ask has the server verify, and looks the anchors up in what it verified.
func (c *auditVerifyCmd) ask(w *world, o audit.VerifyOptions) (audit.Report, error) {
	server := connection{Server: c.Server, Token: c.Token, Data: "./signalbox-data"}
	for _, e := range w.env {
		if dir, ok := strings.CutPrefix(e, "SIGNALBOX_DATA="); ok && dir != "" {
			server.Data = dir
		}
	}
	resp, err := server.stream(w, own("/audit/verify"), "application/json") // no limit of time: a long log takes long
	if err != nil {
		return audit.Report{}, err
	}
	var r audit.Report
	if err := decodeAnswer(resp, &r); err != nil || !r.Good {
		return r, err
	}
	for _, a := range o.Anchors {
		if a.Seq > r.LastSeq {
			r.Good, r.Break = false, &audit.Break{Kind: audit.BreakTail, Seq: r.LastSeq + 1, To: a.Seq,
				What: fmt.Sprintf("the tail was cut: record %d was anchored outside, but the chain ends with record %d", a.Seq, r.LastSeq)}
			return r, nil
		}
		var page struct {
			Records []audit.Record `json:"records"`
		}
		if err := server.call(w, http.MethodGet, own("/audit?limit=1&before="+strconv.FormatInt(a.Seq+1, 10)), nil, &page); err != nil {
			return r, err
		}
		if i := slices.IndexFunc(page.Records, func(x audit.Record) bool { return x.Seq == a.Seq }); a.Seq > 0 && (i < 0 || page.Records[i].Hash != a.Hash) {
			r.Good, r.Break = false, &audit.Break{Kind: audit.BreakAnchor, Seq: a.Seq,
				What: fmt.Sprintf("it is not the one that was anchored with the hash %s: the chain was written anew at this record or before it", a.Hash)}
			return r, nil
		}
		r.Anchors++
	}
	return r, nil
}

// printReport prints a report for people.
func printReport(w *world, r audit.Report) {
	if r.Break != nil {
		fmt.Fprintf(w.out, "%s %s\n", light(w, "red", "BROKEN:"), r.Break)
	} else {
		fmt.Fprintln(w.out, light(w, "green", "Every record is as it was written."))
	}
	t := table{{"Records", fmt.Sprintf("%d, from %d to %d", r.Records, r.FirstSeq, r.LastSeq)}}
	if r.Records == 0 {
		t = table{{"Records", "0"}}
	}
	if r.LastSeq > 0 {
		t = append(t, []string{"Head", fmt.Sprintf("%d:%s", r.LastSeq, r.Head)}, []string{"Signed", fmt.Sprintf("up to record %d", r.SignedSeq)})
	}
	if r.Digests > 0 {
		hours := fmt.Sprintf("%d, of the hours from %s to %s; %d empty, %d written late", r.Digests, when(r.From), when(r.To), r.EmptyDigests, r.LateDigests)
		if r.ClockBacks > 0 {
			hours += fmt.Sprintf(", %d after the clock was set back", r.ClockBacks)
		}
		t = append(t, []string{"Digests", hours})
	}
	if r.Anchors > 0 {
		t = append(t, []string{"Anchors", fmt.Sprintf("%d found", r.Anchors)})
	}
	believed := "believed, not given: compare with what `signalbox audit key` printed earlier, or give --key"
	if r.KeyGiven {
		believed = "given with --key, or signed by it"
	}
	for _, k := range r.Keys {
		t = append(t, []string{"Key", k + " (" + believed + ")"})
	}
	for _, n := range r.Notes {
		t = append(t, []string{"Note", n})
	}
	printTable(w.out, t)
}

// decodeAnswer reads a JSON answer.
func decodeAnswer(resp *http.Response, into any) error {
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fault.New(fault.Invalid, "the server answered something else than JSON: %w", err)
	}
	return nil
}
