package audit

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// checker follows the chain record by record and stops at the first break.
type checker struct {
	o        VerifyOptions
	complete bool // no record is left out
	anchors  map[int64][]string
	ring     map[string]ed25519.PublicKey // trusted
	report   Report

	seq  int64 // of the last record
	at   int64
	hash sum
	last Digest // the last digest
	born int64  // time of the first record
}

func newChecker(o VerifyOptions, complete bool) *checker {
	c := &checker{o: o, complete: complete, anchors: map[int64][]string{}, ring: map[string]ed25519.PublicKey{}}
	c.report = Report{Complete: complete, KeyGiven: len(o.Keys) > 0, Keys: []string{}, Notes: []string{}}
	for _, a := range o.Anchors {
		c.anchors[a.Seq] = append(c.anchors[a.Seq], a.Hash)
	}
	return c
}

func (c *checker) note(format string, args ...any) {
	c.report.Notes = append(c.report.Notes, fmt.Sprintf(format, args...))
}

// broken is the report with its break.
func (c *checker) broken(b *Break) Report {
	c.report.Good, c.report.Break = false, b
	return c.close()
}

func (c *checker) good() Report {
	c.report.Good = true
	return c.close()
}

func (c *checker) close() Report {
	c.report.LastSeq = c.seq
	if c.seq > 0 {
		c.report.Head = c.hash.String()
	}
	if c.o.Progress != nil {
		c.o.Progress(c.report.Records)
	}
	c.report.From, c.report.To = max(c.report.From, 0), c.last.To
	return c.report
}

// trust takes in the log's keys, the oldest first. A key is trusted if it was given, or if a chain of keys that signed each
// other leads to one that was; if none was given, all are.
func (c *checker) trust(keys []Key) *Break {
	public := make([]ed25519.PublicKey, len(keys))
	for i, k := range keys {
		raw, err := hex.DecodeString(k.PublicKey)
		if err != nil || len(raw) != ed25519.PublicKeySize || Fingerprint(raw) != k.Fingerprint {
			return &Break{Kind: BreakKey, At: k.CreatedAt, What: fmt.Sprintf("the public key %.80q does not have the fingerprint %.80q", k.PublicKey, k.Fingerprint)}
		}
		public[i] = raw
		if i == 0 {
			continue
		}
		before := keys[i-1].Fingerprint
		if k.Endorsed != "" && !signed(public[i-1], acquaintance(k.Fingerprint, before), k.Endorsed) || k.Vouched != "" && !signed(raw, acquaintance(before, k.Fingerprint), k.Vouched) {
			return &Break{Kind: BreakKey, At: k.CreatedAt, What: fmt.Sprintf("the keys %s and %s did not sign each other, though it says so", before, k.Fingerprint)}
		}
	}
	if len(c.o.Keys) == 0 {
		for i, k := range keys {
			c.ring[k.Fingerprint] = public[i]
			if i > 0 && k.Endorsed == "" {
				c.note("The key %s, since %s, is not endorsed by the one before: that one was lost, or somebody replaced it", k.Fingerprint, instant(k.CreatedAt))
			}
		}
		return nil
	}
	for _, k := range c.o.Keys {
		c.ring[Fingerprint(k)] = k
	}
	trusted := func(i int) bool { return c.ring[keys[i].Fingerprint] != nil }
	for i := 1; i < len(keys); i++ {
		if trusted(i-1) && keys[i].Endorsed != "" {
			c.ring[keys[i].Fingerprint] = public[i]
		}
	}
	for i := len(keys) - 1; i > 0; i-- {
		if trusted(i) && keys[i].Vouched != "" {
			c.ring[keys[i-1].Fingerprint] = public[i-1]
		}
	}
	return nil
}

// signed checks a signature in lower-case hexadecimal.
func signed(key ed25519.PublicKey, message []byte, signature string) bool {
	raw, err := hex.DecodeString(signature)
	return err == nil && hex.EncodeToString(raw) == signature && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, message, raw)
}

