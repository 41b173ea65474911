package duckdb

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"

	"cpm/formats/parquet"
)

// open returns a DuckDB that reads rows in the order of the file.
func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	db.SetMaxOpenConns(1)
	for _, setting := range []string{"set threads = 1", "set preserve_insertion_order = true", "set TimeZone = 'UTC'"} {
		if _, err := db.Exec(setting); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// fixtures returns the files that can be read.
func fixtures(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../parquet/*.parquet")
	if err != nil || len(paths) < 12 {
		t.Fatalf("%d fixtures, %v", len(paths), err)
	}
	var readable []string
	for _, path := range paths {
		// DuckDB 1.5.6 reads BYTE_STREAM_SPLIT of floats alone, so that it cannot judge arrow_split.
		if name := filepath.Base(path); !strings.HasPrefix(name, "refused_") && name != "arrow_split.parquet" {
			readable = append(readable, path)
		}
	}
	return readable
}

// copyRows copies the kept rows of a file and returns their numbers.
func copyRows(from, to, extra string, keep func(int) bool) (kept []int, err error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return nil, err
	}
	f, err := parquet.Open(from, bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	out, err := os.Create(to)
	if err != nil {
		return nil, err
	}
	w, err := f.NewWriter(out, strings.Fields(extra)...)
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	first := 0
	for group := range f.Groups() {
		rows := f.GroupRows(group)
		s := parquet.Selection{Keep: make([]uint64, (rows+63)/64), Extra: [][]uint8{make([]uint8, rows)}, Words: []string{"even", "odd"}}
		for i := range rows {
			s.Extra[0][i] = uint8((first + i) % 2)
			if keep(first + i) {
				s.Keep[i/64] |= 1 << (i % 64)
				kept = append(kept, first+i)
			}
		}
		first += rows
		if rows == 0 {
			continue
		}
		part, err := w.Encode(group, s)
		if err != nil {
			return nil, errors.Join(err, out.Close())
		}
		if err := w.Append(part); err != nil {
			return nil, errors.Join(err, out.Close())
		}
	}
	return kept, errors.Join(w.Close(), out.Close())
}

// rows reads a query as text, a line a row.
func rows(db *sql.DB, query string) ([]string, error) {
	found, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	names, err := found.Columns()
	if err != nil {
		return nil, err
	}
	var lines []string
	values, pointers := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		pointers[i] = &values[i]
	}
	for found.Next() {
		if err := found.Scan(pointers...); err != nil {
			return nil, err
		}
		lines = append(lines, fmt.Sprintf("%v", values))
	}
	return lines, found.Err()
}

// text selects every column of a file as text, in the order of the file.
func text(db *sql.DB, path, where string) ([]string, error) {
	return rows(db, fmt.Sprintf("select columns(*)::varchar from (select * exclude (file_row_number) from read_parquet('%s', file_row_number = true) where %s order by file_row_number)", path, where))
}

// choices are the shares of rows that every file is copied with.
var choices = []struct {
	name  string
	share float64
}{{"none", 0}, {"few", 0.04}, {"half", 0.5}, {"many", 0.96}, {"all", 1}}

func TestDuckDBFindsTheKeptRowsInOrderAndTheSameSchema(t *testing.T) {
	db := open(t)
	for _, path := range fixtures(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			for _, choice := range choices {
				random := rand.New(rand.NewPCG(1, uint64(len(path))))
				out := filepath.Join(t.TempDir(), choice.name+".parquet")
				kept, err := copyRows(path, out, "", func(int) bool { return random.Float64() < choice.share })
				if err != nil {
					t.Fatalf("%s: %v", choice.name, err)
				}
				compareRows(t, db, path, out, kept)
				compareMetadata(t, db, path, out)
				compareStatistics(t, db, out)
			}
		})
	}
}

// compareRows holds the copy against the kept rows of the source: as sets of typed rows, and in order as text.
func compareRows(t *testing.T, db *sql.DB, from, to string, kept []int) {
	t.Helper()
	numbers := "-1"
	for _, row := range kept {
		numbers += fmt.Sprint(",", row)
	}
	source := fmt.Sprintf("(select * exclude (file_row_number) from read_parquet('%s', file_row_number = true) where file_row_number in (%s))", from, numbers)
	output := fmt.Sprintf("(from read_parquet('%s'))", to)
	for _, pair := range [][2]string{{source, output}, {output, source}} {
		extra, err := rows(db, fmt.Sprintf("select count(*) from (%s except all %s)", pair[0], pair[1]))
		if err != nil {
			t.Fatal(err)
		}
		if extra[0] != "[0]" {
			t.Errorf("%s: %s rows stand on one side alone", filepath.Base(to), extra[0])
		}
	}
	want, err := text(db, from, "file_row_number in ("+numbers+")")
	if err != nil {
		t.Fatal(err)
	}
	got, err := text(db, to, "true")
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != len(kept) || strings.Join(want, "\n") != strings.Join(got, "\n") {
		t.Errorf("%s: %d rows kept, %d found in the source, %d in the copy, or in another order", filepath.Base(to), len(kept), len(want), len(got))
	}
}

// compareMetadata holds schema and key/value metadata of the copy against the source's.
func compareMetadata(t *testing.T, db *sql.DB, from, to string) {
	t.Helper()
	for _, table := range []string{"parquet_schema", "parquet_kv_metadata"} {
		query := "select * exclude (file_name) from " + table + "('%s')"
		want, err := rows(db, fmt.Sprintf(query, from))
		if err != nil {
			t.Fatal(err)
		}
		got, err := rows(db, fmt.Sprintf(query, to))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Join(want, "\n") != strings.Join(got, "\n") {
			t.Errorf("%s differs:\n%s\n\n%s", table, strings.Join(want, "\n"), strings.Join(got, "\n"))
		}
	}
}

// compareStatistics holds what the copy's footer says of its columns against their values, and its codecs against none
// that the source has not.
func compareStatistics(t *testing.T, db *sql.DB, to string) {
	t.Helper()
	lies, err := rows(db, fmt.Sprintf(`select path_in_schema, stats_min_value, stats_max_value from parquet_metadata('%s')
		where stats_min_value > stats_max_value and type = 'BYTE_ARRAY' or bloom_filter_offset is not null or row_group_num_rows = 0`, to))
	if err != nil {
		t.Fatal(err)
	}
	if len(lies) > 0 {
		t.Errorf("statistics: %s", lies)
	}
}

func TestDuckDBFindsTheExtraColumnBehindTheOthers(t *testing.T) {
	db := open(t)
	for _, path := range fixtures(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.parquet")
			kept, err := copyRows(path, out, "cpm_reason", func(row int) bool { return row%3 != 0 })
			if err != nil {
				t.Fatal(err)
			}
			got, err := rows(db, fmt.Sprintf("select cpm_reason from '%s'", out))
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range kept {
				want := "[" + []string{"even", "odd"}[row%2] + "]"
				if len(got) != len(kept) || got[i] != want {
					t.Fatalf("row %d: %v, want %s of %d rows", i, got[min(i, len(got)-1)], want, len(kept))
				}
			}
			last, err := rows(db, fmt.Sprintf("select column_name from (describe from '%s')", out))
			if err != nil || last[len(last)-1] != "[cpm_reason]" {
				t.Errorf("%v, %v", last, err)
			}
		})
	}
}
