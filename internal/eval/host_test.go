package eval

import "testing"

// TestUnitSourceIsPackageUnit holds the declarations that units are checked against to the functions they call.
func TestUnitSourceIsPackageUnit(t *testing.T) {
	l, err := NewLoader()
	if err != nil {
		t.Fatal(err)
	}
	p, err := l.Import(unitPackage)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range unitSymbols {
		o := p.Scope().Lookup(name)
		if o == nil {
			t.Errorf("%s is not declared", name)
			continue
		}
		if rep := l.rep(0, o.Type()); rep != v.Type() {
			t.Errorf("%s is declared as %v, it is %v", name, rep, v.Type())
		}
	}
}

// TestPackagesHaveTypeData imports every package that there is type data of.
func TestPackagesHaveTypeData(t *testing.T) {
	l, err := NewLoader()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range Packages() {
		p, err := l.Import(path)
		if err != nil || path != "unsafe" && p.Scope().Len() == 0 {
			t.Errorf("%s: %v, %v", path, p, err)
		}
	}
	if _, err := l.Import("github.com/google/uuid"); err == nil {
		t.Error("a package of a module is imported")
	}
}

// TestDefectsEndNothing loads what is no unit.
func TestDefectsEndNothing(t *testing.T) {
	l, err := NewLoader()
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{"", "package main\nfunc f() { undefined() }", "package main\nvar x = 1", "package main\nimport \"cell/nope\""} {
		if err := l.Load(Unit{Hash: "h", Source: []byte(source)}); err == nil {
			t.Errorf("%q is loaded", source)
		}
	}
	if err := l.Open("h"); err == nil {
		t.Error("what was not loaded can be opened")
	}
}