// signedBy checks the signature of a trusted key.
func (c *checker) signedBy(fingerprint string, message []byte, signature string) (what string) {
	key := c.ring[fingerprint]
	switch {
	case key == nil && c.report.KeyGiven:
		return fmt.Sprintf("it says that the key %.80q signed it, which the key given does not vouch for", fingerprint)
	case key == nil:
		return fmt.Sprintf("it says that the key %.80q signed it, which the log does not have", fingerprint)
	case !signed(key, message, signature):
		return "its signature does not fit: it was changed, or the key did not sign it"
	}
	if !slices.Contains(c.report.Keys, fingerprint) {
		c.report.Keys = append(c.report.Keys, fingerprint)
	}
	return ""
}

func (c *checker) timeOf(body []byte) int64 {
	at, _ := timeOf(body)
	return at
}

// record checks the next record. Nothing in it is believed before it was hashed: in a complete chain a changed record is
// named by its place, whatever it says itself.
func (c *checker) record(prev, hash sum, body []byte) *Break {
	seq, isNumbered := seqOf(body)
	if link(prev, body) != hash {
		named := seq
		if c.complete || !isNumbered {
			named = c.seq + 1
		}
		what := "it is not what was written: its text or its hash was changed"
		if prev != c.hash && link(c.hash, body) == hash {
			what = "its link was changed: it names another record before it than the one that it was written after"
		}
		return &Break{Kind: BreakRecord, Seq: named, At: c.timeOf(body), What: what}
	}
	switch {
	case !isNumbered || seq <= 0:
		return &Break{Kind: BreakRecord, Seq: c.seq + 1, At: c.timeOf(body), What: "it has no number: this is no record of ours"}
	case seq <= c.seq:
		return &Break{Kind: BreakOrder, Seq: seq, At: c.timeOf(body), What: fmt.Sprintf("it stands after record %d: somebody moved or repeated it", c.seq)}
	case c.complete && seq > c.seq+1:
		return c.gap(seq)
	case seq == c.seq+1 && prev != c.hash && (c.complete || c.seq > 0):
		if c.seq == 0 {
			return &Break{Kind: BreakLink, Seq: seq, At: c.timeOf(body), What: "it names a record before it, but is the first: the chain was cut at its start"}
		}
		return &Break{Kind: BreakLink, Seq: c.seq, At: c.at, What: fmt.Sprintf("record %d was written after another one: this one was changed and hashed again", seq)}
	}
	for _, a := range c.anchors[seq] {
		if a != hash.String() {
			return &Break{Kind: BreakAnchor, Seq: seq, At: c.timeOf(body), What: fmt.Sprintf("it is not the one that was anchored with the hash %s: the chain was written anew at this record or before it", a)}
		}
		c.report.Anchors++
	}
	c.advance(seq, hash, body)
	return nil
}

// advance takes a good record in.
func (c *checker) advance(seq int64, hash sum, body []byte) {
	c.seq, c.hash, c.at = seq, hash, c.timeOf(body)
	c.report.Records++
	if c.report.Records == 1 {
		c.born, c.report.FirstSeq = c.at, seq
	}
	if c.o.Progress != nil && c.report.Records%4096 == 0 {
		c.o.Progress(c.report.Records)
	}
}

// gap says that records before seq are missing.
func (c *checker) gap(seq int64) *Break {
	b := &Break{Kind: BreakMissing, Seq: c.seq + 1, At: c.at, What: fmt.Sprintf("it is missing: record %d follows on %d", seq, c.seq)}
	if seq-c.seq > 2 {
		b.To = seq - 1
		b.What = fmt.Sprintf("records %d to %d are missing: record %d follows on %d", c.seq+1, seq-1, seq, c.seq)
	}
	if c.seq == 0 {
		b.What = fmt.Sprintf("the chain begins with record %d: the ones before are missing", seq)
	}
	return b
}

