package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Names of the crowd. The given names of the cast (静, 娜, Emma, …) are left out, so that a search for one of the
// cast finds that one alone.
const (
	surnames = "王 李 张 刘 陈 杨 黄 赵 周 吴 徐 孙 马 朱 胡 郭 何 高 林 罗 郑 梁 谢 宋 唐 许 邓 冯 韩 曹 欧阳 司马"
	givens   = "伟 芳 军 洋 勇 艳 杰 娟 涛 明 超 霞 平 刚 秀英 桂英 建国 思远 子涵 雨桐 浩然 欣怡 梓萱 一诺 志远 佳怡"
	firsts   = "James Mary Robert Linda John Susan Michael Karen Daniel Laura Peter Alice Henry Grace Oliver Chloe Lucas Ruby"
	lasts    = "Smith Johnson Taylor Anderson Thomas Moore Jackson Martin Lee Walker Hall Young King Wright Scott Green"
	words    = "bamboo lotus river maple cloud plum tea willow crane jade pine sparrow silk moon"
	domains  = "example.com example.org example.net mail.example post.test"
)

// prefixes are mobile ranges that no operator has been given: well formed, and nobody's number.
const prefixes = "154 160 161 163 164 168 169"

// castPrefix begins the numbers of the cast; the crowd never has it.
const castPrefix = "1680000"

// person is one invented customer with every identifier that a touchpoint may record. What a touchpoint does record
// is up to it.
type person struct {
	name    string
	id      string // customer_id
	phone   string // eleven digits
	email   string // empty when never given
	openid  string
	unionid string
	handset string // device_id of the person's own phone
	car     string // device_id of the car's head unit
}

// dice is the one source of chance. PCG is an algorithm by name, so a seed means the same bytes on every machine.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 0))} }

func (d dice) percent(p int) bool { return d.IntN(100) < p }

// of returns one of the words of a list that is separated by spaces.
func (d dice) of(list string) string {
	fields := strings.Fields(list)
	return fields[d.IntN(len(fields))]
}

func (d dice) text(alphabet string, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = alphabet[d.IntN(len(alphabet))]
	}
	return string(out)
}

// crowd returns n people whose phone numbers and customer ids are all different.
func crowd(d dice, n int) []person {
	const wechat = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
	taken := make(map[string]bool, n)
	people := make([]person, 0, n)
	for len(people) < n {
		phone := d.of(prefixes) + d.text("0123456789", 8)
		if taken[phone] || strings.HasPrefix(phone, castPrefix) || phone == chenJing {
			continue
		}
		taken[phone] = true
		number := 100001 + len(people)
		p := person{
			name:    d.name(),
			id:      fmt.Sprintf("C%d", number),
			phone:   phone,
			openid:  "o" + d.text(wechat, 27),
			unionid: "u" + d.text(wechat, 27),
			handset: "hs-" + d.text("0123456789abcdef", 12),
			car:     "LSV" + d.text("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", 14),
		}
		if d.percent(65) {
			p.email = fmt.Sprintf("%s%d@%s", d.of(words), number, d.of(domains))
		}
		people = append(people, p)
	}
	return people
}

func (d dice) name() string {
	switch {
	case d.percent(75):
		return d.of(surnames) + d.of(givens)
	case d.percent(30):
		return d.of(lasts) + ", " + d.of(firsts)
	default:
		return d.of(firsts) + " " + d.of(lasts)
	}
}
