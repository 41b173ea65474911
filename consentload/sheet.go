package consentload

import (
	"errors"
	"strconv"
	"strings"

	"cpm/formats"
	"cpm/formats/fault"
)

// openWhole opens a table of consent or of a list. A workbook of which several sheets hold cells is refused until one is
// named: to read the first alone would lose the refusals in the others, and nobody would know.
func openWhole(input formats.Input, options formats.Options) (formats.Reader, error) {
	options.Strict = true
	reader, err := formats.Open(input, options)
	if err != nil {
		return nil, err
	}
	book, ok := reader.(formats.SheetReader)
	if !ok || options.Sheet != "" {
		return reader, nil
	}
	sheets := book.Sheets()
	if len(sheets) <= 1 {
		return reader, nil
	}
	shown := make([]string, 0, mostListed)
	for _, name := range sheets[:min(len(sheets), mostListed)] {
		shown = append(shown, strconv.Quote(name))
	}
	err = fault.New(fault.Usage, input.Name, "%d sheets of the workbook hold cells, and one is read: %s", len(sheets), strings.Join(shown, ", ")).
		Hint("name it in the configuration: sheet: NAME; to read several, name the file once for each")
	return nil, errors.Join(err, reader.Close())
}
