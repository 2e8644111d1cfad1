// Package sandbox runs SQL that people wrote, for `sql` indicators and for exploring, over the tables logs, spans and events.
//
// Nothing of it runs in this process. A child process parses the text with DuckDB's own parser and walks the tree: one
// SELECT, our three tables, listed functions, nothing else. Then it runs it, with one thread, a limit of memory that the
// kernel holds, no right to write a file, and a parent that kills it when its time is over. It sees sealed files read-only;
// rows that are not sealed yet come as an extract that the store made.
package sandbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	_ "github.com/duckdb/duckdb-go/v2" // its parser

	"github.com/signalbox/signalbox/internal/fault"
)

const (
	maxLength = 32 << 10 // bytes of SQL
	maxNested = 100      // brackets within one another
)

// Tables are the names that SQL may read from.
func Tables() []string { return []string{"logs", "spans", "events"} }

// Check says why SQL would not be run; nil if it would be. It parses in this process, which hostile text can keep busy for
// minutes: it is for command lines. A server asks Sandbox.Check. Errors are fault.Invalid.
func Check(text string) error {
	_, err := check(context.Background(), text)
	return err
}

// check returns the tables that the statement reads.
func check(ctx context.Context, text string) ([]string, error) {
	if len(text) > maxLength {
		return nil, fault.New(fault.TooLarge, "sql: %d bytes: want %d at most", len(text), maxLength)
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, fault.New(fault.Invalid, "sql: want text in UTF-8 without NUL")
	}
	if nested(text) > maxNested {
		return nil, fault.New(fault.Invalid, "sql: want at most %d brackets within one another", maxNested)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, set := range []string{"SET threads = 1", "SET enable_external_access = false", "SET lock_configuration = true"} {
		if _, err := db.ExecContext(ctx, set); err != nil {
			return nil, err
		}
	}
	var tree string
	if err := db.QueryRowContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", text).Scan(&tree); err != nil {
		return nil, fault.New(fault.Invalid, "sql: it cannot be parsed: %w", err)
	}
	var parsed struct {
		Error      bool              `json:"error"`
		Message    string            `json:"error_message"`
		Statements []json.RawMessage `json:"statements"`
	}
	if err := json.Unmarshal([]byte(tree), &parsed); err != nil {
		return nil, fmt.Errorf("read what the parser says: %w", err)
	}
	switch {
	case parsed.Error && strings.Contains(parsed.Message, "Only SELECT"):
		return nil, fault.New(fault.Invalid, "sql: want a SELECT; nothing else is run")
	case parsed.Error:
		return nil, fault.New(fault.Invalid, "sql: %s", parsed.Message)
	case len(parsed.Statements) != 1:
		return nil, fault.New(fault.Invalid, "sql: want one SELECT, not %d statements", len(parsed.Statements))
	}
	var statement any
	if err := json.Unmarshal(parsed.Statements[0], &statement); err != nil {
		return nil, fmt.Errorf("read what the parser says: %w", err)
	}
	w := &walker{}
	if err := w.walk(statement, nil); err != nil {
		return nil, err
	}
	slices.Sort(w.tables)
	return slices.Compact(w.tables), nil
}

// nested returns how deep brackets are nested, at most: quoted ones count too.
func nested(text string) (most int) {
	n := 0
	for _, c := range []byte(text) {
		switch c {
		case '(', '[', '{':
			n++
			most = max(most, n)
		case ')', ']', '}':
			n--
		}
	}
	return most
}

type walker struct {
	tables []string
}

// known are the kinds of nodes that are walked, by what the tree calls them: nodes, tables, classes of expressions.
var known = map[string]bool{
	"SELECT_NODE": true, "SET_OPERATION_NODE": true, "RECURSIVE_CTE_NODE": true, "CTE_NODE": true,
	"BASE_TABLE": true, "SUBQUERY": true, "JOIN": true, "TABLE_FUNCTION": true, "EMPTY": true, "EXPRESSION_LIST": true,
	"ORDER_MODIFIER": true, "LIMIT_MODIFIER": true, "LIMIT_PERCENT_MODIFIER": true, "DISTINCT_MODIFIER": true,
}

