package benchmarks

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// filler are members that no pattern names, of the kinds that events have.
func filler(n int) string {
	var s strings.Builder
	for i := 0; s.Len() < n; i++ {
		switch i % 6 {
		case 0:
			fmt.Fprintf(&s, `,"deviceId%d":"8f14e45f-ceea-467f-9575-%012d"`, i, i*7919)
		case 1:
			fmt.Fprintf(&s, `,"reading%d":%d.%02d`, i, i*37%500, i*13%100)
		case 2:
			fmt.Fprintf(&s, `,"note%d":"delivered to the front desk, signed by the \"night\" porter"`, i)
		case 3:
			fmt.Fprintf(&s, `,"position%d":{"lat":%d.51234,"lon":-0.12%d,"fix":true}`, i, 40+i%20, i)
		case 4:
			fmt.Fprintf(&s, `,"at%d":"2026-05-%02dT12:%02d:00Z"`, i, 1+i%28, i%60)
		case 5:
			fmt.Fprintf(&s, `,"codes%d":[%d,%d,%d]`, i, i, i*3, i*5)
		}
	}
	return cut(s.String(), n)
}

// cut shortens the list of members to about n bytes, at a member's end.
func cut(s string, n int) string {
	for len(s) > n+40 {
		i := strings.LastIndex(s, `,"`)
		for strings.Count(s[i:], "{") != strings.Count(s[i:], "}") || strings.Count(s[:i], "{") != strings.Count(s[:i], "}") {
			i = strings.LastIndex(s[:i], `,"`)
		}
		if i <= 0 {
			break
		}
		s = s[:i]
	}
	return s
}

var sizes = []struct {
	name  string
	bytes int
}{{"300B", 300}, {"1KB", 1024}, {"8KB", 8192}}

// A shape is a kind of event and pattern.
type shape struct {
	name    string
	pattern string
	fields  string // of the event
	check   func(unmarshal func([]byte, any) error, event []byte) (bool, error)
	quamina bool // can express it
}

// Where the fields that the pattern names are: quamina stops as soon as it has
// seen them all, for it does not validate what follows.
const (
	early  = 0.1
	middle = 0.5
	late   = 0.9
)

// event makes an event of about that size, with so much of the filler before the
// fields.
func (s shape) event(size int, before float64) []byte {
	rest := size - len(s.fields) - 2
	head := filler(int(float64(rest) * before))
	tail := strings.ReplaceAll(filler(rest-len(head)), `,"`, `,"x`)
	e := []byte("{" + strings.TrimPrefix(head+","+s.fields, ",") + tail + "}")
	if !json.Valid(e) {
		panic(string(e))
	}
	return e
}

var shapes = []shape{
	{
		name:    "numeric",
		pattern: `{"data":{"tire_pressure":[{"numeric":["<",32]}]}}`,
		fields:  `"data":{"wheel":"front-left","tire_pressure":31.5}`,
		check: func(unmarshal func([]byte, any) error, event []byte) (bool, error) {
			var e struct {
				Data struct {
					TirePressure *float64 `json:"tire_pressure"`
				} `json:"data"`
			}
			err := unmarshal(event, &e)
			return err == nil && e.Data.TirePressure != nil && *e.Data.TirePressure < 32, err
		},
	},
	{
		name:    "lists",
		pattern: `{"body":{"status":["paid","settled","refunded"],"region":["eu-west-1","eu-central-1"]}}`,
		fields:  `"body":{"status":"settled","region":"eu-central-1"}`,
		check: func(unmarshal func([]byte, any) error, event []byte) (bool, error) {
			var e struct {
				Body struct{ Status, Region string } `json:"body"`
			}
			err := unmarshal(event, &e)
			s, r := e.Body.Status, e.Body.Region
			return err == nil && (s == "paid" || s == "settled" || s == "refunded") && (r == "eu-west-1" || r == "eu-central-1"), err
		},
		quamina: true,
	},
	{
		name:    "prefix",
		pattern: `{"eventName":["INSERT"],"dynamodb":{"NewImage":{"Status":{"S":[{"prefix":"paid-"}]}}}}`,
		fields: `"eventName":"INSERT","dynamodb":{"Keys":{"Id":{"N":"101"}},"NewImage":{"Id":{"N":"101"},"Status":{"S":"paid-in-full"}},` +
			`"SequenceNumber":"111","SizeBytes":26}`,
		check: func(unmarshal func([]byte, any) error, event []byte) (bool, error) {
			var e struct {
				EventName string `json:"eventName"`
				DynamoDB  struct {
					NewImage struct {
						Status struct{ S string }
					}
				} `json:"dynamodb"`
			}
			err := unmarshal(event, &e)
			return err == nil && e.EventName == "INSERT" && strings.HasPrefix(e.DynamoDB.NewImage.Status.S, "paid-"), err
		},
		quamina: true,
	},
	{
		name:    "but",
		pattern: `{"data":{"state":[{"anything-but":["test","draft"]}],"customer":[{"exists":true}]}}`,
		fields:  `"data":{"state":"open","customer":"c-17"}`,
		check: func(unmarshal func([]byte, any) error, event []byte) (bool, error) {
			var e struct {
				Data struct{ State, Customer *string } `json:"data"`
			}
			err := unmarshal(event, &e)
			return err == nil && e.Data.State != nil && *e.Data.State != "test" && *e.Data.State != "draft" && e.Data.Customer != nil, err
		},
		quamina: true,
	},
	{
		name:    "or",
		pattern: `{"data":{"kind":["order"],"$or":[{"amount":[{"numeric":[">",1000]}]},{"priority":["high"],"$or":[{"vip":[true]},{"region":["eu"]}]}]}}`,
		fields:  `"data":{"kind":"order","amount":99.5,"priority":"high","vip":false,"region":"eu"}`,
		check: func(unmarshal func([]byte, any) error, event []byte) (bool, error) {
			var e struct {
				Data struct {
					Kind     string
					Amount   float64
					Priority string
					VIP      bool
					Region   string
				} `json:"data"`
			}
			err := unmarshal(event, &e)
			d := &e.Data
			return err == nil && d.Kind == "order" && (d.Amount > 1000 || d.Priority == "high" && (d.VIP || d.Region == "eu")), err
		},
	},
}

// tenPatterns are ten, of which the last matches the shape's event.
func tenPatterns(last string) []string {
	var all []string
	for i := range 9 {
		n := strconv.Itoa(i)
		all = append(all, []string{
			`{"body":{"status":["other-` + n + `"],"region":["eu-west-` + n + `"]}}`,
			`{"body":{"status":[{"prefix":"x` + n + `"}]},"tenant":["t-` + n + `"]}`,
			`{"body":{"region":[{"anything-but":["eu-central-1","us-east-` + n + `"]}],"count":[` + n + `]}}`,
		}[i%3])
	}
	return append(all, last)
}
