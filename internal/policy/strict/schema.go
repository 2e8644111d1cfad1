package strict

// Schema returns the shape as a JSON Schema (draft 2020-12) node: maps, slices and scalars ready for encoding/json.
func (s Shape) Schema() map[string]any {
	out := map[string]any{}
	if s.Doc != "" {
		out["description"] = s.Doc
	}
	if s.Example != "" {
		out["examples"] = []string{s.Example}
	}
	if s.Opaque {
		return out
	}
	f := s.forms()
	types := []string{}
	if f&Scalar != 0 {
		if len(s.Types) > 0 {
			types = append(types, s.Types...)
		} else {
			types = append(types, "string")
		}
	}
	if f&List != 0 {
		types = append(types, "array")
		if s.Each != nil {
			out["items"] = s.Each.Schema()
		}
		if s.NonEmpty {
			out["minItems"] = 1
		}
	}
	if f&Map != 0 {
		types = append(types, "object")
		s.mapSchema(out)
		if s.NonEmpty {
			out["minProperties"] = 1
		}
	}
	if len(types) == 1 {
		out["type"] = types[0]
	} else {
		out["type"] = types
	}
	if len(s.Enum) > 0 && f == Scalar {
		out["enum"] = s.Enum
	} else if len(s.Enum) > 0 {
		out["anyOf"] = []any{map[string]any{"enum": s.Enum}, map[string]any{"not": map[string]any{"type": "string"}}}
	}
	if s.Const != "" {
		out["const"] = s.Const
	}
	if s.Pattern != "" {
		out["pattern"] = s.Pattern
	}
	return out
}

func (s Shape) mapSchema(out map[string]any) {
	if len(s.Keys) == 0 {
		if s.Each != nil {
			out["additionalProperties"] = s.Each.Schema()
		}
		return
	}
	props := map[string]any{}
	required := []string{}
	for _, k := range s.Keys {
		if k.Hidden {
			continue
		}
		props[k.Name] = k.Schema()
		if k.Required {
			required = append(required, k.Name)
		}
	}
	out["properties"] = props
	out["additionalProperties"] = false
	if len(required) > 0 {
		out["required"] = required
	}
}
