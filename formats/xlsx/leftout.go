package xlsx

import (
	"fmt"
	"slices"
)

// leftOut collects what an output does not have of its workbook and a user might miss.
type leftOut struct {
	words  []string
	sheets string // the word about other sheets
}

func (l *leftOut) add(word string) {
	if word != "" && !slices.Contains(l.words, word) {
		l.words = append(l.words, word)
	}
}

// find looks through the package.
func (l *leftOut) find(w *workbook) error {
	switch others := len(w.sheets) - 1; {
	case others == 1:
		l.sheets = "1 other sheet"
	case others > 1:
		l.sheets = fmt.Sprintf("%d other sheets", others)
	}
	l.add(l.sheets)
	if w.definedName {
		l.add("defined names")
	}
	relations, err := w.archive.relations(w.sheet.part)
	if err != nil {
		return err
	}
	for _, r := range append(relations, w.relations...) {
		l.add(relationHolds(r.kind()))
	}
	return nil
}

// relationHolds names what a part that is left out holds; nothing for what nobody misses.
func relationHolds(kind string) string {
	switch kind {
	case "comments", "threadedComment":
		return "comments"
	case "table":
		return "tables"
	case "drawing":
		return "drawings"
	case "oleObject", "package", "control", "ctrlProp":
		return "embedded objects"
	case "pivotTable", "pivotCacheDefinition":
		return "pivot tables"
	case "externalLink", "externalLinkPath":
		return "links to other workbooks"
	case "vbaProject", "xlMacrosheet":
		return "macros"
	case "chartsheet", "dialogsheet":
		return "chart sheets"
	case "customXml":
		return "custom XML"
	}
	return ""
}

// sheetHolds notes an element of the sheet that stands behind its rows.
func (l *leftOut) sheetHolds(element string) {
	switch element {
	case "mergeCells":
		l.add("merged cells")
	case "autoFilter", "sortState":
		l.add("filters")
	case "conditionalFormatting":
		l.add("conditional formats")
	case "dataValidations":
		l.add("data validations")
	case "hyperlinks":
		l.add("hyperlinks")
	case "sheetProtection", "protectedRanges":
		l.add("protection")
	}
}

// with returns the list with the words of what only the rows showed.
func (l *leftOut) with(words ...string) []string {
	all := slices.Clone(l.words)
	for _, word := range words {
		if !slices.Contains(all, word) {
			all = append(all, word)
		}
	}
	return all
}
