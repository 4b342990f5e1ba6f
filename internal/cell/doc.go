// Package cell is the front end for notebook cells: it parses a cell, type-checks
// it in the context of the session, and lowers it to a unit, the package that is
// compiled and loaded.
//
// It is not a compiler and runs nothing. Its results are pure data: a
// native.Unit to build and, for straight-line cells, an interp.Script.
//
// # What a cell may contain
//
// Declarations and statements in any order, with an optional package clause.
// Variables declared at the top level of a cell (by var or :=) are the session's,
// those in blocks are local. The last expression is the cell's result unless a
// semicolon follows it. Unused variables and imports are no errors, and packages
// are imported by themselves when the name is unambiguous.
//
// # How cells share one package
//
// To the checker every cell is a package with the path "main" whose scope holds
// the objects of earlier cells, so unexported names are visible across cells. To
// the compiler they are different packages named main; lowering bridges that:
//
//   - A variable lives in a box that the unit asks internal/unit for, by name and
//     type; x is lowered to (*gopar__v_x).
//   - A function of another unit is reached by go:linkname, a type through an
//     exported alias (T_vec), a generic function under an exported name (G_map).
//   - An unexported field of another unit's struct is reached through a mirror, a
//     struct of the same layout declared in the using unit.
//   - Unexported methods are renamed (M_area), everywhere alike.
//   - Loops and functions check whether the cell is to stop, go statements get a
//     recover, os.Exit and log.Fatal end the cell instead of the process.
//
// A cell that imports "C" is given to cgo first, and what that makes of it is lowered;
// its C code is compiled with its unit. A cell that begins with "package foo" becomes a
// unit that is this package: its names stay as they are, and it knows nothing of the
// session.
//
// # Declaring anew
//
// A declaration whose text and surroundings did not change keeps its identity
// when its cell is run again. When one changes, the functions and types of other
// cells that use it are declared anew with it, as part of the new unit; values
// made before keep their old type. A variable whose type was declared anew with
// an unchanged layout (a method was added) is carried over.
//
// # Invariants
//
//   - A cell that is refused leaves the session as it was.
//   - Every position is in the coordinates of the user's text, "cell 3:2:7".
//   - The hash of a unit depends only on what is compiled, never on cell numbers,
//     the session's history or the machine.
package cell
