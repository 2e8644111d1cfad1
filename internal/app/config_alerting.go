package app

import (
	"fmt"
	"path/filepath"
	"reflect"

	amconfig "github.com/prometheus/alertmanager/config"
	amtemplate "github.com/prometheus/alertmanager/template"
	commoncfg "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// nobody is Alertmanager's configuration where alerting is left out: red shows on the page and nobody is told.
const nobody = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"

// alerting hands the alerting block to Alertmanager's own reader.
func (l *loader) alerting() {
	text := nobody
	b := l.block(true, "alerting")
	if v := value(l.root, "alerting"); v != nil {
		if v.Form == strict.Scalar || v.Form == strict.List {
			l.report.Errorf(v, "want a map with Alertmanager's own keys: global, route, receivers, inhibit_rules, time_intervals, templates")
			return
		}
		if v.Form != strict.Null {
			text = b.text()
		}
	}
	cfg, err := amconfig.Load(text)
	if err != nil {
		b.report(err, knownKeys(reflect.TypeFor[amconfig.Config]()))
		return
	}
	// Left out, Alertmanager waits 30s for more alerts of the group; here the first page goes at once.
	if cfg.Route.GroupWait == nil {
		zero := model.Duration(0)
		cfg.Route.GroupWait = &zero
	}
	for i, t := range cfg.Templates {
		cfg.Templates[i] = l.join(t)
	}
	setDirectories(reflect.ValueOf(cfg), l.cfg.Dir, map[uintptr]bool{})
	if _, err := amtemplate.FromGlobs(cfg.Templates); err != nil {
		b.report(fmt.Errorf("templates: %w", err), nil)
		return
	}
	for _, t := range cfg.Templates {
		files, err := filepath.Glob(t)
		if err == nil && len(files) == 0 {
			b.report(fmt.Errorf("templates: no file matches %q", l.relative(t)), nil)
		}
		l.cfg.Files = append(l.cfg.Files, files...)
	}
	l.cfg.Alerting = cfg
}

// value returns a key's value even if it is null.
func value(v *strict.Value, key string) *strict.Value {
	for _, p := range v.Keys {
		if p.Key.Text == key {
			return p.Value
		}
	}
	return nil
}

// setDirectories joins the relative file names of all HTTP and TLS settings under v with dir, as Alertmanager's LoadFile
// does, which cannot be used because our block is a part of a file.
func setDirectories(v reflect.Value, dir string, seen map[uintptr]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return
		}
		seen[v.Pointer()] = true
		switch c := v.Interface().(type) {
		case *commoncfg.HTTPClientConfig:
			c.SetDirectory(dir)
			return
		case *commoncfg.TLSConfig:
			c.SetDirectory(dir)
			return
		}
		setDirectories(v.Elem(), dir, seen)
	case reflect.Slice:
		for i := range v.Len() {
			setDirectories(v.Index(i), dir, seen)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				setDirectories(v.Field(i), dir, seen)
			}
		}
	}
}
