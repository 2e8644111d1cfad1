package otlp

import (
	logspb "go.opentelemetry.io/proto/otlp/logs/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// schemas are the messages of the three signals as JSON names their fields. LogsData and its like have the same fields as the
// export requests, whose packages would bring a gateway along.
type schemas [3]*schema

// schema is a message.
type schema struct{ fields map[string]*slot }

// slot is a field of a message.
type slot struct {
	name    string
	number  uint64
	kind    protoreflect.Kind
	list    bool
	packed  bool
	hex     bool // an id: hexadecimal in OTLP's JSON, not base64
	message *schema
}

func newSchemas() schemas {
	seen := map[protoreflect.FullName]*schema{}
	return schemas{
		metrics: schemaOf((&metricspb.MetricsData{}).ProtoReflect().Descriptor(), seen),
		logs:    schemaOf((&logspb.LogsData{}).ProtoReflect().Descriptor(), seen),
		traces:  schemaOf((&tracepb.TracesData{}).ProtoReflect().Descriptor(), seen),
	}
}

func schemaOf(m protoreflect.MessageDescriptor, seen map[protoreflect.FullName]*schema) *schema {
	if s := seen[m.FullName()]; s != nil {
		return s
	}
	s := &schema{fields: map[string]*slot{}}
	seen[m.FullName()] = s
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		x := &slot{name: f.JSONName(), number: uint64(f.Number()), kind: f.Kind(), list: f.IsList(), packed: f.IsPacked()}
		switch f.Name() {
		case "trace_id", "span_id", "parent_span_id":
			x.hex = true
		}
		if x.kind == protoreflect.MessageKind {
			x.message = schemaOf(f.Message(), seen)
		}
		s.fields[x.name] = x
	}
	return s
}
