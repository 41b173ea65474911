package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// workbook makes a workbook of CSV texts, a sheet for each, named by its file: "workbook TO.xlsx 名单.csv other.csv". A
// value of digits alone becomes a number, one of the form 2026-01-02 a date, one that begins with = a formula whose value
// is left out; every other is a text.
func workbook(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: workbook TO.xlsx FROM.csv…")
	}
	book := excelize.NewFile()
	defer func() { ts.Check(book.Close()) }()
	code := "yyyy-mm-dd"
	day, err := book.NewStyle(&excelize.Style{CustomNumFmt: &code})
	ts.Check(err)
	for i, from := range args[1:] {
		name := strings.TrimSuffix(filepath.Base(from), ".csv")
		if i == 0 {
			ts.Check(book.SetSheetName("Sheet1", name))
		} else {
			_, err := book.NewSheet(name)
			ts.Check(err)
		}
		rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(from))).ReadAll()
		ts.Check(err)
		for y, row := range rows {
			for x, text := range row {
				cell, err := excelize.CoordinatesToCellName(x+1, y+1)
				ts.Check(err)
				if at, err := time.Parse(time.DateOnly, text); err == nil {
					ts.Check(book.SetCellValue(name, cell, at))
					ts.Check(book.SetCellStyle(name, cell, cell, day))
				} else if n, err := strconv.ParseInt(text, 10, 64); err == nil {
					ts.Check(book.SetCellInt(name, cell, n))
				} else if formula, ok := strings.CutPrefix(text, "="); ok {
					ts.Check(book.SetCellFormula(name, cell, formula))
				} else if text != "" {
					ts.Check(book.SetCellStr(name, cell, text))
				}
			}
		}
	}
	ts.Check(book.SaveAs(ts.MkAbs(args[0])))
}

// cells writes what another reader shows of a workbook, the sheets and their rows: "cells FROM.xlsx TO.txt".
func cells(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: cells FROM.xlsx TO.txt")
	}
	book, err := excelize.OpenFile(ts.MkAbs(args[0]))
	ts.Check(err)
	defer func() { ts.Check(book.Close()) }()
	var out strings.Builder
	for _, name := range book.GetSheetList() {
		out.WriteString("[" + name + "]\n")
		rows, err := book.GetRows(name)
		ts.Check(err)
		for _, row := range rows {
			out.WriteString(strings.Join(row, "|") + "\n")
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(out.String()), 0o600))
}
