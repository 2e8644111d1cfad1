package app

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	amconfig "github.com/prometheus/alertmanager/config"
	amcommon "github.com/prometheus/alertmanager/config/common"
	commoncfg "github.com/prometheus/common/config"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/dns"
	"github.com/prometheus/prometheus/discovery/file"
	"github.com/prometheus/prometheus/discovery/http"
)

// yamlKeys walks Go types as a YAML reader does and calls visit with each key and its type.
func yamlKeys(visit func(key string, t reflect.Type), types ...reflect.Type) {
	seen := map[reflect.Type]bool{}
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for i := range t.NumField() {
			f := t.Field(i)
			tag, ok := f.Tag.Lookup("yaml")
			if !ok {
				continue
			}
			name, _, _ := strings.Cut(tag, ",")
			if name == "-" {
				continue
			}
			if name != "" {
				visit(name, f.Type)
			}
			walk(f.Type)
		}
	}
	for _, t := range types {
		walk(t)
	}
}

// secretKeys are the keys whose values Prometheus and Alertmanager hold as secrets: ${NAME} is read in these alone.
func secretKeys() map[string]bool {
	secret := []reflect.Type{reflect.TypeFor[commoncfg.Secret](), reflect.TypeFor[amcommon.SecretURL](), reflect.TypeFor[amconfig.SecretTemplateURL]()}
	out := map[string]bool{}
	yamlKeys(func(key string, t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
			t = t.Elem()
		}
		if slices.Contains(secret, t) {
			out[key] = true
		}
	}, prometheusTypes()[0], prometheusTypes()[1], reflect.TypeFor[promconfig.RemoteWriteConfig](), reflect.TypeFor[amconfig.Config]())
	return out
}

func prometheusTypes() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[promconfig.ScrapeConfig](), reflect.TypeFor[promconfig.GlobalConfig](),
		reflect.TypeFor[file.SDConfig](), reflect.TypeFor[http.SDConfig](), reflect.TypeFor[dns.SDConfig](),
	}
}

// knownKeys lists all keys of types, for the nearest one to a misspelling.
func knownKeys(types ...reflect.Type) []string {
	set := map[string]bool{}
	yamlKeys(func(key string, _ reflect.Type) { set[key] = true }, types...)
	return slices.Sorted(maps.Keys(set))
}
