package strict

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of what is read: beyond them a file is refused, because the parser's time grows with the square of the nesting.
const (
	MaxFile     = 64 << 20 // bytes
	MaxDocument = 4 << 20  // bytes
	MaxLine     = 64 << 10 // bytes
	MaxNesting  = 200      // open brackets, or list markers on one line
)

// Parse reads all documents of a file. Findings are errors of syntax; a document with one is left out, the others are
// returned. Documents without content are left out.
func Parse(file string, src []byte) ([]*Value, []Finding) {
	var docs []*Value
	sections, findings := Sections(file, src)
	for _, s := range sections {
		if s.Root != nil {
			docs = append(docs, s.Root)
		}
	}
	return docs, findings
}

// Section is one document's own part of a file: from its marker (--- or ...) to the next one. The sections of a file follow
// each other without a gap; only a byte order mark before the first belongs to none.
type Section struct {
	Start, End int    // bytes of the file as it was given
	Root       *Value // nil if it holds nothing but comments, or cannot be read
	Broken     bool   // it cannot be read; the finding says why
	line       int    // lines before it
}

// Sections cuts a file into its documents and reads them. Findings are errors of syntax.
func Sections(file string, src []byte) ([]Section, []Finding) {
	if len(src) > MaxFile {
		return nil, []Finding{{File: file, Line: 1, Column: 1, Severity: Error, Message: fmt.Sprintf("the file has %d bytes, at most %d are read; split it", len(src), MaxFile)}}
	}
	sections := split(src)
	var findings []Finding
	for i := range sections {
		s := &sections[i]
		v, err := parsePart(file, part{s.line, plainText(src[s.Start:s.End])})
		if err != nil {
			findings, s.Broken = append(findings, *err), true
		}
		s.Root = v
	}
	return sections, findings
}

type part struct {
	line int // lines before it
	text string
}

// plainText is a section as the parser wants it. What follows the marker on its line belongs to the document; blanks in the
// marker's place keep its column.
func plainText(section []byte) string {
	text := strings.ReplaceAll(string(section), "\r\n", "\n")
	if isMarker(text) {
		text = "   " + text[3:]
	}
	return text
}

// split cuts a file at its document markers, which YAML allows at the start of a line only, even inside scalars. Each
// document is parsed alone, so that a broken one does not hide what is wrong in the others.
func split(src []byte) []Section {
	start := 0
	if bytes.HasPrefix(src, []byte("\ufeff")) {
		start = len("\ufeff")
	}
	sections := []Section{{Start: start, End: len(src)}}
	line := 0
	for at := start; at < len(src); line++ {
		end := at + bytes.IndexByte(src[at:], '\n') + 1
		if end == at {
			end = len(src)
		}
		if last := &sections[len(sections)-1]; at > last.Start && (src[at] == '-' || src[at] == '.') && isMarker(string(src[at:end])) {
			last.End = at
			sections = append(sections, Section{Start: at, End: len(src), line: line})
		}
		at = end
	}
	return sections
}

func isMarker(line string) bool {
	if !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "...") {
		return false
	}
	rest := line[3:]
	return rest == "" || rest[0] == '\n' || rest[0] == ' ' || rest[0] == '\t' || strings.HasPrefix(rest, "\r\n")
}

