package app

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// block is the part of the file that another program's own reader gets: the file's lines with all others blanked, so that
// the line numbers of its errors are those of the file.
type block struct {
	l     *loader
	keys  []string // top-level keys in it
	lines []string
}

// block cuts out top-level keys with their values. With inner set, the key itself is blanked and its value becomes the
// whole document.
func (l *loader) block(inner bool, keys ...string) *block {
	b := &block{l: l, keys: keys, lines: make([]string, len(l.lines))}
	for i, p := range l.root.Keys {
		if !slices.Contains(keys, p.Key.Text) {
			continue
		}
		end := len(l.lines)
		if i+1 < len(l.root.Keys) {
			end = l.root.Keys[i+1].Key.Line - 1
		}
		for n := p.Key.Line - 1; n < end; n++ {
			b.lines[n] = l.lines[n]
			if marker := strings.TrimRight(l.lines[n], " \t"); marker == "---" || marker == "..." {
				b.lines[n] = ""
			}
		}
		if inner {
			first := p.Key.Line - 1
			colon := strings.IndexByte(b.lines[first], ':') + 1
			b.lines[first] = strings.Repeat(" ", colon) + b.lines[first][colon:]
		}
		b.secrets(p.Value, secretKeys())
	}
	return b
}

func (b *block) text() string { return strings.Join(b.lines, "\n") }

// secrets replaces ${NAME} in the values of secret keys and warns where it stands elsewhere.
func (b *block) secrets(v *strict.Value, secret map[string]bool) {
	// From the end, so that places on a line stay right while values before them change their length.
	for _, item := range slices.Backward(v.Items) {
		b.secrets(item, secret)
	}
	for _, p := range slices.Backward(v.Keys) {
		b.secrets(p.Value, secret)
	}
	if v.Form != strict.Scalar || !variable.MatchString(v.Text) {
		return
	}
	path := strings.Split(indexes.ReplaceAllString(v.Path, ""), ".")
	key := path[len(path)-1]
	if !secret[key] {
		if key != "replacement" && key != "regex" && !slices.Contains(path, "external_labels") {
			b.l.report.Warnf(v, "%q stays as it is: environment variables are read in secret values only", variable.FindString(v.Text))
		}
		return
	}
	value, ok := b.l.expand(v)
	if !ok {
		return
	}
	if !v.Exact() {
		b.l.report.Errorf(v, "write the value with %s on one line, without escapes", variable.FindString(v.Text))
		return
	}
	line := []rune(b.lines[v.Line-1])
	width := len([]rune(v.Text))
	if v.Quoted() {
		width += 2
	}
	quoted, err := json.Marshal(value) // a JSON string is a YAML string
	if err != nil {
		b.l.report.Errorf(v, "the value of %s is no text", variable.FindString(v.Text))
		return
	}
	b.lines[v.Line-1] = string(line[:v.Column-1]) + string(quoted) + string(line[v.Column-1+width:])
}

var (
	indexes    = regexp.MustCompile(`\[[0-9]+\]`)
	yamlPlace  = regexp.MustCompile(`^\s*(?:yaml: )?(?:unmarshal errors:\s*)?line ([0-9]+): (.*)$`)
	unknownKey = regexp.MustCompile(`^(?:field (\S+) not found in (?:type|struct) \S+|unknown key "([^"]+)")`)
	doubleKey  = regexp.MustCompile(`^(?:key "?([^"\s]+)"? already set in map|field (\S+) already set in type \S+|the key "([^"]+)" stands twice)`)
	wrongType  = regexp.MustCompile("^cannot unmarshal !!(\\w+)(?: (`.*`))? into (\\S+)$")
)

// report turns an error of the other reader into findings: its lines as they are, its words where ours are not better.
func (b *block) report(err error, known []string) {
	text := b.hide(err.Error())
	placed := false
	for line := range strings.SplitSeq(text, "\n") {
		m := yamlPlace.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		placed = true
		n, _ := strconv.Atoi(m[1]) // digits
		b.add(n, m[2], known)
	}
	if placed {
		return
	}
	text = strings.TrimPrefix(text, "yaml: ")
	line, column := b.locate(text)
	b.finding(line, column, b.wayOut(text))
}

func (b *block) add(line int, msg string, known []string) {
	column := 1
	if line >= 1 && line <= len(b.lines) {
		l := b.lines[line-1]
		column = len([]rune(l)) - len([]rune(strings.TrimLeft(l, " -\t"))) + 1
	}
	if m := unknownKey.FindStringSubmatch(msg); m != nil {
		key := m[1] + m[2]
		msg = key + ": unknown key"
		if near := strict.Nearest(key, known); near != "" && near != key {
			msg += "; did you mean " + strconv.Quote(near) + "?"
		} else if near == key {
			msg += " in this place"
		}
		column = b.column(line, key, column)
	} else if m := doubleKey.FindStringSubmatch(msg); m != nil {
		key := m[1] + m[2] + m[3]
		msg = key + ": the key stands twice; keep one"
		column = b.column(line, key, column)
	} else if m := wrongType.FindStringSubmatch(msg); m != nil {
		found := map[string]string{"str": "text", "seq": "a list", "map": "a map", "int": "a number", "bool": "true or false", "float": "a number"}[m[1]]
		msg = strings.TrimSpace(found+" "+m[2]) + " stands here; want " + goWord(m[3])
	}
	b.finding(line, column, b.wayOut(msg))
}

// goWord says in words what a Go type accepts.
func goWord(t string) string {
	switch {
	case strings.HasPrefix(t, "[]"):
		return "a list"
	case t == "string":
		return "text"
	case t == "bool":
		return "true or false"
	case strings.HasPrefix(t, "int"), strings.HasPrefix(t, "uint"), strings.HasPrefix(t, "float"):
		return "a number"
	default:
		return "a map"
	}
}

func (b *block) column(line int, key string, fallback int) int {
	if line >= 1 && line <= len(b.lines) {
		if i := strings.Index(b.lines[line-1], key+":"); i >= 0 {
			return len([]rune(b.lines[line-1][:i])) + 1
		}
	}
	return fallback
}

func (b *block) finding(line, column int, msg string) {
	key := b.keyAt(line)
	if key != "" {
		msg = key + ": " + msg
	}
	b.l.report.Add(policy.Finding{File: b.l.root.File, Line: line, Column: column, Key: key, Message: b.hide(msg), Severity: strict.Error})
}

// keyAt is the top-level key that a line belongs to.
func (b *block) keyAt(line int) string {
	key := ""
	for _, p := range b.l.root.Keys {
		if p.Key.Line <= line {
			key = p.Key.Text
		}
	}
	return key
}

// hide takes expanded secrets out of a message.
func (b *block) hide(msg string) string {
	for value, ref := range b.l.hidden {
		msg = strings.ReplaceAll(msg, value, ref)
	}
	return msg
}