var classes = map[string]bool{"CONSTANT": true, "COLUMN_REF": true, "COMPARISON": true, "CONJUNCTION": true, "FUNCTION": true, "CASE": true, "CAST": true,
	"STAR": true, "SUBQUERY": true, "OPERATOR": true, "BETWEEN": true, "WINDOW": true, "LAMBDA": true, "COLLATE": true, "POSITIONAL_REFERENCE": true}

var orders = map[string]bool{"ORDER_DEFAULT": true, "ASCENDING": true, "DESCENDING": true}

// walk looks at a part of the tree; scope are the names that WITH gave.
func (w *walker) walk(x any, scope []string) error {
	switch x := x.(type) {
	case []any:
		for _, y := range x {
			if err := w.walk(y, scope); err != nil {
				return err
			}
		}
	case map[string]any:
		return w.node(x, scope)
	}
	return nil
}

func (w *walker) node(x map[string]any, scope []string) error {
	kind, _ := x["type"].(string)
	if class, ok := x["class"].(string); ok {
		if !classes[class] {
			return fault.New(fault.Invalid, "sql: %s is not to be used here", strings.ToLower(class))
		}
		if name, ok := x["function_name"].(string); ok {
			if err := function(x, name, functions); err != nil {
				return err
			}
		}
		if class == "CONSTANT" {
			return nil
		}
	} else if kind != "" && !known[kind] && !orders[kind] && !strings.HasSuffix(kind, "_TYPE_INFO") {
		return fault.New(fault.Invalid, "sql: %s is not to be used here", strings.ToLower(strings.ReplaceAll(kind, "_", " ")))
	}
	switch kind {
	case "BASE_TABLE":
		return w.table(x, scope)
	case "TABLE_FUNCTION":
		call, _ := x["function"].(map[string]any)
		name, _ := call["function_name"].(string)
		if class, _ := call["class"].(string); class != "FUNCTION" {
			return fault.New(fault.Invalid, "sql: want a function behind FROM")
		}
		if err := function(call, name, tableFunctions); err != nil {
			return err
		}
		return w.walk(call["children"], scope)
	case "RECURSIVE_CTE_NODE":
		if name, ok := x["cte_name"].(string); ok {
			scope = append(scope[:len(scope):len(scope)], strings.ToLower(name))
		}
	}
	// A name of WITH is good behind its own definition.
	if ctes, ok := x["cte_map"].(map[string]any); ok {
		list, _ := ctes["map"].([]any)
		for _, entry := range list {
			e, _ := entry.(map[string]any)
			if err := w.walk(e["value"], scope); err != nil {
				return err
			}
			name, _ := e["key"].(string)
			scope = append(scope[:len(scope):len(scope)], strings.ToLower(name))
		}
	}
	for key, y := range x {
		if key == "cte_map" {
			continue
		}
		if err := w.walk(y, scope); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) table(x map[string]any, scope []string) error {
	name, _ := x["table_name"].(string)
	schema, _ := x["schema_name"].(string)
	catalog, _ := x["catalog_name"].(string)
	low := strings.ToLower(name)
	if schema == "" && catalog == "" && slices.Contains(scope, low) {
		return nil
	}
	if schema != "" || catalog != "" || !slices.Contains(Tables(), low) {
		return fault.New(fault.Invalid, "sql: there is no table %q here; want %s, or a name from WITH", strings.TrimLeft(catalog+"."+schema+"."+name, "."), strings.Join(Tables(), ", "))
	}
	if x["at_clause"] != nil {
		return fault.New(fault.Invalid, "sql: AT is not to be used here")
	}
	w.tables = append(w.tables, low)
	return nil
}

func function(x map[string]any, name string, list map[string]bool) error {
	schema, _ := x["schema"].(string)
	catalog, _ := x["catalog"].(string)
	if (schema == "" || schema == "main") && catalog == "" && list[strings.ToLower(name)] {
		return nil
	}
	return fault.New(fault.Invalid, "sql: the function %q is not to be used here", strings.TrimLeft(catalog+"."+schema+"."+name, ".")).
		Hint("Functions that read or change anything but values, or that have no bound, are left out")
}
