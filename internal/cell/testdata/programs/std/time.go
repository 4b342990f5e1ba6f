package main

import (
	"fmt"
	"time"
)

func main() {
	t := time.Date(2024, time.February, 28, 23, 30, 0, 0, time.UTC)
	u := t.Add(45 * time.Minute)
	fmt.Println(u.Format(time.RFC3339), u.Weekday(), u.Sub(t), t.Before(u), u.YearDay())
	d, err := time.ParseDuration("1h15m30.5s")
	fmt.Println(d, err, d.Hours(), d.Truncate(time.Minute))
	p, err := time.Parse("2006-01-02", "2023-12-25")
	fmt.Println(p, err)
	_, err = time.Parse("2006", "x")
	fmt.Println(err)
	fmt.Println(time.Duration(1500)*time.Millisecond, time.March, t.AddDate(0, 0, 2).Day())
}
