package statestore

import "strings"

// Statements splits .sql files into their statements: each begins with a line "-- name: NAME". A semicolon at its end is left out.
func Statements(files ...string) map[string]string {
	m := map[string]string{}
	for _, file := range files {
		for _, part := range strings.Split(file, "-- name: ")[1:] {
			name, body, _ := strings.Cut(part, "\n")
			m[strings.TrimSpace(name)] = strings.TrimSuffix(strings.TrimSpace(body), ";")
		}
	}
	return m
}
