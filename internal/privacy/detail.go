package privacy

import (
	"bytes"
	"encoding/json"
	"strings"
)

// detail redacts the JSON of a span's events and links: attributes in it by their names, then each text in it. With a list
// of allowed attributes it goes as a whole unless the list names it: which of its keys are attributes cannot be told.
func (w *worker) detail(s string) string {
	for _, allowed := range w.pl.allow {
		if !allowed["detail"] {
			return ""
		}
	}
	if !w.named(s) && !w.found(s, shapeOf(s)) {
		return s
	}
	var v any
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return w.text(s)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(w.walk(v)) != nil {
		return "" // what was just decoded can be encoded
	}
	return w.keep(bytes.TrimSuffix(out.Bytes(), []byte("\n")))
}

// structural are the keys of detail itself.
func structural(key string) bool {
	switch key {
	case "name", "time", "attributes", "attrs", "events", "links", "trace_id", "span_id", "traceId", "spanId", "timeUnixNano", "key", "value":
		return true
	}
	return false
}

// named says whether any key in the JSON is one that something is done to.
func (w *worker) named(s string) bool {
	for i := strings.IndexByte(s, ':'); i >= 0; {
		j := i - 1
		for j >= 0 && s[j] == ' ' {
			j--
		}
		if j > 0 && s[j] == '"' {
			if k := strings.LastIndexByte(s[:j], '"'); k >= 0 && !structural(s[k+1:j]) && w.ruled(s[k+1:j]) != nil {
				return true
			}
		}
		next := strings.IndexByte(s[i+1:], ':')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return strings.Contains(s, `"key"`)
}

// ruled is what is done to what stands under a name in detail, nil for nothing.
func (w *worker) ruled(name string) *rule { return w.pl.ruled(name, normal(name)) }

// walk applies the rules to the values of named keys, also where they stand as {"key": name, "value": value}, and the
// detectors to all keys and texts.
func (w *worker) walk(v any) any {
	switch v := v.(type) {
	case string:
		return w.text(v)
	case json.Number:
		if s := w.text(v.String()); s != v.String() {
			return s
		}
	case []any:
		for i := range v {
			v[i] = w.walk(v[i])
		}
	case map[string]any:
		if name, ok := v["key"].(string); ok && w.ruled(name) != nil {
			if v["value"] = w.leaf(w.ruled(name), v["value"]); v["value"] == nil {
				return map[string]any{}
			}
			return v
		}
		out := make(map[string]any, len(v))
		for k, x := range v {
			r := w.ruled(k)
			if structural(k) || r == nil {
				out[w.text(k)] = w.walk(x)
			} else if y := w.leaf(r, x); y != nil {
				out[k] = y
			}
		}
		return out
	}
	return v
}

// leaf does to what stands under a name what its rule says; nil means that it goes.
func (w *worker) leaf(r *rule, v any) any {
	switch v := v.(type) {
	case string:
		if v = w.apply(r, v); v == "" {
			return nil
		}
		if r.act != pseudonym {
			v = w.text(v)
		}
		return v
	case json.Number:
		if s := w.apply(r, v.String()); s == v.String() {
			return v
		} else if s != "" {
			return s
		}
		return nil
	case []any:
		for i := range v {
			v[i] = w.leaf(r, v[i])
		}
		return v
	case map[string]any:
		for k, x := range v {
			v[k] = w.leaf(r, x)
		}
		return v
	}
	return v // true, false or null
}

// appendJSON appends a text as JSON.
func appendJSON(dst []byte, s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return append(dst, `""`...)
	}
	return append(dst, b...)
}
