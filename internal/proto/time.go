package proto

import (
	"encoding/json"
	"fmt"
	"time"
)

// Time is an instant as ipyparallel writes it: ISO 8601 in UTC with
// microseconds and a Z. The zero Time is null.
type Time struct{ time.Time }

// layouts are tried in order; Python's isoformat omits the fraction when it is
// zero, and dates without a zone are UTC.
var layouts = [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02"}

// ParseTime reads an ISO 8601 date as Python writes it.
func ParseTime(s string) (Time, error) {
	if len(s) > 40 {
		return Time{}, fmt.Errorf("parse date: %d characters", len(s))
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return Time{t.UTC()}, nil
		}
	}
	return Time{}, fmt.Errorf("parse date %q: not ISO 8601", s)
}

// String returns the date as it goes on the wire, "" for the zero Time.
func (t Time) String() string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// MarshalJSON writes the date, or null for the zero Time.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000000Z"`), nil
}

// UnmarshalJSON reads a date, null, or the empty string.
func (t *Time) UnmarshalJSON(b []byte) error {
	var s *string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	if s == nil || *s == "" {
		*t = Time{}
		return nil
	}
	v, err := ParseTime(*s)
	*t = v
	return err
}