func parsePart(file string, p part) (v *Value, bad *Finding) {
	fail := func(line, column int, format string, args ...any) *Finding {
		return &Finding{File: file, Line: p.line + line, Column: column, Severity: Error, Message: fmt.Sprintf(format, args...)}
	}
	if f := bounded(p.text, fail); f != nil {
		return nil, f
	}
	defer func() {
		// The parser is a library fed with what people typed; a panic in it is one more syntax error.
		if r := recover(); r != nil {
			v, bad = nil, fail(1, 1, "this is not YAML that can be read (%v)", r)
		}
	}()
	tree, err := parser.ParseBytes([]byte(p.text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		line, column, msg := 1, 1, err.Error()
		var e yaml.Error
		if errors.As(err, &e) {
			msg = e.GetMessage()
			if tk := e.GetToken(); tk != nil {
				line, column = tk.Position.Line, tk.Position.Column
			}
		}
		return nil, fail(line, column, "%s", syntax(msg))
	}
	for _, d := range tree.Docs {
		if d.Body == nil {
			continue
		}
		c := converter{file: file, offset: p.line}
		root := c.convert(d.Body, "")
		if root.Form == Null {
			continue
		}
		return root, nil
	}
	return nil, nil
}

// bounded refuses what would cost the parser too much, and text that is no text.
func bounded(text string, fail func(line, column int, format string, args ...any) *Finding) *Finding {
	if len(text) > MaxDocument {
		return fail(1, 1, "the document has %d bytes, at most %d are read", len(text), MaxDocument)
	}
	depth, line := 0, 0
	for l := range strings.SplitSeq(text, "\n") {
		line++
		if len(l) > MaxLine {
			return fail(line, 1, "the line has %d bytes, at most %d are read", len(l), MaxLine)
		}
		if !utf8.ValidString(l) {
			return fail(line, len([]rune(l[:firstInvalid(l)]))+1, "this is not UTF-8 text; save the file as UTF-8")
		}
		if strings.Count(l, "- ") > MaxNesting && strings.Trim(l, "- ") == "" {
			return fail(line, 1, "lists are nested more than %d deep", MaxNesting)
		}
		var quote rune
		for i, c := range l {
			switch {
			case c < ' ' && c != '\t':
				return fail(line, len([]rune(l[:i]))+1, "there is a control character (0x%02x) in the text; remove it", c)
			case quote != 0:
				if c == quote {
					quote = 0
				}
			case c == '"' || c == '\'':
				quote = c
			case c == '[' || c == '{':
				if depth++; depth > MaxNesting {
					return fail(line, len([]rune(l[:i]))+1, "brackets are nested more than %d deep", MaxNesting)
				}
			case (c == ']' || c == '}') && depth > 0:
				depth--
			}
		}
	}
	return nil
}

func firstInvalid(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return 0
}

// syntax turns the parser's words for what people do most into a way out.
func syntax(msg string) string {
	switch {
	case strings.HasPrefix(msg, "invalid header option"):
		return `an unquoted > or | begins folded text in YAML; put the value in quotes, such as "> 3%"`
	case strings.Contains(msg, "tab character") || strings.Contains(msg, "'\t'"):
		return "a tab stands in the indentation; YAML wants spaces"
	case strings.Contains(msg, "is a reserved character"):
		return msg + " in YAML; put the value in quotes"
	case strings.Contains(msg, "mapping value is not allowed"):
		return `a second ": " stands on the line; put the value in quotes or begin a new line`
	default:
		return "YAML syntax: " + msg
	}
}

type converter struct {
	file   string
	offset int
}

func (c converter) at(tk *token.Token, path string, form Form) *Value {
	v := &Value{Form: form, File: c.file, Path: path, Line: c.offset + 1, Column: 1}
	if tk != nil && tk.Position != nil {
		v.Line, v.Column = c.offset+tk.Position.Line, tk.Position.Column
	}
	return v
}

func (c converter) convert(n ast.Node, path string) *Value {
	switch n := n.(type) {
	case *ast.NullNode:
		return c.at(n.GetToken(), path, Null)
	case *ast.MappingNode:
		v := c.at(n.GetToken(), path, Map)
		for _, e := range n.Values {
			v.Keys = append(v.Keys, c.pair(e, path))
		}
		if len(v.Keys) > 0 && !n.IsFlowStyle {
			v.Line, v.Column = v.Keys[0].Key.Line, v.Keys[0].Key.Column
		}
		return v
	case *ast.MappingValueNode:
		p := c.pair(n, path)
		return &Value{Form: Map, File: c.file, Path: path, Line: p.Key.Line, Column: p.Key.Column, Keys: []Pair{p}}
	case *ast.SequenceNode:
		v := c.at(n.GetToken(), path, List)
		for i, e := range n.Values {
			v.Items = append(v.Items, c.convert(e, path+"["+strconv.Itoa(i)+"]"))
		}
		return v
	case *ast.LiteralNode:
		v := c.at(n.GetToken(), path, Scalar)
		v.Text = n.Value.Value
		return v
	case *ast.AnchorNode:
		v := c.at(n.GetToken(), path, Other)
		v.Text = "an anchor (&)"
		return v
	case *ast.AliasNode:
		v := c.at(n.GetToken(), path, Other)
		v.Text = "an alias (*)"
		return v
	case *ast.TagNode:
		v := c.at(n.GetToken(), path, Other)
		v.Text = "a tag (!)"
		return v
	}
	if s, ok := n.(ast.ScalarNode); ok {
		tk := s.GetToken()
		v := c.at(tk, path, Scalar)
		v.Text = tk.Value
		v.quoted = tk.Type == token.SingleQuoteType || tk.Type == token.DoubleQuoteType
		v.exact = strings.Contains(tk.Origin, tk.Value) && !strings.Contains(tk.Value, "\n")
		return v
	}
	v := c.at(n.GetToken(), path, Other)
	v.Text = "this"
	return v
}

func (c converter) pair(e *ast.MappingValueNode, path string) Pair {
	k := c.at(e.Key.GetToken(), "", Scalar)
	if tk := e.Key.GetToken(); tk != nil {
		k.Text = tk.Value
	}
	switch e.Key.(type) {
	case *ast.MergeKeyNode:
		k.Form, k.Text = Other, "a merge key (<<)"
	case *ast.MappingKeyNode:
		k.Form, k.Text = Other, "a complex key (?)"
	}
	k.Path = join(path, k.Text)
	if k.Form == Other {
		k.Path = path
	}
	return Pair{Key: k, Value: c.convert(e.Value, k.Path)}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
