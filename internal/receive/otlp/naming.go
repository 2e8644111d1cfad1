package otlp

import (
	"slices"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/otlptranslator"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/receive/wire"
)

// naming turns names and attributes into metric names and labels in Prometheus' documented way; the reference is
// storage/remote/otlptranslator/prometheusremotewrite of the module prometheus/prometheus.
type naming struct {
	metric  otlptranslator.MetricNamer
	label   otlptranslator.LabelNamer
	unit    otlptranslator.UnitNamer
	utf8    bool
	promote func(key string) bool // resource attributes that become labels
	keep    bool                  // identifying attributes stay in target_info
	scope   bool                  // a scope's name, version and attributes become labels
	custom  bool                  // explicit histograms become native ones with custom buckets
}

func newNaming(c *config.OTLPConfig) naming {
	escape := c.TranslationStrategy.ShouldEscape()
	n := naming{
		metric: otlptranslator.MetricNamer{WithMetricSuffixes: c.TranslationStrategy.ShouldAddSuffixes(), UTF8Allowed: !escape},
		label: otlptranslator.LabelNamer{UTF8Allowed: !escape,
			//lint:ignore SA1019 deprecated there, and still the only way to the behaviour that Prometheus' configuration offers
			UnderscoreLabelSanitization: c.LabelNameUnderscoreSanitization,
			PreserveMultipleUnderscores: c.LabelNamePreserveMultipleUnderscores},
		utf8: !escape, keep: c.KeepIdentifyingResourceAttributes, scope: c.PromoteScopeMetadata, custom: c.ConvertHistogramsToNHCB,
	}
	promoted, ignored := slices.Clone(c.PromoteResourceAttributes), slices.Clone(c.IgnoreResourceAttributes)
	n.promote = func(key string) bool { return slices.Contains(promoted, key) }
	if c.PromoteAllResourceAttributes {
		n.promote = func(key string) bool { return !slices.Contains(ignored, key) }
	}
	return n
}

// label is an attribute as text. The text may be a view of the body.
type label struct{ name, value string }

// target is what the datapoints of one resource and scope share. It is immutable and owns its memory.
type target struct {
	job, instance string
	promoted      []label
	scope         []label
	info          labels.Labels // of target_info; empty if there is none
	bad           string        // why no label can be made of it
}

// target understands a Resource (attributes = 1) and an InstrumentationScope (name = 1, version = 2, attributes = 3).
func (n *naming) target(resource, scope []byte) (*target, error) {
	t := &target{}
	attrs, err := attributes(nil, resource, 1)
	if err != nil {
		return nil, err
	}
	get := func(key string) (string, bool) {
		i := slices.IndexFunc(attrs, func(l label) bool { return l.name == key })
		if i < 0 {
			return "", false
		}
		return attrs[i].value, true
	}
	own := 0
	if name, ok := get("service.name"); ok {
		own++
		t.job = name
		if space, ok := get("service.namespace"); ok {
			t.job = space + "/" + name
		}
	}
	if _, ok := get("service.namespace"); ok {
		own++
	}
	if id, ok := get("service.instance.id"); ok {
		own++
		t.instance = id
	}
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, a := range attrs {
		if !n.promote(a.name) {
			continue
		}
		name, err := n.label.Build(a.name)
		if err != nil {
			t.bad = err.Error()
			return t, nil
		}
		b.Set(name, a.value)
	}
	b.Labels().Range(func(l labels.Label) { t.promoted = append(t.promoted, label{l.Name, l.Value}) })
	if n.scope {
		if t.scope, t.bad, err = n.scopeLabels(scope); err != nil {
			return nil, err
		}
	}
	if len(attrs) > own && (t.job != "" || t.instance != "") {
		if !n.keep {
			attrs = slices.DeleteFunc(attrs, func(l label) bool {
				return l.name == "service.name" || l.name == "service.namespace" || l.name == "service.instance.id"
			})
		}
		bare := &target{job: t.job, instance: t.instance}
		if err := n.labels(b, attrs, bare); err == nil {
			t.info = b.Set(model.MetricNameLabel, "target_info").Labels()
		}
	}
	return t, nil
}

// scopeLabels makes labels of a scope that has a name.
func (n *naming) scopeLabels(scope []byte) (out []label, bad string, err error) {
	var name, version, schema string
	for p := 0; p < len(scope); {
		f, k, next := wire.Field(scope, p)
		if next < 0 {
			return nil, "", errMalformed
		}
		if f > 2 && f != schemaField || k != wire.Length {
			if p = wire.Skip(scope, next, k); p < 0 {
				return nil, "", errMalformed
			}
			continue
		}
		var c []byte
		if c, p = wire.Chunk(scope, next); p < 0 {
			return nil, "", errMalformed
		}
		switch f {
		case 1:
			name = whole(c)
		case 2:
			version = whole(c)
		default:
			schema = whole(c)
		}
	}
	if name == "" {
		return nil, "", nil
	}
	attrs, err := attributes(nil, scope, 3)
	if err != nil {
		return nil, "", err
	}
	for _, a := range attrs {
		l, err := n.label.Build("otel_scope_" + a.name)
		if err != nil {
			return nil, err.Error(), nil
		}
		out = append(out, label{l, a.value})
	}
	return append(out, label{"otel_scope_name", name}, label{"otel_scope_version", version}, label{"otel_scope_schema_url", schema}), "", nil
}

// labels sets the builder to the labels of a datapoint without its metric's name. Attributes whose names become the same have
// their values joined by a semicolon.
func (n *naming) labels(b *labels.Builder, attrs []label, t *target) error {
	b.Reset(labels.EmptyLabels())
	slices.SortStableFunc(attrs, func(a, b label) int {
		switch {
		case a.name < b.name:
			return -1
		case a.name > b.name:
			return 1
		}
		return 0
	})
	for _, a := range attrs {
		if a.name == model.MetricNameLabel {
			continue
		}
		name := a.name
		if !n.utf8 {
			var err error
			if name, err = n.label.Build(name); err != nil {
				return err
			}
			if old := b.Get(name); old != "" {
				b.Set(name, old+";"+a.value)
				continue
			}
		}
		b.Set(name, a.value)
	}
	for _, l := range t.promoted {
		if b.Get(l.name) == "" {
			b.Set(l.name, l.value)
		}
	}
	if t.job != "" {
		b.Set(model.JobLabel, t.job)
	}
	if t.instance != "" {
		b.Set(model.InstanceLabel, t.instance)
	}
	for _, l := range t.scope {
		b.Set(l.name, l.value)
	}
	return nil
}

// attributes appends the KeyValues in a field as text. The text of strings is a view of the message.
func attributes(dst []label, message []byte, field int) ([]label, error) {
	var s speller
	for p := 0; p < len(message); {
		c, next, err := only(message, p, field)
		if err != nil {
			return dst, err
		}
		if p = next; c == nil {
			continue
		}
		key, v, ok := readKeyValue(c)
		if !ok {
			return dst, errMalformed
		}
		l := label{name: whole(key)}
		if v.kind == text {
			l.value = whole(v.raw)
		} else {
			b, err := s.text(nil, v)
			if err != nil {
				return dst, err
			}
			l.value = string(b)
		}
		dst = append(dst, l)
	}
	return dst, nil
}

// whole returns bytes as text that is UTF-8.
func whole(b []byte) string {
	if utf8.Valid(b) {
		return wire.View(b)
	}
	return string(repair(nil, wire.View(b)))
}
