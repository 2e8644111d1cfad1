package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/board"
)

// table collects routes while huma registers operations; it is the mux that huma believes it has.
type table struct {
	api    huma.API
	action access.Action
	absent string // what this server does not have, while its operations are described
	routes []access.Route
}

// HandleFunc takes "METHOD /path".
func (t *table) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	method, path, _ := strings.Cut(pattern, " ")
	t.routes = append(t.routes, access.Route{Method: method, Pattern: path, Action: t.action, Handler: answer(h)})
}

// ServeHTTP is never reached: the routes are mounted one by one.
func (t *table) ServeHTTP(w http.ResponseWriter, r *http.Request) { notFound(w, r) }

func adapter(t *table) huma.Adapter { return humago.NewAdapter(t, "") }

const schemaPrefix = "#/components/schemas/"

func config(version string) huma.Config {
	if version == "" {
		version = "dev"
	}
	reg := huma.NewMapRegistry(schemaPrefix, schemaName)
	reg.RegisterTypeAlias(reflect.TypeFor[board.Number](), reflect.TypeFor[*float64]())
	reg.RegisterTypeAlias(reflect.TypeFor[board.Numbers](), reflect.TypeFor[[]*float64]())
	reg.RegisterTypeAlias(reflect.TypeFor[board.Instants](), reflect.TypeFor[[]int64]())
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "Signalbox", Version: version, Description: "Times are Unix milliseconds, values are in base units, " +
				"a number that does not exist is null, a list is never null. Errors are RFC 9457 problems whose detail is a sentence."},
			Components: &huma.Components{
				Schemas: reg,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer":  {Type: "http", Scheme: "bearer"},
					"session": {Type: "apiKey", In: "cookie", Name: access.CookieName},
				},
			},
			Security: []map[string][]string{{"bearer": {}}, {"session": {}}},
		},
		Formats:       huma.DefaultFormats,
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{sayProblem},
	}
}

// nullable lets a pointer to a struct that is always written be null: huma has no word for it.
func nullable(reg huma.Registry) {
	for name, s := range reg.Map() {
		t := reg.TypeFromRef(schemaPrefix + name)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		for _, f := range reflect.VisibleFields(t) {
			key, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Type.Kind() != reflect.Pointer || f.Type.Elem().Kind() != reflect.Struct || strings.Contains(rest, "omitempty") {
				continue
			}
			if p := s.Properties[key]; p != nil && p.Ref != "" {
				s.Properties[key] = &huma.Schema{OneOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}, Description: p.Description}
			}
		}
	}
}

func (a *API) serveOpenAPI() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b, err := a.OpenAPI()
		if err != nil {
			a.o.Logger.Error("OpenAPI document", "err", err)
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(b) // a client that went away is its own matter
	})
}

func notFound(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, http.StatusNotFound, "no such path "+r.Method+" "+r.URL.Path+". /api/signalbox/openapi.json lists what there is")
}

func writeProblem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail})
}
