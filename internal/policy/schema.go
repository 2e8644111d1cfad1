package policy

import (
	"bytes"
	"encoding/json"
	"strings"
)

const schemaBase = "https://github.com/signalbox/signalbox/internal/policy/"

// SchemaFile is the name of the committed JSON Schema of a kind, such as kpi.schema.json.
func SchemaFile(kind Kind) string { return strings.ToLower(string(kind)) + ".schema.json" }

// Schema returns the JSON Schema of a kind for editors, made from the grammar that documents are checked with. The committed
// copies are *.schema.json; a test fails when they drift.
func Schema(kind Kind) []byte {
	s := documentShape(kind).Schema()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["$id"] = schemaBase + SchemaFile(kind)
	s["title"] = "Signalbox " + string(kind)
	return encodeSchema(s)
}

// AllSchema returns the JSON Schema of any policy document: what is accepted depends on the kind that it states.
func AllSchema() []byte {
	defs := map[string]any{}
	var kinds []string
	var rules []any
	for _, k := range Kinds() {
		kinds = append(kinds, string(k))
		defs[string(k)] = documentShape(k).Schema()
		rules = append(rules, map[string]any{
			"if":   map[string]any{"properties": map[string]any{"kind": map[string]any{"const": string(k)}}, "required": []string{"kind"}},
			"then": map[string]any{"$ref": "#/$defs/" + string(k)},
		})
	}
	return encodeSchema(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": schemaBase + "policy.schema.json", "title": "Signalbox policy",
		"description": "A policy document: what it may state depends on its kind.", "type": "object", "required": []string{"kind", "name"},
		"properties": map[string]any{"kind": map[string]any{"description": "What this document is.", "enum": kinds}},
		"allOf":      rules, "$defs": defs,
	})
}

func encodeSchema(s map[string]any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		panic("policy: the grammar holds what JSON cannot carry: " + err.Error()) // only texts, numbers and lists
	}
	return b.Bytes()
}
