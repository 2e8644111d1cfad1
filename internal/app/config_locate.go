package app

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

var (
	quotedWords = regexp.MustCompile(`"([^"]+)"`)
	keyWords    = regexp.MustCompile(`[a-z]+(?:_[a-z]+)+`)
)

// locate finds the place of an error that came without one: the value that the other reader refuses, the text that the
// error repeats, the key that it names, or the block's own key.
func (b *block) locate(text string) (line, column int) {
	if strings.Contains(text, "error parsing regexp") {
		if v := b.find(func(key, value string) bool {
			_, err := regexp.Compile("^(?s:" + value + ")$")
			return key == "regex" && err != nil
		}); v != nil {
			return v.Line, v.Column
		}
	}
	if strings.Contains(text, "URL") {
		if v := b.find(func(key, value string) bool {
			u, err := url.Parse(value)
			return strings.HasSuffix(key, "url") && (err != nil || (u.Scheme != "http" && u.Scheme != "https"))
		}); v != nil {
			return v.Line, v.Column
		}
	}
	var words []string
	for _, w := range quotedWords.FindAllStringSubmatch(text, -1) {
		words = append(words, w[1])
	}
	if i := strings.LastIndex(text, ": "); i >= 0 && len(text)-i > 4 {
		words = append(words, text[i+2:])
	}
	words = append(words, keyWords.FindAllString(text, -1)...)
	for _, w := range words {
		// The last mention: what stands twice stands there the second time.
		if last := b.find(func(_, value string) bool { return value == w }); last != nil {
			return last.Line, last.Column
		}
		for n := len(b.lines); n > 0; n-- {
			if strings.HasPrefix(strings.TrimSpace(b.lines[n-1]), "#") {
				continue
			}
			if i := strings.Index(b.lines[n-1], w); i >= 0 {
				return n, len([]rune(b.lines[n-1][:i])) + 1
			}
		}
	}
	for _, key := range b.keys {
		if b.l.root.Has(key) {
			at := b.l.root.Key(key)
			return at.Line, at.Column
		}
	}
	return 0, 0
}

// find returns the last scalar of the block's keys that pick accepts.
func (b *block) find(pick func(key, value string) bool) *strict.Value {
	var found *strict.Value
	var walk func(key string, v *strict.Value)
	walk = func(key string, v *strict.Value) {
		if v.Form == strict.Scalar && pick(key, v.Text) {
			found = v
		}
		for _, item := range v.Items {
			walk(key, item)
		}
		for _, p := range v.Keys {
			walk(p.Key.Text, p.Value)
		}
	}
	for _, p := range b.l.root.Keys {
		if slices.Contains(b.keys, p.Key.Text) {
			walk(p.Key.Text, p.Value)
		}
	}
	return found
}

// wayOut adds to the other reader's words what would be accepted, for what people do most.
func (b *block) wayOut(text string) string {
	for _, w := range []struct{ has, add string }{
		{"no routes provided", "; want route: {receiver: oncall} with a receiver of that name"},
		{"no route provided", "; want route: {receiver: oncall} with a receiver of that name"},
		{"no global SMTP smarthost set", "; want smtp_smarthost: mail.irs.example:25 in alerting.global"},
		{"no global SMTP from set", "; want smtp_from: signalbox@irs.example in alerting.global"},
		{"is not a valid hostname", "; want host:port, without http:// and path: those are the job's keys scheme and metrics_path"},
		{"not a valid duration string", "; want a duration such as 5s, 1m or 1h"},
		{"unknown unit", "; want a duration such as 5s, 1m or 1h"},
		{"bad matcher format", `; want a matcher such as severity="page"`},
		{"unsupported scheme", "; want an address that begins with https:// or http://"},
		{"job_name is empty", "; each entry of scrape_configs needs one, such as job_name: efile"},
		{"scrape timeout greater than scrape interval", "; want a scrape_timeout of at most the scrape_interval"},
		{"alertmanagers: unknown key", "; Signalbox delivers by itself: alerting takes Alertmanager's own route and receivers, not Prometheus' list of Alertmanagers"},
	} {
		if strings.Contains(text, w.has) && !strings.Contains(text, "; ") {
			return text + w.add
		}
	}
	return text
}
