package duckdb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Attributes that many rows of a file have get a column of their own when the file is made: a column compresses by itself,
// and reading it does not read the others. The rest stays in the map.
const (
	maxPromoted   = 32 // attributes of a file that get a column
	promotedShare = 20 // which one row of so many has
	promoteSample = 50_000
)

// promotedName is what the name of an attribute must be like to become a column's. Case does not count in columns' names.
var promotedName = regexp.MustCompile(`^[A-Za-z0-9_./:-]{1,100}$`)

// promotedColumn names the column of an attribute, quoted for SQL.
func promotedColumn(key string) string { return `"@` + key + `"` }

// promoted is what a file with columns for these keys says of them.
func promoted(keys []string) map[string]string {
	m := map[string]string{}
	for _, k := range keys {
		m[k] = promotedColumn(k)
	}
	return m
}

// promotable picks the keys of the map that are worth a column from rows of a table.
func (p *shop) promotable(table string, rows int64, besides []string) (keys []string, err error) {
	step := max(1, rows/promoteSample)
	q := &question{}
	fmt.Fprintf(q, "SELECT key FROM (SELECT unnest(map_keys(attrs)) AS key FROM %s WHERE rowid %% %d = 0) GROUP BY key HAVING count(*) * %d >= %d ORDER BY count(*) DESC, key LIMIT %d",
		table, step, promotedShare*step, rows, maxPromoted)
	keys = slices.Clone(besides)
	err = askOn(p.conn, q, func(c chunk) error {
		for _, t := range column[text](c, 0) {
			k := t.String()
			same := func(other string) bool { return strings.EqualFold(k, other) }
			if promotedName.MatchString(k) && !slices.ContainsFunc(keys, same) {
				keys = append(keys, strings.Clone(k))
			}
		}
		return nil
	})
	return keys, err
}

// promote returns a select of rows, which are a select of columnsAll and the columns that has names, with a column for each key.
func promote(rows string, has map[string]string, keys []string) string {
	var inner, count, list, outer strings.Builder
	for i, k := range keys {
		fmt.Fprintf(&outer, ", c%d AS %s", i, promotedColumn(k))
		if col, ok := has[k]; ok {
			fmt.Fprintf(&inner, ", %s AS c%d", col, i)
			continue
		}
		fmt.Fprintf(&inner, ", attrs[%s] AS c%d", quote(k), i)
		fmt.Fprintf(&count, " + (c%d IS NOT NULL)::INTEGER", i)
		fmt.Fprintf(&list, ", %s", quote(k))
	}
	attrs := "attrs"
	if list.Len() > 0 {
		attrs = "CASE WHEN cardinality(attrs) = 0" + count.String() + " THEN MAP([], [])::MAP(VARCHAR, VARCHAR) ELSE " +
			"map_from_entries(list_filter(map_entries(attrs), lambda e: NOT list_contains([" + list.String()[2:] + "], e.key))) END AS attrs"
	}
	return "SELECT " + strings.Replace(columnsAll, "attrs", attrs, 1) + outer.String() + " FROM (SELECT *" + inner.String() + " FROM (" + rows + "))"
}

// demoted returns columnsAll of a source with all attributes in the map again.
func (s source) demoted() string {
	if len(s.Promoted) == 0 {
		return columnsAll
	}
	var list []string
	for k, col := range s.Promoted {
		list = append(list, fmt.Sprintf("{'key': %s, 'value': %s}", quote(k), col))
	}
	slices.Sort(list)
	return strings.Replace(columnsAll, "attrs", "map_from_entries(list_concat(map_entries(attrs), list_filter(["+strings.Join(list, ", ")+"], lambda e: e.value IS NOT NULL))) AS attrs", 1)
}
