package main

import (
	"fmt"
	"strconv"
	"strings"
)

const segmentHeader = "客户ID,手机号,email,姓名,city,等级,累计消费,备注"

// The segment's rows: customers of whom the exports may know something, strangers, and rows that stand there twice.
const (
	segmentRows = 10_000
	strangers   = 1_350
	repeats     = 450
	brokenEvery = 333 // one row in so many cannot be split
)

// segment returns the rows of the audience: the cast, then customers and strangers in random order.
func segment(d dice, members []member, known, unknown []person) []byte {
	var out []byte
	out = append(out, segmentHeader+"\n"...)
	rows := 0
	emit := func(row []string) {
		rows++
		out = appendRow(out, row)
	}
	for _, m := range members {
		emit(castRow(m, m.written))
		if m.name == "Sophie Brown" {
			emit(castRow(m, "+86"+m.phone))
		}
	}
	emit([]string{"C000013", "1.68E+10", "cast13@example.com", "何雪", "苏州", "银卡", "860.00", "Excel 打开过"})

	crowd := pickCrowd(d, known, unknown, segmentRows-rows)
	for i, p := range crowd {
		if i%brokenEvery == 200 {
			out = append(out, broken(d, p)+"\n"...)
			continue
		}
		emit(crowdRow(d, p))
	}
	return out
}

// pickCrowd returns n people in random order, repeats among them.
func pickCrowd(d dice, known, unknown []person, n int) []person {
	pool := append([]person(nil), known...)
	d.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	pool = append(pool[:n-len(unknown)-repeats], unknown...)
	for range repeats {
		pool = append(pool, pool[d.IntN(len(pool))])
	}
	d.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	return pool
}

func castRow(m member, written string) []string {
	return []string{m.id, written, m.email, m.name, "上海", "金卡", "1,280.00", m.note}
}

func crowdRow(d dice, p person) []string {
	phone := p.phone
	switch {
	case d.IntN(1200) == 0:
		phone = counter
	case d.percent(4):
		phone = spoiled(d, phone)
	case d.percent(35):
		phone = noisy(d, phone)
	}
	email := p.email
	if d.percent(5) {
		email = strings.ToUpper(email)
	}
	return []string{
		p.id, phone, email, p.name,
		d.of("上海 北京 深圳 广州 成都 杭州 Hangzhou Nanjing 西安 武汉 Chengdu 苏州"),
		d.of("普通 普通 普通 银卡 银卡 金卡 VIP"),
		spent(d), note(d),
	}
}

// spent is an amount with thousands separators, which is why the column is full of quoted commas.
func spent(d dice) string {
	yuan, fen := d.IntN(9000), d.IntN(100)
	if yuan < 1000 {
		return fmt.Sprintf("%d.%02d", yuan, fen)
	}
	return fmt.Sprintf("%d,%03d.%02d", yuan/1000, yuan%1000, fen)
}

func note(d dice) string {
	switch d.IntN(24) {
	case 0:
		return "喜欢\"限量款\", 周末联系"
	case 1:
		return "送货地址:\n示例路" + strconv.Itoa(1+d.IntN(200)) + "号, 3楼"
	case 2:
		return "said \"call after 6\"\nprefers English"
	case 3:
		return "27\" monitor" // a quote inside an unquoted field is data, and left as it is
	case 4:
		return "\"VIP\""
	case 5:
		return "生日: 5月"
	default:
		return ""
	}
}

// noisy writes a number as people and spreadsheets do; it is still the same number.
func noisy(d dice, phone string) string {
	a, b, c := phone[:3], phone[3:7], phone[7:]
	switch d.IntN(9) {
	case 0:
		return a + " " + b + " " + c
	case 1:
		return a + "-" + b + "-" + c
	case 2:
		return "+86" + phone
	case 3:
		return "+86 " + a + " " + b + " " + c
	case 4:
		return "0086" + phone
	case 5:
		return fullWidth(phone)
	case 6:
		return "'" + phone
	case 7:
		return phone + ".0"
	default:
		return " " + phone + " "
	}
}

// spoiled writes what is no number any more: nobody may guess which one it was.
func spoiled(d dice, phone string) string {
	switch d.IntN(7) {
	case 0, 1, 2:
		return ""
	case 3:
		return phone[:1] + "." + phone[1:3] + "E+10"
	case 4:
		return phone[:4+d.IntN(3)]
	case 5:
		return "无"
	default:
		return phone + "/" + phone[:6] + "00000"
	}
}

func fullWidth(digits string) string {
	return strings.Map(func(r rune) rune { return r - '0' + '０' }, digits)
}

// broken is a row that cannot be split into the columns of the header.
func broken(d dice, p person) string {
	switch d.IntN(3) {
	case 0: // a comma that nobody quoted
		return strings.Join([]string{p.id, p.phone, p.email, "示例", "上海", "普通", "12.00", "周末, 下午"}, ",")
	case 1: // cut off
		return strings.Join([]string{p.id, p.phone, p.email, "示例"}, ",")
	default: // text behind a closing quote
		return strings.Join([]string{p.id, p.phone, p.email, `"示例"先生`, "上海", "普通", "12.00", ""}, ",")
	}
}

// appendRow writes one row of CSV. A field is quoted only where RFC 4180 readers would otherwise split or unquote it.
func appendRow(out []byte, row []string) []byte {
	for i, field := range row {
		if i > 0 {
			out = append(out, ',')
		}
		if strings.ContainsAny(field, ",\n") || strings.HasPrefix(field, `"`) {
			field = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
		}
		out = append(out, field...)
	}
	return append(out, '\n')
}
