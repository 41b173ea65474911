package consentload

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cpm/formats/fault"
)

func TestColumnsArePickedByTheirUsualNames(t *testing.T) {
	kinds := newTestKinds(t)
	for name, c := range map[string]struct {
		header []string
		kind   Kind
		index  int
		over   []int
	}{
		"the kind's own name":              {[]string{"id", "Phone"}, "phone", 1, nil},
		"case, spaces, _ and - are folded": {[]string{" MOBILE_Phone- "}, "phone", 0, nil},
		"a byte order mark is no matter":   {[]string{"\ufeffemail"}, "email", 0, nil},
		"the mobile before the landline":   {[]string{"电话", "手机号"}, "phone", 1, []int{0}},
		"the phone before the landline":    {[]string{"tel", "phone"}, "phone", 1, []int{0}},
		"the mailbox before the message":   {[]string{"邮件", "电子邮箱"}, "email", 1, []int{0}},
		"the customer id":                  {[]string{"Customer ID"}, "customer_id", 0, nil},
		"the member's number":              {[]string{"会员号"}, "customer_id", 0, nil},
		"the WeChat openid":                {[]string{"wechat_openid"}, "openid", 0, nil},
		"the union id":                     {[]string{"UnionID"}, "unionid", 0, nil},
		"the device id":                    {[]string{"deviceId"}, "device_id", 0, nil},
		"a declared kind's name":           {[]string{"Loyalty Card"}, "loyalty_card", 0, nil},
		"a declared column":                {[]string{"card_no"}, "loyalty_card", 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			index, over, err := kinds.PickColumn(c.header, c.kind)
			if err != nil || index != c.index || cmp.Diff(c.over, over) != "" {
				t.Errorf("got %d, %v, %v; want %d, %v", index, over, err, c.index, c.over)
			}
		})
	}
}

func TestEveryUsualNameIsKnown(t *testing.T) {
	kinds := newTestKinds(t)
	for kind, names := range map[Kind]string{
		"phone": "phone, mobile, cell, tel, telephone, msisdn, phone number, mobile phone, mobile number, " +
			"手机, 手机号, 手机号码, 电话, 电话号码, 联系电话, 联系方式",
		"email":       "email, mail, email address, 邮箱, 电子邮箱, 邮件, 邮箱地址",
		"openid":      "openid, wechat openid",
		"unionid":     "unionid",
		"customer_id": "customer id, user id, member id, 客户id, 会员号",
		"device_id":   "device id",
	} {
		for name := range strings.SplitSeq(names, ", ") {
			if matches := kinds.MatchColumns([]string{"x", strings.ToUpper(name)}, kind); len(matches) != 1 || matches[0].Index != 1 {
				t.Errorf("%s is no column of %s: %v", name, kind, matches)
			}
		}
	}
}

func TestColumnsThatCannotBePicked(t *testing.T) {
	kinds := newTestKinds(t)
	for name, c := range map[string]struct {
		header   []string
		what     []string
		mend     string
		unspoken string
	}{
		"no usual name":      {[]string{"name", "城市"}, []string{`"name"`, `"城市"`}, "--id phone=COLUMN", "--no-header"},
		"two equal ones":     {[]string{"mobile", "手机号", "电话"}, []string{`2 columns`, `"mobile", "手机号"`}, "--id phone=COLUMN", ""},
		"the same one twice": {[]string{"phone", "Phone"}, []string{"2 columns"}, "--id phone=#1", ""},
		"a first row of data": {
			[]string{"Ann", "13800138000", "ann@example.com", "oAbC123dEfGhIjKlMnOpQrStUvWx"},
			[]string{`"Ann", column 2, column 3, column 4`},
			"--no-header", "138",
		},
		"full-width data": {[]string{"１３８００１３８０００"}, []string{"column 1"}, "--no-header", "１３８"},
		"a wide table":    {make([]string, 100), []string{"and 40 more"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			index, _, err := kinds.PickColumn(c.header, "phone")
			checkHeaderFault(t, err, c.mend, c.what...)
			if index != -1 {
				t.Errorf("column %d was picked", index)
			}
			if c.unspoken != "" && strings.Contains(err.Error()+mendOf(err), c.unspoken) {
				t.Errorf("%v tells %s", err, c.unspoken)
			}
		})
	}
}

// mendOf returns what a fault says should be done.
func mendOf(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return ""
	}
	return f.Mend
}

func checkHeaderFault(t *testing.T, err error, mend string, what ...string) {
	t.Helper()
	if fault.KindOf(err) != fault.Usage || !strings.Contains(mendOf(err), mend) {
		t.Fatalf("got %v", err)
	}
	for _, text := range what {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v does not say %s", err, text)
		}
	}
}

func TestColumnsAreFoundByNameOrPosition(t *testing.T) {
	header := []string{"id", "Mobile", "mobile", "手 机", "x", "x", "#5"}
	for spec, want := range map[string]int{
		"#1": 0, "#4": 3, "#007": 6, "mobile": 2, "Mobile": 1, "ID": 0, "手机": 3, "手_机": 3,
	} {
		if got, err := FindColumn(header, spec); err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", spec, got, err, want)
		}
	}
	for spec, what := range map[string]string{
		"MOBILE":                `2 columns are named "MOBILE": #2, #3`,
		"x":                     `2 columns are named "x": #5, #6`,
		"fax":                   `no column is named "fax"`,
		"":                      `no column is named ""`,
		"#0":                    "no column #0: there are 7",
		"#8":                    "no column #8: there are 7",
		"#99999999999999999999": "there are 7",
		"#5":                    `another column is named "#5"`,
		"13800138000":           "no column is named as the flag says",
	} {
		index, err := FindColumn(header, spec)
		if index != -1 {
			t.Errorf("%s: found column %d", spec, index)
		}
		checkHeaderFault(t, err, "--id KIND=COLUMN", what, `(columns: "id", `)
	}
}
