package policy

import (
	"bytes"
	"encoding/json"
)

// Schema returns the JSON Schema of a KPI document for editors, made from the grammar that documents are checked with.
// The committed copy is kpi.schema.json; a test fails when they drift.
func Schema() []byte {
	s := documentShape(KindKPI).Schema()
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["$id"] = "https://github.com/signalbox/signalbox/internal/policy/kpi.schema.json"
	s["title"] = "Signalbox KPI"
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		panic("policy: the grammar holds what JSON cannot carry: " + err.Error()) // only texts, numbers and lists
	}
	return b.Bytes()
}
