// Package duckdb lets DuckDB judge the Parquet files that package formats/parquet writes. It is a module of its own,
// because DuckDB needs cgo and cpm does without.
package duckdb
