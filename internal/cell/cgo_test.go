package cell

import "testing"

func TestCellsWithC(t *testing.T) {
	t.Parallel()
	runSessions(t, map[string][]sessionStep{
		"functions, types, variables, constants": {
			{`/*
#include <stdlib.h>
#include <string.h>
#include <errno.h>
typedef struct { int x; double y; } point;
enum color { RED, GREEN };
union both { int i; float f; };
static int add(int a, int b) { return a + b; }
static int fail(int n) { errno = n; return -1; }
static point mk(int x) { point p = {x, 2.5}; return p; }
static void twice(int *xs, int n) { for (int i = 0; i < n; i++) xs[i] *= 2; }
int counter = 3;
#define LIMIT 42
#define NAME "gopar"
*/
import "C"

func sum(a, b int) int { return int(C.add(C.int(a), C.int(b))) }

p := C.mk(7)
cs := C.CString("hello")
length := C.strlen(cs)
C.free(unsafe.Pointer(cs))`, ""},
			{"sum(2, 3), p.x, p.y, length", "=> 5 7 2.5 5"},
			{"fmt.Printf(\"%T %T %v\\n\", p, length, p)", "main._Ctype_struct___0 main._Ctype_ulong {7 2.5}"},
		},
		"the same cell, and others with C": {
			{"// #include <errno.h>\n// static int fail(int n) { errno = n; return -1; }\n// int counter = 3;\n// #define LIMIT 42\n// #define NAME \"gopar\"\n// enum color { RED, GREEN };\nimport \"C\"\nimport \"fmt\"\n\nr, err := C.fail(2)\nC.counter++\nfmt.Println(r, err, C.counter, C.LIMIT, C.NAME, C.GREEN)\nvar e C.enum_color = C.RED", "-1 no such file or directory 4 42 gopar 1"},
			{"// static int add(int a, int b) { return a + b; }\nimport \"C\"\nC.add(r, 10)", "=> 9"},
			{"// static int add(int a, int b) { return a * b; }\nimport \"C\"\nC.add(r, 10)", "=> -10"},
			{"r + 1, e", "=> 0 0"},
		},
		"structs, arrays, pointers": {
			{"package main\n\n/*\ntypedef struct node { int v; struct node *next; char name[8]; } node;\nstatic int total(node *n) { int t = 0; for (; n; n = n->next) t += n->v; return t; }\nstatic void twice(int *xs, int n) { for (int i = 0; i < n; i++) xs[i] *= 2; }\nstatic void nothing(void) {}\n*/\nimport \"C\"\n\nfunc list(vs ...int) (first *C.node) {\n\tfor _, v := range vs {\n\t\tfirst = &C.node{v: C.int(v), next: first}\n\t}\n\treturn\n}\n\none := C.node{v: 5}\nxs := []C.int{1, 2, 3}\nC.twice(&xs[0], 3)\nC.total(&one), xs, C.sizeof_node\n", "=> 5 [2 4 6] 24"},
			{"one.v, one.next == nil, len(one.name), list(1, 2).v", "=> 5 true 8 2"},
			{"one.v = 9; one", "=> {9 <nil> [0 0 0 0 0 0 0 0]}"},
			{"// static void nothing(void) {}\nimport \"C\"\nC.nothing()", ""},
		},
		"callbacks": {
			{"/*\nextern int goStep(int);\nextern int GoSquare(int);\nstatic int each(int n) { int t = 0; for (int i = 1; i <= n; i++) t += goStep(i) + GoSquare(i); return t; }\n*/\nimport \"C\"\n\nvar seen []int\n\n//export goStep\nfunc goStep(n C.int) C.int { seen = append(seen, int(n)); return 10 * n }\n\n//export GoSquare\nfunc GoSquare(n C.int) C.int { return n * n }\n\nC.each(3)", "=> 74"},
			{"seen", "=> [1 2 3]"},
			{"/*\nextern int goStep(int);\nstatic int each(int n) { return goStep(n); }\n*/\nimport \"C\"\n\n//export goStep\nfunc goStep(n C.int) C.int { return -n }\nC.each(3)", "=> -3"},
		},
		"flags and headers": {
			{"// #cgo CFLAGS: -DSTEP=4 -I${SRCDIR}/c\n// #cgo LDFLAGS: -lm\n// #include <math.h>\n// #include \"step.h\"\nimport \"C\"\nC.cos(0), C.step(3)", "=> 1 12"},
		},
		"errors have positions": {
			{"x := 1\n// static int f(void) {\n//   return nosuch;\n// }\nimport \"C\"\nC.f()", "cell 1:3:13: 'nosuch' undeclared (first use in this function)"},
			{"import \"C\"\n\nC.nosuch(1)", "cell 2:3:1: could not determine what C.nosuch refers to"},
			{"// static int f(int n) { return n; }\nimport \"C\"\nn := 1\nC.f(n)", "cell 3:4:5: cannot use n (variable of type int) as C.int value in argument to C.f"},
			{"// #include <nosuch.h>\nimport \"C\"\nC.f(n)", "cell 4:1:13: nosuch.h: No such file or directory"},
			{"x", "cell 5:1:1: undefined: x"},
			{"// int nowhere(int);\nimport \"C\"\nC.nowhere(1)", "undefined reference to 'nowhere'"},
			{"// #cgo LDFLAGS: -lnosuchlibrary\n// static int f(void) { return 1; }\nimport \"C\"\nC.f()", "cannot find -lnosuchlibrary"},
			{"// static int f(void) { return 2; }\nimport \"C\"\nC.f()", "=> 2"},
		},
		"declared anew around C": {
			{"func k() int { return 2 }", ""},
			{"// static int f(int n) { return n; }\nimport \"C\"\nfunc g() int { return int(C.f(C.int(k()))) }\ntype t struct{ v C.int }\nv := t{3}", ""},
			{"func k() int { return 5 }\ng()", "=> 2"},
			{"func (x t) get() int { return int(x.v) }\nv.get()", "=> 3"},
			{"// static int f(int n) { return n; }\nimport \"C\"\nfunc g() int { return int(C.f(C.int(k()))) }\ng()", "=> 5"},
		},
	})
}
