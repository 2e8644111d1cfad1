package app

import (
	"slices"

	"github.com/signalbox/signalbox/internal/policy/strict"
)

// configShape is the grammar of signalbox.yaml. What Prometheus and Alertmanager read themselves is opaque here.
func configShape() strict.Shape {
	text := func(doc, example string) strict.Shape {
		return strict.Shape{Doc: doc, Types: []string{"string"}, Example: example}
	}
	list := func(doc, example string) strict.Shape {
		return strict.Shape{Doc: doc, Forms: strict.List, Example: example, Each: &strict.Shape{Types: []string{"string"}}}
	}
	opaque := func(doc string) strict.Shape { return strict.Shape{Doc: doc, Opaque: true} }
	storeURL := strict.Key{Name: "url", Shape: text("The engine; embedded unless stated.", "")}
	keys := func(doc string, k ...strict.Key) strict.Shape {
		return strict.Shape{Doc: doc, Forms: strict.Map, Keys: k}
	}
	return keys("Signalbox's configuration.", slices.Concat([]strict.Key{
		{Name: "listen", Shape: text("Address of the page and all APIs.", DefaultListen)},
		{Name: "data", Shape: text("Data directory.", DefaultData)},
		{Name: "external_url", Shape: text("How people reach the page; used in mails.", "https://signalbox.irs.example")},
		{Name: "tls", Shape: keys("Encryption of the page and the APIs.",
			strict.Key{Name: "config_file", Required: true, Shape: text("A web configuration file as Prometheus' own programs read it.", "web.yml")})},
		{Name: "global", Shape: opaque("Prometheus' own: scrape_interval, external_labels and so on.")},
		{Name: "scrape_configs", Shape: opaque("Prometheus' own.")},
		{Name: "scrape_config_files", Shape: opaque("Prometheus' own.")},
		{Name: "scrape_fixes", Shape: keys("What to mend in answers that are not as they should be.",
			strict.Key{Name: "json_string", Shape: list("Jobs whose targets answer with one JSON string.", "[efile]")})},
		{Name: "rule_files", Shape: opaque("Prometheus' own.")},
		{Name: "alerting", Shape: opaque("Alertmanager's own configuration.")},
		{Name: "policies", Shape: list("Files with KPI documents.", "[policies/*.yaml]")},
		{Name: "storage", Shape: keys("Where things are kept.",
			strict.Key{Name: "metrics", Shape: keys("Samples.", storeURL,
				strict.Key{Name: "retention", Shape: text("How long.", "40d")},
				strict.Key{Name: "max_bytes", Shape: text("How much at most.", "20GiB")},
				strict.Key{Name: "out_of_order", Shape: text("How late a sample may come.", "1h")})},
			strict.Key{Name: "kpi", Shape: keys("KPI datapoints.",
				strict.Key{Name: "retention", Shape: text("How long.", "25mo")})},
			strict.Key{Name: "rows", Shape: keys("Logs, spans, events.", storeURL,
				strict.Key{Name: "query_memory", Shape: text("Memory of questions and of the rows that are not sealed yet.", "640MiB")},
				strict.Key{Name: "retention", Shape: keys("How long.",
					strict.Key{Name: "logs", Shape: text("", "30d")},
					strict.Key{Name: "spans", Shape: text("", "14d")},
					strict.Key{Name: "events", Shape: text("", "25mo")})})},
			strict.Key{Name: "state", Shape: keys("Silences, who was told, sign-ins.", storeURL)})},
		{Name: "durability", Shape: strict.Shape{Doc: "What an acknowledged sample survives: a killed process, or power loss too.", Enum: []string{"process", "fsync"}}},
		{Name: "egress", Shape: keys("Where the server may connect to on behalf of people and policies.",
			strict.Key{Name: "allow", Shape: list("Loopback and private networks that are allowed.", "[10.0.0.0/8]")})},
		{Name: "secrets", Shape: strict.Shape{Doc: "Secrets by name.", Forms: strict.Map, Example: "{smtp: {value: \"${SMTP_PASSWORD}\"}}", Each: &strict.Shape{
			Forms: strict.Map, Secret: true, Example: "{value: \"${SMTP_PASSWORD}\"} or {file: /run/secrets/smtp}", Keys: []strict.Key{
				{Name: "value", Shape: text("The secret, or ${NAME} of an environment variable.", "\"${SMTP_PASSWORD}\"")},
				{Name: "file", Shape: text("A file that holds it.", "/run/secrets/smtp")}}}}},
		{Name: "host", Shape: keys("The agent that measures this machine.",
			strict.Key{Name: "enabled", Shape: strict.Shape{Doc: "On unless stated.", Types: []string{"boolean"}}},
			strict.Key{Name: "interval", Shape: text("How often.", "15s")})},
	}, rowsShape(), governShape(), exportShape(), probeShape())...)
}
