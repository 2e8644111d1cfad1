package app

import (
	"net"
	"reflect"
)

// restartKey is a key of signalbox.yaml that is read at the start alone.
type restartKey struct {
	name string
	of   func(*Config) any
}

// restartKeys lists them; what is not among them takes effect with a reload.
func restartKeys() []restartKey {
	return []restartKey{
		{"data", func(c *Config) any { return c.Data }},
		{"tls.config_file", func(c *Config) any { return c.WebConfigFile }},
		{"durability", func(c *Config) any { return c.FSync }},
		{"storage.metrics", func(c *Config) any { return c.Metrics }},
		{"storage.kpi", func(c *Config) any { return c.KPI }},
		{"host", func(c *Config) any { return c.Host }},
		{"sign_in", func(c *Config) any { return c.SignIn }},
		{"changes.cloudtrail", func(c *Config) any { return c.CloudTrail }},
		{"privacy.keys", func(c *Config) any { return c.PrivacyKeys }},
		{"otlp.grpc", func(c *Config) any { return c.Rows.GRPC }},
		{"otlp.http", func(c *Config) any { return c.Rows.HTTP }},
		{"otlp.business_ids", func(c *Config) any { return c.Rows.BusinessIDs }},
		{"otlp.promote_resource_attributes", func(c *Config) any { return c.Rows.Promote }},
		{"remote_write.protobuf_message", func(c *Config) any { return c.inline() }},
		{"SIGNALBOX_ADMIN_TOKEN", func(c *Config) any { return c.AdminToken }},
	}
}

// owed names the keys that say something else than what the server was started with, and that a reload does not change. A
// server that was given port 0 has another port than the file says.
func owed(begun, now *Config) []string {
	out := []string{}
	if _, port, err := net.SplitHostPort(now.Listen); now.Listen != begun.Listen && (err != nil || port != "0") {
		out = append(out, "listen")
	}
	if now.ExternalStated != begun.ExternalStated || now.ExternalStated && now.ExternalURL.String() != begun.ExternalURL.String() {
		out = append(out, "external_url")
	}
	for _, k := range restartKeys() {
		if !reflect.DeepEqual(k.of(begun), k.of(now)) {
			out = append(out, k.name)
		}
	}
	return out
}
