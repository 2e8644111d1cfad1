package carry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// maxNesting bounds the depth of a JSON document.
const maxNesting = 200

// YAML opens the documents of a YAML file. What cannot be read is a line of the report.
func (a *Account) YAML(file string, src []byte) []*strict.Value {
	if len(src) > MaxFile {
		a.LostFile(file, 0, "the file", fmt.Sprintf("it has %d bytes, at most %d are read; split it", len(src), MaxFile))
		return nil
	}
	roots, findings := strict.Parse(file, src)
	for _, f := range findings {
		a.LostFile(file, f.Line, "a document", f.Message)
	}
	for _, root := range roots {
		a.Open(root)
	}
	return roots
}

// JSON opens a JSON file. What cannot be read is a line of the report, and the answer nil.
func (a *Account) JSON(file string, src []byte) *strict.Value {
	if len(src) > MaxFile {
		a.LostFile(file, 0, "the file", fmt.Sprintf("it has %d bytes, at most %d are read", len(src), MaxFile))
		return nil
	}
	p := newJSONReader(file, src)
	root, err := p.value("", 0)
	if err == nil {
		if _, more := p.dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the document")
		}
	}
	if errors.Is(err, io.EOF) {
		err = errors.New("it ends too early")
	}
	if err != nil {
		a.LostFile(file, p.line(p.dec.InputOffset()), "the file", "this is not JSON that can be read: "+err.Error())
		return nil
	}
	a.Open(root)
	return root
}

// jsonReader reads JSON into the tree that YAML files become.
type jsonReader struct {
	file  string
	dec   *json.Decoder
	lines []int64 // offsets at which lines begin
}

func newJSONReader(file string, src []byte) *jsonReader {
	p := &jsonReader{file: file, dec: json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(src, []byte("\ufeff")))), lines: []int64{0}}
	p.dec.UseNumber()
	for i, c := range bytes.TrimPrefix(src, []byte("\ufeff")) {
		if c == '\n' {
			p.lines = append(p.lines, int64(i)+1)
		}
	}
	return p
}

func (p *jsonReader) line(offset int64) int {
	return sort.Search(len(p.lines), func(i int) bool { return p.lines[i] > offset })
}

func (p *jsonReader) value(path string, depth int) (*strict.Value, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("it is nested more than %d deep", maxNesting)
	}
	t, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	// The offset is that of the token's end; a token other than a bracket stands on one line.
	end := p.dec.InputOffset()
	v := &strict.Value{File: p.file, Path: path, Line: p.line(end - 1)}
	v.Column = int(end - p.lines[v.Line-1])
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return v, p.list(v, depth)
		}
		return v, p.object(v, depth)
	case string:
		v.Form, v.Text = strict.Scalar, t
	case json.Number:
		v.Form, v.Text = strict.Scalar, t.String()
	case bool:
		v.Form, v.Text = strict.Scalar, strconv.FormatBool(t)
	default:
		v.Form = strict.Null
	}
	return v, nil
}

func (p *jsonReader) list(v *strict.Value, depth int) error {
	v.Form = strict.List
	for p.dec.More() {
		item, err := p.value(v.Path+"["+strconv.Itoa(len(v.Items))+"]", depth+1)
		if err != nil {
			return err
		}
		v.Items = append(v.Items, item)
	}
	_, err := p.dec.Token()
	return err
}

func (p *jsonReader) object(v *strict.Value, depth int) error {
	v.Form = strict.Map
	for p.dec.More() {
		t, err := p.dec.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return fmt.Errorf("%v is no key", t)
		}
		key := &strict.Value{Form: strict.Scalar, Text: name, File: p.file, Line: p.line(p.dec.InputOffset() - 1), Column: 1}
		key.Path = strings.TrimPrefix(v.Path+"."+name, ".")
		item, err := p.value(key.Path, depth+1)
		if err != nil {
			return err
		}
		v.Keys = append(v.Keys, strict.Pair{Key: key, Value: item})
	}
	_, err := p.dec.Token()
	return err
}
