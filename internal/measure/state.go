package measure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/gopar-project/gopar/display"
)

// Memory is what the process of the cells uses, as text.
func Memory() display.Bundle {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	rows := [][2]string{
		{"heap in use", fmt.Sprintf("%s in %s objects", size(m.HeapAlloc), thousands(int(m.HeapObjects)))},
		{"held from the system", size(m.Sys - m.HeapReleased)},
		{"allocated so far", fmt.Sprintf("%s, of which %s were freed", size(m.TotalAlloc), size(m.TotalAlloc-m.HeapAlloc))},
		{"garbage collections", fmt.Sprintf("%d, paused %s in all", m.NumGC, threeDigits(float64(m.PauseTotalNs)))},
		{"goroutines", strconv.Itoa(runtime.NumGoroutine())},
	}
	if rss, ok := resident(); ok {
		rows = append([][2]string{{"resident", size(rss)}}, rows...)
	}
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%-21s %s\n", r[0], r[1])
	}
	return display.Text(strings.TrimRight(b.String(), "\n"))
}

// resident is the memory that the process has, where the system tells.
func resident() (uint64, bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	return pages * uint64(os.Getpagesize()), err == nil
}

func size(n uint64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for i < len(units)-1 && v >= 999.5 {
		v, i = v/1000, i+1
	}
	if i == 0 || v >= 99.95 {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}

// maxValue is how many letters of a value Values returns.
const maxValue = 60

// Values describes variables, each given by a pointer to it, in one line each, as
// a JSON array.
func Values(pointers ...any) display.Bundle {
	lines := make([]string, len(pointers))
	for i, p := range pointers {
		lines[i] = valueLine(reflect.ValueOf(p).Elem())
	}
	return display.JSON(lines)
}

func valueLine(v reflect.Value) (line string) {
	defer func() {
		if r := recover(); r != nil { // the value's own method panicked
			line = fmt.Sprintf("(its text panicked: %v)", r)
		}
	}()
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array, reflect.Chan:
		if n := v.Len(); n > maxValue {
			return fmt.Sprintf("%s elements", thousands(n))
		}
	case reflect.Func:
		if v.IsNil() {
			return "nil"
		}
		return "func"
	case reflect.String:
		if v.Len() > maxValue {
			return strconv.Quote(v.String()[:maxValue]) + "…"
		}
		return strconv.Quote(v.String())
	}
	text := strings.ReplaceAll(display.Text(v.Interface()).Text(), "\n", " ")
	if runes := []rune(text); len(runes) > maxValue {
		return string(runes[:maxValue]) + "…"
	}
	return text
}

// Clear sets the variable that pointer points to to nothing, so that what it held
// can be freed.
func Clear(pointers ...any) {
	for _, p := range pointers {
		reflect.ValueOf(p).Elem().SetZero()
	}
}

// Place is where shell commands of the session run: the working directory, then
// the environment, as a JSON array.
func Place() display.Bundle {
	dir, err := os.Getwd()
	if err != nil {
		dir = ""
	}
	return display.JSON(append([]string{dir}, os.Environ()...))
}

// previous is the working directory before the last Chdir.
var previous atomic.Pointer[string]

// Done is what a change came to: it shows the text, or is the cell's error.
type Done struct {
	Text string
	Err  error
}

// Show implements display.Shower.
func (d Done) Show(context.Context) (display.Bundle, error) {
	if d.Err != nil {
		return nil, d.Err
	}
	return display.Text(d.Text), nil
}

// Chdir changes the working directory and shows the new one. "" means the home
// directory, "-" the directory before, and "~" at the start the home directory.
func Chdir(dir string) Done {
	now, err := chdir(dir)
	return Done{now, err}
}

func chdir(dir string) (string, error) {
	old, err := os.Getwd()
	if err != nil {
		return "", err
	}
	switch {
	case dir == "-":
		p := previous.Load()
		if p == nil {
			return "", errors.New("there is no directory before this one")
		}
		dir = *p
	case dir == "" || dir == "~" || strings.HasPrefix(dir, "~/"):
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, strings.TrimPrefix(dir, "~"))
	}
	if err := os.Chdir(dir); err != nil {
		return "", err
	}
	previous.Store(&old)
	return os.Getwd()
}

// Setenv sets a variable of the environment and shows it as NAME=VALUE.
func Setenv(name, value string) Done { return Done{name + "=" + value, os.Setenv(name, value)} }
