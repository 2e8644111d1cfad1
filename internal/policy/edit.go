package policy

import (
	"bytes"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Replace returns a file with the text of one policy changed and every other byte as it was. The new text must hold that
// policy and no other; its line ends become the file's. A text that is the old one but for line ends changes nothing.
func Replace(file []byte, ref Ref, text string) ([]byte, error) {
	at, err := find(file, ref)
	if err != nil {
		return nil, err
	}
	if err := holdsOnly(text, ref); err != nil {
		return nil, err
	}
	old := file[at.Start:at.End]
	if unix(string(old)) == unix(text) {
		return bytes.Clone(file), nil
	}
	text = unix(text)
	if m := markerOf(unix(string(old))); m != "" && markerOf(text) == "" {
		text = m + "\n" + text
	}
	if at.End < len(file) && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return splice(file, at.Start, at.End, lineEnds(text, dos(old))), nil
}

// Append returns a file with one more policy at its end.
func Append(file []byte, ref Ref, text string) ([]byte, error) {
	if _, err := find(file, ref); err == nil {
		return nil, fault.New(fault.Conflict, "the file holds %s already", ref)
	}
	if err := holdsOnly(text, ref); err != nil {
		return nil, err
	}
	text = unix(text)
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	content := bytes.TrimPrefix(file, []byte("\ufeff"))
	if len(bytes.TrimSpace(content)) > 0 {
		if markerOf(text) == "" {
			text = "---\n" + text
		}
		if !bytes.HasSuffix(file, []byte("\n")) {
			text = "\n" + text
		}
	}
	return splice(file, len(file), len(file), lineEnds(text, dos(file))), nil
}

// Remove returns a file without one policy and its comments, and every other byte as it was.
func Remove(file []byte, ref Ref) ([]byte, error) {
	at, err := find(file, ref)
	if err != nil {
		return nil, err
	}
	return splice(file, at.Start, at.End, ""), nil
}

// find returns the only section of a file that holds a policy.
func find(file []byte, ref Ref) (strict.Section, error) {
	sections, _ := strict.Sections("", file)
	found := -1
	for i, s := range sections {
		if s.Root == nil || refOf(s.Root) != ref {
			continue
		}
		if found >= 0 {
			return strict.Section{}, fault.New(fault.Conflict, "the file holds %s twice", ref).Hint("Remove one of them first.")
		}
		found = i
	}
	if found < 0 {
		return strict.Section{}, fault.New(fault.NotFound, "the file does not hold %s", ref)
	}
	return sections[found], nil
}

func refOf(root *strict.Value) Ref {
	text := func(key string) string {
		if v := root.Get(key); v != nil && v.Form == strict.Scalar {
			return v.Text
		}
		return ""
	}
	return Ref{Kind(text("kind")), text("name")}
}

// holdsOnly refuses a text that is not exactly one document, that of ref.
func holdsOnly(text string, ref Ref) error {
	sections, findings := strict.Sections(ref.String(), []byte(text))
	if len(findings) > 0 {
		return fault.New(fault.Invalid, "the new text of %s cannot be read: %s", ref, findings[0])
	}
	if strings.HasPrefix(text, "\ufeff") {
		return fault.New(fault.Invalid, "the new text of %s begins with a byte order mark", ref).Hint("Save it as UTF-8 without one.")
	}
	if len(sections) != 1 || sections[0].Root == nil {
		return fault.New(fault.Invalid, "the new text of %s is not one document", ref).Hint("Write one document, with --- at most before it.")
	}
	if has := refOf(sections[0].Root); has != ref {
		return fault.New(fault.Invalid, "the new text is of %s and not of %s", has, ref).Hint("A policy keeps its kind and name; to rename it, remove one and add the other.")
	}
	return nil
}

func splice(file []byte, start, end int, text string) []byte {
	out := make([]byte, 0, len(file)-(end-start)+len(text))
	return append(append(append(out, file[:start]...), text...), file[end:]...)
}

func unix(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

func lineEnds(text string, dos bool) string {
	if dos {
		return strings.ReplaceAll(text, "\n", "\r\n")
	}
	return text
}

// dos reports whether most lines end as they do on Windows.
func dos(text []byte) bool {
	return 2*bytes.Count(text, []byte("\r\n")) > bytes.Count(text, []byte("\n"))
}

// markerOf is the marker with which a text begins, or empty.
func markerOf(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	for _, m := range []string{"---", "..."} {
		if rest, ok := strings.CutPrefix(line, m); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
			return m
		}
	}
	return ""
}
