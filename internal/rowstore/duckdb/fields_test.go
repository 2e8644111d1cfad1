package duckdb

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// fieldColumns are the columns of a row's fields.
var fieldColumns = map[string]int{
	"Time": colTime, "Received": colReceived, "Span": colSpan, "Parent": colParent, "Service": colService, "Env": colEnv, "Agency": colAgency,
	"Version": colVersion, "Release": colRelease, "Source": colSource, "Trust": colTrust, "User": colUser, "Session": colSession,
	"Business": colBusiness, "Name": colName, "Route": colRoute, "Kind": colKind, "Severity": colSeverity, "Status": colStatus,
	"Duration": colDuration, "Value": colValue, "ErrorType": colErrorType, "Body": colBody, "Detail": colDetail, "Weight": colWeight,
}

// distinctRow returns a row of which each field has a value of its own, and these values as DuckDB prints them.
func distinctRow(t *testing.T, n int) (row rowstore.Row, printed [columns]string) {
	v := reflect.ValueOf(&row).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		col, own := fieldColumns[field.Name]
		value := 100*n + i + 1
		switch {
		case field.Name == "Trace":
			row.Trace = rowstore.TraceIDOf(uint64(900+n), uint64(950+n))
			printed[colTraceHi], printed[colTraceLo] = fmt.Sprint(900+n), fmt.Sprint(950+n)
			continue
		case field.Name == "Attrs" || field.Name == "Resource" || field.Name == "Told": // the last is not stored
			continue
		case !own:
			t.Fatalf("the row's field %s has no column here", field.Name)
		case col == colTime || col == colReceived:
			v.Field(i).SetInt(indexStart + int64(value))
			printed[col] = fmt.Sprint(indexStart + int64(value))
			continue
		case field.Type.Kind() == reflect.String:
			v.Field(i).SetString(fmt.Sprintf("%s of row %d", field.Name, n))
			printed[col] = v.Field(i).String()
			continue
		}
		v.Field(i).Set(reflect.ValueOf(value).Convert(field.Type))
		printed[col] = fmt.Sprint(value)
		if v.Field(i).CanFloat() {
			printed[col] += ".0"
		}
	}
	row.Attrs = []rowstore.Attr{{Key: "key", Value: fmt.Sprint("value ", n)}}
	printed[colAttrs] = fmt.Sprintf("{key=value %d}", n)
	row.Resource = &rowstore.Resource{JSON: fmt.Sprintf(`{"host":"h%d"}`, n), Attrs: []rowstore.Attr{{Key: "host", Value: fmt.Sprint("h", n)}}}
	printed[colResource] = row.Resource.JSON
	return row, printed
}

// TestEachFieldHasItsColumn follows each field through the log, the hot table and the sealed file, where values that all rows
// have are stored in another way than those that differ, and looks for it under its name and in the row that comes back.
func TestEachFieldHasItsColumn(t *testing.T) {
	for _, rows := range []int{1, 2} {
		dir := t.TempDir()
		s := indexedStore(t, dir)
		b := &rowstore.Batch{Table: rowstore.Logs}
		var want []rowstore.Row
		var printed [][columns]string
		for n := range rows {
			row, text := distinctRow(t, n)
			want, printed = append(want, row), append(printed, text)
			to := b.Add()
			*to = row
			to.Attrs = nil
			b.Attr("key", row.Attrs[0].Value)
		}
		require.NoError(t, s.Write(t.Context(), b))
		for _, where := range []string{"hot", "hot again", "sealed"} {
			switch where {
			case "hot again": // from the log
				require.NoError(t, s.Close())
				s = indexedStore(t, dir)
			case "sealed":
				require.NoError(t, s.Settle(t.Context()))
			}
			got, err := s.Find(t.Context(), rowstore.Find{Table: rowstore.Logs, Oldest: true})
			require.NoError(t, err)
			require.Equal(t, want, got, where)
			require.Equal(t, printed, printedRows(t, s, where == "sealed"), where)
		}
	}
}

// printedRows returns each column of each log record, as DuckDB prints them, in order of time.
func printedRows(t *testing.T, s *Store, sealed bool) (out [][columns]string) {
	r, err := s.reading(t.Context(), rowstore.Logs, rowstore.Between{})
	require.NoError(t, err)
	defer r.Close()
	require.Len(t, r.Sources, 1)
	src := r.Sources[0]
	require.Equal(t, sealed, src.Sealed())
	list := strings.NewReplacer("time,", "epoch_us(time),", "received,", "epoch_us(received),").Replace(src.demoted())
	found, err := r.Conn.QueryContext(t.Context(), fmt.Sprintf("SELECT COLUMNS(*)::VARCHAR FROM (SELECT %s FROM %s ORDER BY time)", list, src.Name))
	require.NoError(t, err)
	defer found.Close()
	for found.Next() {
		var row [columns]string
		var into []any
		for col := range row {
			into = append(into, &row[col])
		}
		require.NoError(t, found.Scan(into...))
		out = append(out, row)
	}
	require.NoError(t, found.Err())
	return out
}
