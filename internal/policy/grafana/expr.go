package grafana

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/signalbox/signalbox/internal/policy/carry"
	"github.com/signalbox/signalbox/internal/policy/idiom"
	"github.com/signalbox/signalbox/internal/policy/strict"
)

// What stands in for the spans that Grafana fills in by the width of the page and the range shown.
const (
	rateInterval = "5m"
	shownRange   = "1h"
)

// macros are Grafana's own variables that have a sensible constant, longest first.
var macros = []struct{ name, value string }{
	{"__rate_interval_ms", "300000"}, {"__rate_interval", rateInterval}, {"__interval_ms", "300000"}, {"__interval", rateInterval},
	{"__range_ms", "3600000"}, {"__range_s", "3600"}, {"__range", shownRange},
}

var (
	// bracketForm is [[name]] and [[name:format]], as dashboards wrote variables until Grafana 7.
	bracketForm = regexp.MustCompile(`\[\[([a-zA-Z_][a-zA-Z0-9_]*)(?::[^\]]*)?\]\]`)
	// referenceForm is $name, ${name}, ${name:format} and ${name.field}.
	referenceForm = regexp.MustCompile(`\$(?:\{([a-zA-Z_][a-zA-Z0-9_]*)(?:[.:][^}]*)?\}|([a-zA-Z_][a-zA-Z0-9_]*))`)
	spanForm      = regexp.MustCompile(`^[0-9]+(ms|s|m|h|d|w|y)$`)
)

func interval(text string) string {
	if spanForm.MatchString(text) {
		return text
	}
	return rateInterval
}

// expression writes a query as a Board asks it: variables stay in label matchers only, everything else is put in. It says why
// it cannot.
func (d *dashboard) expression(at *strict.Value, what string) (text, why string) {
	text = strings.TrimSpace(bracketForm.ReplaceAllString(at.Text, "$${$1}"))
	if len(text) > 32<<10 {
		return "", "it is longer than 32 KiB"
	}
	var put []string
	text = outside(text, func(code string) string {
		return referenceForm.ReplaceAllStringFunc(code, func(ref string) string {
			name := referenced(ref)
			for _, m := range macros {
				if m.name == name {
					put = append(put, "$"+name+" = "+m.value)
					return m.value
				}
			}
			x := d.variable(name)
			switch {
			case x == nil:
				why = fmt.Sprintf("it uses $%s outside a label matcher, and the dashboard does not say its value", name)
			case x.literal == "" || x.literal == "$__all":
				why = fmt.Sprintf("it uses $%s outside a label matcher, where a Board has no variables, and it has no present value", name)
			default:
				put = append(put, "$"+name+" = "+x.literal)
				return x.literal
			}
			return ref
		})
	}, func(quoted string) string {
		return referenceForm.ReplaceAllStringFunc(quoted, func(ref string) string { return "${" + referenced(ref) + "}" })
	})
	if why != "" {
		return "", why
	}
	e, err := idiom.Parse(text)
	if err != nil {
		return "", "it is no PromQL that can be read: " + carry.Clip(err.Error())
	}
	if t := e.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		return "", "it yields a " + parser.DocumentedType(t) + ", and a Board draws values"
	}
	if why := d.references(e); why != "" {
		return "", why
	}
	if len(put) > 0 {
		d.Changed(at, what+": "+at.Text, "a Board has variables in label matchers only, and fills in no spans; put in: %s", strings.Join(put, ", "))
	}
	return text, ""
}

// references notes the variables in matchers, and refuses them in other texts.
func (d *dashboard) references(e parser.Expr) (why string) {
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			for _, m := range n.LabelMatchers {
				for _, ref := range referenceForm.FindAllString(m.Value, -1) {
					if m.Name == model.MetricNameLabel {
						why = fmt.Sprintf("it uses $%s in the name of a metric", referenced(ref))
					} else if bad := d.use(referenced(ref), m.Name); bad != "" {
						why = bad
					}
				}
			}
		case *parser.StringLiteral:
			for _, ref := range referenceForm.FindAllString(n.Val, -1) {
				if d.variable(referenced(ref)) != nil {
					why = fmt.Sprintf("it uses $%s in a text that is no label matcher", referenced(ref))
				}
			}
		}
		return nil
	})
	return why
}

func referenced(ref string) string {
	m := referenceForm.FindStringSubmatch(ref)
	return m[1] + m[2]
}

// outside calls code for what stands outside quotes and quoted for what stands inside, with the quotes.
func outside(text string, code, quoted func(string) string) string {
	var b strings.Builder
	start := 0
	for i := 0; i < len(text); i++ {
		q := text[i]
		if q != '"' && q != '\'' && q != '`' {
			continue
		}
		end := i + 1
		for end < len(text) && text[end] != q {
			if text[end] == '\\' && q != '`' {
				end++
			}
			end++
		}
		end = min(end+1, len(text))
		b.WriteString(code(text[start:i]))
		b.WriteString(quoted(text[i:end]))
		i, start = end-1, end
	}
	b.WriteString(code(text[start:]))
	return b.String()
}
