// Package unit is what compiled cells link against: the registry of the units
// that are loaded in this process and the storage of the session's variables.
//
// A unit is one lowered cell, compiled as package "cell/<hash>" and opened as a
// plugin (see internal/cell and internal/native). Its init function calls
// Register, so opening the plugin is all it takes to make a unit known, together
// with every unit it depends on.
//
// It is not an interpreter, does no I/O and knows no kernel: the runner sets the
// hooks (Hooks) and everything else is plain memory.
//
// Invariants:
//   - A unit registers at most once; the first registration of a hash wins, which
//     is right because units are content addressed.
//   - The box of a variable, once allocated, never moves and never changes its
//     type: compiled code keeps its address for the life of the process.
//   - All functions are safe for concurrent use.
package unit

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// PathPrefix is the import path prefix of units: the package of the unit with
// hash h is PathPrefix+h.
const PathPrefix = "cell/"

// FuncPrefix is put before the names of a unit's exported functions: a plugin may
// not have any.
const FuncPrefix = "gopar__x_"

// Table describes one loaded unit.
type Table struct {
	// Hash is the unit's content address.
	Hash string
	// Run executes the cell's statements; nil when the cell only declares.
	Run func()
	// Funcs are the functions other processes may ask for by name: the cell's
	// functions without type parameters and its lifted function literals.
	Funcs map[string]any
	// Types are the types the cell declares, by name; generic types are absent.
	Types map[string]reflect.Type
	// Reads lists, for each function of Funcs, the ids of the session variables
	// that it or a function it calls uses.
	Reads map[string][]string
}

var registry = struct {
	mu    sync.RWMutex
	units map[string]*Table
	boxes map[string]reflect.Value // pointer to the variable, by id
}{units: map[string]*Table{}, boxes: map[string]reflect.Value{}}

// Register makes a unit known. Generated code calls it from a unit's init.
func Register(t *Table) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if _, known := registry.units[t.Hash]; !known {
		registry.units[t.Hash] = t
	}
}

// Lookup returns the loaded unit with the given hash, nil if there is none.
func Lookup(hash string) *Table {
	registry.mu.RLock()
	defer registry.mu.RUnlock()
	return registry.units[hash]
}

// Var returns the address of the session variable id, which is allocated and
// zeroed on first use. zero is a nil pointer to the variable's type: the id
// contains that type, so two uses of one id always agree; if they do not, the
// lowering is broken and Var panics.
func Var(id string, zero any) unsafe.Pointer {
	t := reflect.TypeOf(zero).Elem()
	registry.mu.Lock()
	defer registry.mu.Unlock()
	box, ok := registry.boxes[id]
	if !ok {
		box = reflect.New(t)
		registry.boxes[id] = box
	}
	if box.Type().Elem() != t {
		panic(fmt.Sprintf("unit: variable %s is a %v, used as %v", id, box.Type().Elem(), t))
	}
	return box.UnsafePointer()
}

// Value returns a pointer to the session variable id, and whether it exists.
func Value(id string) (reflect.Value, bool) {
	registry.mu.RLock()
	defer registry.mu.RUnlock()
	box, ok := registry.boxes[id]
	return box, ok
}

// Box returns the session variable id, which is allocated and zeroed on first use. It
// returns an error when the variable exists with another type than t.
func Box(id string, t reflect.Type) (pointer reflect.Value, err error) {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	box, ok := registry.boxes[id]
	if !ok {
		box = reflect.New(t)
		registry.boxes[id] = box
	}
	if box.Type().Elem() != t {
		return reflect.Value{}, fmt.Errorf("variable %s is a %v, not a %v", id, box.Type().Elem(), t)
	}
	return box, nil
}

// Define gives the session variable id the value v, allocating it with v's type
// if it does not exist. It returns an error when the variable exists with a type
// that v is not assignable to.
func Define(id string, v reflect.Value) error {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	box, ok := registry.boxes[id]
	if !ok {
		box = reflect.New(v.Type())
		registry.boxes[id] = box
	}
	if !v.Type().AssignableTo(box.Type().Elem()) {
		return fmt.Errorf("variable %s is a %v, not a %v", id, box.Type().Elem(), v.Type())
	}
	box.Elem().Set(v)
	return nil
}

// Carry makes variable to share the memory of variable from, seen as type t: a
// type was declared anew with methods added, its layout is unchanged. It reports
// whether from exists; an existing variable to is left alone.
func Carry(from, to string, zero any) bool {
	t := reflect.TypeOf(zero).Elem()
	registry.mu.Lock()
	defer registry.mu.Unlock()
	box, ok := registry.boxes[from]
	if !ok {
		return false
	}
	if _, exists := registry.boxes[to]; !exists {
		registry.boxes[to] = reflect.NewAt(t, box.UnsafePointer())
	}
	return true
}

// FuncOf tells which unit's function f is: for a function declared in a cell its
// unit and name, for anything else ok is false. Function literals of cells have
// a generated name with a dot ("run.func1") and are not ok either: they may hold
// captured variables, which a name does not carry.
func FuncOf(f any) (hash, symbol string, ok bool) {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() {
		return "", "", false
	}
	fn := runtime.FuncForPC(v.Pointer())
	if fn == nil {
		return "", "", false
	}
	rest, ok := strings.CutPrefix(fn.Name(), PathPrefix)
	if !ok {
		return "", "", false
	}
	hash, symbol, ok = strings.Cut(rest, ".")
	if !ok || strings.ContainsAny(symbol, ".[") {
		return "", "", false
	}
	return hash, strings.TrimPrefix(symbol, FuncPrefix), true
}
