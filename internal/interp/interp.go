// Package interp runs straight-line scripts — calls, assignments, expressions over values that were compiled natively — in
// about a millisecond, where building a unit takes a third of a second.
//
// It is not a Go evaluator: a script uses only the constructs listed in Proven, each of which a test has shown to behave as
// compiled Go does. Anything else is for a unit. It is the only importer of yaegi.
//
// Invariants: an Interp runs one script at a time; nothing a script names survives it except through Def and the session's
// variables, which live in package unit.
package interp

// Script is a straight-line cell as the front end lowers it.
type Script struct {
	// Imports are the import paths of the host packages Body uses, by their own names ("fmt").
	Imports []string
	// Symbols are the things of the session that Body uses under generated names.
	Symbols []Symbol
	// Body is Go statements. Show(e1, e2) hands over the values of the last expression; Def("x|int", v) makes a session
	// variable from a value.
	Body string
}

// Symbol is one thing of the session a script uses.
type Symbol struct {
	// Name is the identifier Body uses.
	Name string
	// Kind is "var" (Name is a pointer to the variable's box), "func" or "type".
	Kind string
	// Var is the session variable's id ("x|int"), for kind var.
	Var string
	// Unit and Symbol name the declaring unit and the name in it, for kinds func and type.
	Unit, Symbol string
}
