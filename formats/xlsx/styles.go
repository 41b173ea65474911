package xlsx

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
)

// shows is what the number format of a style makes of a number.
type shows uint8

const (
	showsNumber shows = iota
	showsDate         // a day
	showsMoment       // a day with a time
	showsClock        // a time of the day
)

// styles is the part that says how cells look.
type styles struct {
	formats []shows // by style
	copied  []byte  // the part for an output; nil when there is none
}

// has reports whether there is a style of that number. The first needs no declaration.
func (s *styles) has(style uint32) bool { return style == 0 || int64(style) < int64(len(s.formats)) }

// shows returns what a style makes of numbers.
func (s *styles) shows(style uint32) shows {
	if int64(style) >= int64(len(s.formats)) {
		return showsNumber
	}
	return s.formats[style]
}

func readStyles(data []byte) (*styles, error) {
	var sheet struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Styles []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := xml.Unmarshal(data, &sheet); err != nil {
		return nil, errTag
	}
	custom := map[int]shows{}
	for _, f := range sheet.Formats {
		custom[f.ID] = codeShows(f.Code)
	}
	s := &styles{}
	for _, style := range sheet.Styles {
		kind, said := custom[style.Format]
		if !said {
			kind = builtinShows(style.Format)
		}
		s.formats = append(s.formats, kind)
	}
	var err error
	s.copied, err = looks(data, []string{
		"numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles", "colors",
	})
	return s, err
}

// builtinShows knows the number formats that a workbook need not declare: ECMA-376 part 1, 18.8.30, with those of the
// Chinese, Japanese and Korean editions (27 to 36 and 50 to 58).
func builtinShows(id int) shows {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return showsDate
	case id == 22:
		return showsMoment
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id == 55, id == 56:
		return showsClock
	}
	return showsNumber
}

// codeShows reads the first section of a format code, which is that of positive numbers. What stands in quotes, behind
// a backslash or in brackets is no code. An elapsed time, [h]:mm, is a number: it is of no day.
func codeShows(code string) shows {
	if strings.HasPrefix(strings.ToLower(code), "general") {
		return showsNumber
	}
	code, ok := bareCode(strings.ToLower(code))
	if !ok {
		return showsNumber
	}
	hasDay, hasClock := strings.ContainsAny(code, "yd"), strings.ContainsAny(code, "hs")
	for i := range code { // m is a month, or minutes beside hours or seconds
		hasDay = hasDay || code[i] == 'm' && !clockBeside(code, i)
	}
	switch {
	case hasDay && hasClock:
		return showsMoment
	case hasDay:
		return showsDate
	case hasClock:
		return showsClock
	}
	return showsNumber
}

// bareCode returns the first section without what it shows as it stands; false when that is no end to be found, or an
// elapsed time.
func bareCode(code string) (string, bool) {
	var bare strings.Builder
	for i := 0; i < len(code) && code[i] != ';'; i++ {
		switch code[i] {
		case '"', '[':
			end := byte('"')
			if code[i] == '[' {
				end = ']'
			}
			n := strings.IndexByte(code[i+1:], end)
			if n < 0 {
				return "", false
			}
			word := code[i+1 : i+1+n]
			if end == ']' && word != "" && strings.Contains("hms", word[:1]) && strings.Trim(word, word[:1]) == "" {
				return "", false
			}
			i += n + 1
		case '\\', '_', '*':
			i++
		default:
			bare.WriteByte(code[i])
		}
	}
	return bare.String(), true
}

// clockBeside reports whether the letters m at i follow hours or come before seconds, or are the M of AM/PM.
func clockBeside(code string, i int) bool {
	before := strings.TrimRight(code[:i], "m: .-/")
	after := strings.TrimLeft(code[i:], "m: .-/")
	return strings.HasSuffix(before, "h") || strings.HasSuffix(before, "a") || strings.HasSuffix(before, "p") || strings.HasPrefix(after, "s")
}

// looks copies the elements of a part that says how things look, and nothing else of it: no text between tags, no
// comment, no extension. Of the root's children those named are copied; all when none is named.
func looks(data []byte, children []string) ([]byte, error) {
	s := scanner{data: bytes.TrimPrefix(data, []byte(mark))}
	out := []byte(declaration)
	depth, skip := 0, 0 // skip is the depth of the element that is left out, 0 when none is
	for {
		if err := s.next(); err != nil {
			return nil, err
		}
		if s.kind == tokenEnd {
			return out, nil
		}
		if s.isTag() {
			depth++
			local := string(localName(s.name))
			if skip == 0 && (local == "extLst" || depth == 2 && len(children) > 0 && !slices.Contains(children, local)) {
				skip = depth
			}
		}
		if skip == 0 && s.kind != tokenText {
			out = append(out, s.raw()...)
		}
		if s.kind == tokenClose || s.kind == tokenEmpty {
			if skip == depth {
				skip = 0
			}
			depth--
		}
	}
}

// declaration stands at the beginning of every part.
const declaration = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

func localName(name []byte) []byte { return name[bytes.IndexByte(name, ':')+1:] }
