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

// Proven lists all constructs a script may contain. What is not here must be compiled.
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
	{"value to an interface parameter", `Show((*V_v))`, "TestProven/dynamic types", "the dynamic type is the compiled one"},
}
