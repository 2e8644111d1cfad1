// Package scrape pulls samples from targets with Prometheus' own scrape and discovery managers, from scrape_configs in
// Prometheus' own format. Around them it keeps what they leave out: bounds where a job states none, a state of every target
// with the sentence that says how to mend it, and the decoding of a /metrics that answers one quoted JSON string, for jobs
// that ask for it.
//
// The room trusts its targets' addresses (they come from the configuration file) and nothing that they answer. It discovers
// by static, file, HTTP and DNS only.
package scrape