// digest checks the next digest, which stands after the last record that it covers.
func (c *checker) digest(body []byte, signature string) *Break {
	next := c.last.Number + 1
	d, err := decodeDigest(body, signature)
	if err != nil {
		return &Break{Kind: BreakSignature, Digest: next, At: c.last.To, What: "it cannot be read: it was changed"}
	}
	broken := func(kind, format string, args ...any) *Break {
		return &Break{Kind: kind, Digest: d.Number, At: d.From, What: fmt.Sprintf(format, args...)}
	}
	if what := c.signedBy(d.Key, digestMessage(&d, sum(sha256.Sum256(body))), signature); what != "" {
		b := broken(BreakSignature, "%s", what)
		b.Digest = next
		return b
	}
	switch {
	case d.Number > next && c.last.Number == 0:
		return broken(BreakHour, "it is the first one there is: the digests of the hours before %s are missing", instant(d.From))
	case d.Number > next:
		return broken(BreakHour, "the digests of the hours from %s to %s are missing", instant(c.last.To), instant(d.From))
	case d.Number < next:
		return broken(BreakOrder, "it stands after digest %d: somebody moved or repeated it", c.last.Number)
	case d.Previous != c.last.Hash || d.PreviousSignature != c.last.Signature:
		return broken(BreakDigest, "it was written after another digest %d than the one that is here", c.last.Number)
	case c.last.Number > 0 && d.From > c.last.To:
		return broken(BreakHour, "the hours from %s to %s have no digest", instant(c.last.To), instant(d.From))
	case c.last.Number > 0 && d.From < c.last.To && !d.ClockBack:
		return broken(BreakHour, "its hour begins before %s, where the one before ended, and it does not say that the clock was set back", instant(c.last.To))
	case d.To != d.From+hour || d.FirstSeq != c.last.LastSeq+1 || d.Count != d.LastSeq-d.FirstSeq+1 || d.Count < 0:
		return broken(BreakDigest, "its hour or its records do not follow on those of the digest before")
	case d.LastSeq > c.seq:
		return &Break{Kind: BreakTail, Seq: c.seq + 1, To: d.LastSeq, At: c.at, Digest: d.Number,
			What: fmt.Sprintf("the records from %d to %d are missing: the digest of the hour from %s signed them", c.seq+1, d.LastSeq, instant(d.From))}
	case d.LastSeq < c.seq:
		return broken(BreakOrder, "it ends with record %d, but stands after record %d", d.LastSeq, c.seq)
	case d.Head != c.hash.String():
		b := broken(BreakDigest, "one of the records %d to %d is not what the digest signed: it was changed, and the chain was hashed again", d.FirstSeq, d.LastSeq)
		b.Seq, b.To = d.FirstSeq, d.LastSeq
		return b
	}
	if c.report.Digests == 0 {
		c.report.From = d.From
	}
	c.report.Digests++
	c.report.SignedSeq = d.LastSeq
	if d.Count == 0 {
		c.report.EmptyDigests++
	}
	if d.Late {
		c.report.LateDigests++
	}
	if d.ClockBack {
		c.report.ClockBacks++
	}
	c.last = d
	return nil
}

// newestHour says whether the newest digests are missing, seen from now (Unix ms); 0 asks nothing.
func (c *checker) newestHour(now int64) *Break {
	if now == 0 || !c.complete {
		return nil
	}
	due := now - lateAfter
	due -= due % hour
	have := c.last.To
	if c.last.Number == 0 {
		if c.seq == 0 {
			return nil
		}
		have = c.born - c.born%hour
	}
	if have >= due {
		return nil
	}
	return &Break{Kind: BreakHour, At: have, Digest: c.last.Number + 1, What: fmt.Sprintf("the hours from %s to %s have no digest: they were removed, or nobody wrote them", instant(have), instant(due))}
}

// tail says whether records that were anchored are missing at the end.
func (c *checker) tail() *Break {
	if !c.complete {
		return nil
	}
	first := int64(0)
	for seq := range c.anchors {
		if seq > c.seq && (first == 0 || seq < first) {
			first = seq
		}
	}
	if first == 0 {
		return nil
	}
	return &Break{Kind: BreakTail, Seq: c.seq + 1, To: first, At: c.at, What: fmt.Sprintf("the tail was cut: record %d was anchored outside, but the chain ends with record %d", first, c.seq)}
}
