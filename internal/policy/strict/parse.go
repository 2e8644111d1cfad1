package strict

import (
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
	if len(src) > MaxFile {
		return nil, []Finding{{File: file, Line: 1, Column: 1, Severity: Error, Message: fmt.Sprintf("the file has %d bytes, at most %d are read; split it", len(src), MaxFile)}}
	}
	text := strings.ReplaceAll(strings.TrimPrefix(string(src), "\ufeff"), "\r\n", "\n")
	var docs []*Value
	var findings []Finding
	for _, part := range split(text) {
		v, err := parsePart(file, part)
		if err != nil {
			findings = append(findings, *err)
		} else if v != nil {
			docs = append(docs, v)
		}
	}
	return docs, findings
}

type part struct {
	line int // lines before it
	text string
}

// split cuts a text at its document markers, which YAML allows at the start of a line only, even inside scalars. Each
// document is parsed alone, so that a broken one does not hide what is wrong in the others.
func split(text string) []part {
	var parts []part
	start, line, at := 0, 0, 0
	first := 0
	for at < len(text) {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			end = len(text) - at
		} else {
			end++
		}
		l := text[at : at+end]
		if marker(l, "---") || marker(l, "...") {
			if at > start {
				parts = append(parts, part{first, text[start:at]})
			}
			// What follows the marker on its line belongs to the new document; blanks keep its column.
			text = text[:at] + "   " + text[at+3:]
			start, first = at, line
		}
		at += end
		line++
	}
	return append(parts, part{first, text[start:]})
}

func marker(line, m string) bool {
	rest, ok := strings.CutPrefix(line, m)
	return ok && (rest == "" || rest[0] == '\n' || rest[0] == ' ' || rest[0] == '\t')
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
