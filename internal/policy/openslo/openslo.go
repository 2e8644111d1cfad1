// Package openslo reads OpenSLO objects (openslo/v1, and openslo.com/v2alpha as far as it maps) into KPI documents and writes
// KPIs as OpenSLO v1. What OpenSLO has no field for travels in annotations under Prefix, so that a KPI that was exported comes
// back as the same KPI.
package openslo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// Prefix is that of the annotations that carry what OpenSLO has no field for.
const Prefix = "signalbox.github.io/"

// The versions that are read.
const (
	v1 = "openslo/v1"
	v2 = "openslo.com/v2alpha"
)

// The kinds of objects.
const (
	kindSLO       = "SLO"
	kindSLI       = "SLI"
	kindPolicy    = "AlertPolicy"
	kindCondition = "AlertCondition"
	kindTarget    = "AlertNotificationTarget"
	kindService   = "Service"
	kindSource    = "DataSource"
)

// object is one OpenSLO object, by itself or written into another.
type object struct {
	kind, name string
	root       *strict.Value
	meta, spec *strict.Value
	used       bool
}

// importer knows all objects of one import.
type importer struct {
	*carry.Account
	objects []*object
	index   map[string]*object // kind/name
	read    map[*object]answer // SLIs that several objectives ask for
	trusted bool               // the present object was written by us
}

// answer is what an SLI became, or why it did not.
type answer struct {
	measure measure
	why     string
}

// Import reads all files together: what one names may stand in another.
func Import(a *carry.Account, files map[string][]byte) {
	im := &importer{Account: a, index: map[string]*object{}, read: map[*object]answer{}}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		for _, root := range a.YAML(file, files[file]) {
			im.collect(root)
		}
	}
	for _, o := range im.objects {
		if o.kind == kindSLO {
			im.slo(o)
		}
	}
	for _, o := range im.objects {
		im.leftOver(o)
	}
}

func (im *importer) collect(root *strict.Value) {
	version, kind := im.Text(root, "apiVersion"), im.Text(root, "kind")
	what := strings.TrimSpace(kind + " " + textAt(root.Get("metadata"), "name"))
	if version != v1 && version != v2 {
		im.Lost(root, what+" ("+version+")", "its apiVersion is %q; want %s or %s", carry.Clip(version), v1, v2)
		return
	}
	o := &object{kind: kind, root: root, meta: root.Get("metadata"), spec: root.Get("spec")}
	o.name = im.Text(o.meta, "name")
	if !slices.Contains([]string{kindSLO, kindSLI, kindPolicy, kindCondition, kindTarget, kindService, kindSource}, kind) {
		im.Lost(root, what, "OpenSLO has no such kind")
		return
	}
	if o.name == "" {
		im.Lost(root, what, "it has no metadata.name")
		return
	}
	if first := im.index[kind+"/"+o.name]; first != nil {
		im.Lost(root, what, "the name is taken by %s:%d", first.root.File, first.root.Line)
		return
	}
	im.index[kind+"/"+o.name] = o
	im.objects = append(im.objects, o)
	switch kind {
	case kindService:
		im.Changed(root, what, "a service is the label service=%q of its KPIs; its display name and description have no place", o.name)
	case kindSource:
		im.Lost(root, what, "KPIs are judged from Signalbox's own store; see to it that what is in this source is scraped or received")
	case kindTarget:
		im.Lost(root, what, "receivers stand in alerting.receivers of signalbox.yaml, and Route policies say who is told")
	}
}

// leftOver reports objects that no SLO uses.
func (im *importer) leftOver(o *object) {
	if o.used {
		return
	}
	what := o.kind + " " + o.name
	switch o.kind {
	case kindSLI:
		if own(o, "kpi") != "" {
			im.bareSLI(o)
			return
		}
		im.Lost(o.root, what, "no SLO uses it, and without an objective nothing says what is good")
	case kindPolicy, kindCondition:
		im.Lost(o.root, what, "no SLO uses it")
	}
}

// resolve finds what stands at a key: an object written out, or the name of one.
func (im *importer) resolve(v *strict.Value, kind string, refs ...string) (*object, string) {
	if v == nil {
		return nil, ""
	}
	name := ""
	switch {
	case v.Form == strict.Scalar:
		im.Take(v)
		name = strings.TrimSpace(v.Text)
	default:
		for _, ref := range refs {
			if name = im.Text(v, ref); name != "" {
				break
			}
		}
		if name == "" {
			if inline := im.Text(v, "kind"); inline != "" && inline != kind {
				return nil, fmt.Sprintf("%s is written out where a %s belongs", carry.Clip(inline), kind)
			}
			o := &object{kind: kind, root: v, meta: v.Get("metadata"), spec: v.Get("spec"), used: true}
			if o.name = textAt(o.meta, "name"); kind == kindSLI {
				im.Take(o.meta.Get("name"))
			}
			if o.spec == nil {
				return nil, fmt.Sprintf("the %s that is written out has no spec", kind)
			}
			return o, ""
		}
	}
	o := im.index[kind+"/"+name]
	if o == nil {
		return nil, fmt.Sprintf("there is no %s %q in the files", kind, carry.Clip(name))
	}
	if !o.used && kind != kindTarget {
		im.Imported(o.root, kind+" "+o.name, "it is part of what names it")
	}
	o.used = true
	return o, ""
}

// textAt reads a scalar without taking it.
func textAt(v *strict.Value, key string) string {
	if at := v.Get(key); at != nil && at.Form == strict.Scalar {
		return strings.TrimSpace(at.Text)
	}
	return ""
}

// first returns the value of the first key that there is.
func first(v *strict.Value, keys ...string) *strict.Value {
	for _, k := range keys {
		if at := v.Get(k); at != nil {
			return at
		}
	}
	return nil
}

// own reads one of our annotations without taking it.
func own(o *object, key string) string { return textAt(o.meta.Get("annotations"), Prefix+key) }

// items lists a list's items; something else that stands alone is its own only item.
func items(v *strict.Value) []*strict.Value {
	switch {
	case v == nil:
		return nil
	case v.Form == strict.List:
		return v.Items
	}
	return []*strict.Value{v}
}
