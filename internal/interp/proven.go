package interp

// Proof says that a construct behaves in scripts as it does in compiled Go, and which test has shown it. A row with a Limit is
// proven only within it; lowering must compile what is beyond.
type Proof struct {
	// Construct names the construct.
	Construct string
	// Example is how a script writes it.
	Example string
	// Test is the name of the test, in this package's tests.
	Test string
	// Limit says where the proof ends, "" where it does not.
	Limit string
}

// Proven lists all constructs a script may contain. What is not here must be compiled; known to differ from compiled Go are a
// shift by a negative count (no panic), a failed type assertion (another error), slicing strings and arrays out of range, whatever
// declares types or methods, conversions to types that scripts cannot name, and goroutines (their panics end the process).
var Proven = []Proof{
	{"constant", `int8(-5), "s", float64(0.5), true`, "TestProven/constants", "written as a conversion to its basic type; not untyped, complex or rune literals"},
	{"session variable", `(*V_x)`, "TestProven/variables", "of any type, read through the pointer to its box"},
	{"definition and assignment of a session variable", `Def("x|int", e)`, "TestProven/definitions", "e has exactly the variable's type, which is not an interface"},
	{"error result into a variable", `r0, r1 := F(); DefError("err|error", r1)`, "TestProven/errors", ""},
	{"several results", `r0, r1 := F()`, "TestProven/several results", "as a statement of its own"},
	{"call of a cell's function", `F_f(int(1), (*V_s))`, "TestProven/calls", "arguments of exactly the parameters' types, or concrete values for interface parameters"},
	{"call of a host package's function", `strings.Repeat("a", int(3))`, "TestProven/host calls", "functions for which Known is true"},
	{"variadic arguments", `fmt.Sprint(int(1), "a")`, "TestProven/variadic", "listed one by one, not f(s...)"},
	{"method of a named type's value", `(*V_v).Name()`, "TestProven/methods", ""},
	{"method with pointer receiver", `V_v.Name()`, "TestProven/pointer methods", "on variables, through the pointer to the box"},
	{"method of a pointer variable", `(*V_p).Name()`, "TestProven/methods of pointers", "with pointer receiver"},
	{"method of an interface variable", `(*V_i).Name()`, "TestProven/interface methods", ""},
	{"field", `(*V_v).X`, "TestProven/fields", "exported, not promoted"},
	{"index of a slice", `(*V_s)[int(1)]`, "TestProven/index", "the operand is not a call, or the error text lacks the numbers"},
	{"slice of a slice", `(*V_s)[int(1):int(3)]`, "TestProven/slices", "two indices; operand and indices are not calls, as for index"},
	{"len", `len((*V_s))`, "TestProven/len", "of slices, maps and strings"},
	{"binary operators of basic types", `(*V_a) + (*V_b)`, "TestArithmetic", "+ - * / % & | ^ &^ == != < <= > >= on two values of one numeric or string type, named or not; overflow and division by zero as in Go"},
	{"unary operators", `-(*V_n)`, "TestProven/unary", "- + ^ ! on basic types"},
	{"logic", `(*V_b) && F_f()`, "TestProven/logic", "short circuit included"},
	{"shifts", `(*V_n) << (*V_u)`, "TestProven/shifts", "unsigned or constant counts: a negative count does not panic"},
	{"conversions", `float64((*V_n))`, "TestProven/conversions", "among numeric types; string from and to []byte, []rune; to unnamed types"},
	{"comparison with nil and of pointers, structs, arrays", `(*V_p) == nil`, "TestProven/comparison", ""},
	{"index of a map", `(*V_m)["a"]`, "TestProven/maps", "of a variable"},
	{"comma-ok of a map", `r0, r1 := (*V_m)["a"]`, "TestProven/maps", "of a variable"},
	{"index of an array or string", `(*V_s)[int(1)]`, "TestProven/index", "as for slices; slicing them is not proven"},
	{"assignment to an element or field", `(*V_s)[int(0)] = e`, "TestProven/assignments", "of slices and maps; X.F through variables and pointers"},
	{"op-assignment", `(*V_n) += int(1)`, "TestProven/assignments", "of basic types"},
	{"slice, array and map literals", `[]int{int(1), (*V_n)}`, "TestProven/literals", "of unnamed types of basic types and any"},
	{"append, cap, make, delete", `append((*V_s), int(1))`, "TestProven/builtins", ""},
	{"spread argument", `F_f((*V_s)...)`, "TestProven/spread", "of []any to ...any"},
	{"nil argument", `F_f(nil)`, "TestProven/nil", "to interface parameters"},
	{"value to an interface parameter", `Show((*V_v))`, "TestProven/dynamic types", "the dynamic type is the compiled one"},
}
