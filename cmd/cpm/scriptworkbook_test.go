package main

import (
	"encoding/csv"
	"errors"
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
// is left out; ^ is merged with the cell above and < with that on its left; every other is a text. A sheet whose name
// begins with hidden is hidden.
func workbook(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: workbook TO.xlsx FROM.csv…")
	}
	book := excelize.NewFile()
	defer func() { ts.Check(book.Close()) }()
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
				ts.Check(fillCell(book, name, cell, text))
			}
		}
		ts.Check(book.SetSheetVisible(name, !strings.HasPrefix(name, "hidden")))
	}
	ts.Check(book.SaveAs(ts.MkAbs(args[0])))
}

// fillCell writes a text into a cell, as workbook says.
func fillCell(book *excelize.File, sheet, cell, text string) error {
	number, notNumber := strconv.ParseInt(text, 10, 64)
	formula, isFormula := strings.CutPrefix(text, "=")
	at, notDate := time.Parse(time.DateOnly, text)
	switch {
	case notNumber == nil:
		return book.SetCellInt(sheet, cell, number)
	case isFormula:
		return book.SetCellFormula(sheet, cell, formula)
	case text == "^" || text == "<":
		x, y, err := excelize.CellNameToCoordinates(cell)
		if err != nil {
			return err
		}
		from, err := excelize.CoordinatesToCellName(x-strings.Count(text, "<"), y-strings.Count(text, "^"))
		if err != nil {
			return err
		}
		return book.MergeCell(sheet, from, cell)
	case notDate == nil:
		code := "yyyy-mm-dd"
		day, err := book.NewStyle(&excelize.Style{CustomNumFmt: &code})
		if err != nil {
			return err
		}
		return errors.Join(book.SetCellValue(sheet, cell, at), book.SetCellStyle(sheet, cell, cell, day))
	case text == "":
		return nil
	}
	return book.SetCellStr(sheet, cell, text)
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
