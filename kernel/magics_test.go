package kernel

import (
	"fmt"
	"strings"
	"testing"
)

// planOf describes the steps of a cell, In[3]: Go code as it is with its mode in
// front, anything else as <does>.
func planOf(code string, known ...string) string {
	p, err := newPlan(code, 3, ModeAuto, func(name string) bool { return strings.Contains(" "+strings.Join(known, " ")+" ", " "+name+" ") })
	if err != nil {
		return "error: " + err.Error()
	}
	var steps []string
	for _, s := range p.steps {
		switch {
		case s.act != nil && s.silent:
			steps = append(steps, "<silently>")
		case s.act != nil:
			steps = append(steps, "<does>")
		case s.mode != ModeAuto:
			steps = append(steps, fmt.Sprintf("%s: %q", s.mode, s.code))
		default:
			steps = append(steps, fmt.Sprintf("%q", s.code))
		}
	}
	return strings.Join(steps, " ")
}

func TestMagicsBecomeSteps(t *testing.T) {
	t.Parallel()
	const px = "parallel.Px(parallel.PxOptions{"
	for name, test := range map[string]struct{ code, want string }{
		"Go stays as it is":               {"a := 7 % 2\nif !b {\n\treturn\n}", `"a := 7 % 2\nif !b {\n\treturn\n}"`},
		"nothing":                         {"", ``},
		"comments only":                   {"// %px", `"// %px"`},
		"px line":                         {"%px f(1)", fmt.Sprintf("%q", px+`}, "f(1)")`)},
		"px line between Go":              {"a := 1\n  %px -t 0:2 f()\nb := 2", fmt.Sprintf("%q %q %q", "a := 1\n  ", "\n"+px+`Targets: "0:2"}, "f()")`, "\n\nb := 2")},
		"px cell":                         {"%%px\nf()\n\"x\"", fmt.Sprintf("%q", px+`}, "\nf()\n\"x\"")`)},
		"px cell after blank lines":       {"\n\n%%px\nf()", fmt.Sprintf("%q", "\n\n"+px+`}, "\nf()")`)},
		"px options":                      {"%%px --targets=1 -a -o r\nf()", fmt.Sprintf("%q", "r := "+px+`Targets: "1", NoBlock: true}, "\nf()"); r`)},
		"px quoted option":                {"%%px -t '[0, 2]'\nf()", fmt.Sprintf("%q", px+`Targets: "[0, 2]"}, "\nf()")`)},
		"px code that begins with a dash": {"%px -- -x", fmt.Sprintf("%q", px+`}, "-x")`)},
		"px progress and groups":          {"%%px --progress-after -1 --group-outputs engine\nf()", fmt.Sprintf("%q", px+`GroupOutputs: "engine", ProgressAfter: -1}, "\nf()")`)},
		"px says where":                   {"%px --verbose f()", fmt.Sprintf("<silently> %q", px+`}, "f()")`)},
		"a list of lines":                 {"!!ls", `<does>`},
		"px here, too":                    {"%%px --local\nf()\n%time g()", fmt.Sprintf("%q %q <silently> %q <silently>", px+`}, "\nf()\n%time g()")`, "\nf()\n", "\n\n      g()")},
		"px of magics":                    {"%%px\n!hostname", fmt.Sprintf("%q", px+`}, "\n!hostname")`)},
		"time line":                       {"x := 1\n%time f(x)", `"x := 1\n" <silently> "\n      f(x)" <silently>`},
		"time cell":                       {"%%time\nf()\ng()", `<silently> "\nf()\ng()" <silently>`},
		"time of px":                      {"%time %px f()", fmt.Sprintf("<silently> %q <silently>", px+`}, "f()")`)},
		"native cell":                     {"%%native\nf()\n%time g()", `native: "\nf()\n" <silently> native: "\n\n      g()" <silently>`},
		"interp line":                     {"%interp f()\ng()", `interp: "        f()" "\ng()"`},
		"mode from now on":                {"%native\nf()", `<silently> "\nf()"`},
		"shell":                           {"!ls -l | wc\nf()\n  !pwd", `<does> "\nf()\n  " <does>`},
		"shell after a block":             {"if a {\n}\n!ls", `"if a {\n}\n" <does>`},
		"negation of a declared name":     {"!done", `"!done"`},
		"negation of a name of the cell":  {"ok := f()\n!ok", `"ok := f()\n!ok"`},
		"command named as a declared one": {"!done now", `<does>`},
		"negation in an expression":       {"x := a &&\n\t!b", `"x := a &&\n\t!b"`},
		"negation in a literal":           {"x := []bool{\n\t!a,\n}", `"x := []bool{\n\t!a,\n}"`},
		"percent in a raw string":         {"x := `\n%px\n!ls`", "\"x := `\\n%px\\n!ls`\""},
		"percent in a comment":            {"/*\n%px\n*/\nf()", `"/*\n%px\n*/\nf()"`},
		"remainder over lines":            {"x := 7 %\n 2", `"x := 7 %\n 2"`},
		"magic in a block":                {"for {\n\t%who\n}", "error: cell 3:2:2: a command stands outside of blocks, in a line of its own"},
		"quotes in a magic":               {"!echo it's `\nf()", `<does> "\nf()"`},
		"bash":                            {"%%bash\nls", `<does>`},
		"reset, who, help, cluster":       {"%reset -f\n%who\n%help px\n%cluster start -n 4\n%cluster", `<does> <does> <does> <does> <does>`},
		"unknown":                         {"a := 1\n  %tiem f()", "error: cell 3:2:3: unknown command %tiem; did you mean %time? %help lists them"},
		"unknown and unlike any":          {"%matplotlib inline", "error: cell 3:1:1: unknown command %matplotlib; %help lists them"},
		"unknown cell":                    {"\n%%pxx\nf()", "error: cell 3:2:1: unknown command %%pxx; did you mean %%px? %help lists them"},
		"no name":                         {"% f()", "error: cell 3:1:1: a command's name must follow %; %help lists them"},
		"cell magic not on top":           {"f()\n%%time\ng()", "error: cell 3:2:1: %%time must be the first line of its cell"},
		"only for cells":                  {"%bash ls", "error: cell 3:1:1: %bash takes a whole cell: %%bash\nusage: %%bash and lines for the shell"},
		"only for lines":                  {"%%who\nx", "error: cell 3:1:1: %%who does not take a whole cell\nusage: %who"},
		"unknown help":                    {"%help pxx", "error: cell 3:1:1: unknown command %pxx; did you mean %px? %help lists them"},
		"nothing to time":                 {"%time", "error: cell 3:1:1: there is nothing to time\nusage: %time STATEMENT, or %%time and lines of code"},
	} {
		if got := planOf(test.code, "done"); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, test.want)
		}
	}
}

func TestMagicsRefuseWithPositionAndUsage(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"%px":                          "there is no code to run",
		"%%px -b -a\nf()":              "--block and --noblock exclude each other",
		"%%px --out 1x\nf()":           "--out 1x is not a Go name",
		"%%px --colour\nf()":           "unknown option --colour",
		"%%px -t\nf()":                 "--targets needs a value",
		"%%px --local=1\nf()":          "--local takes no value",
		"%who x":                       "%who takes nothing",
		"%reset x.y":                   "x.y is not a name",
		"%timeit -n 0 f()":             "--loops takes a number above 0, not 0",
		"%timeit":                      "there is nothing to time",
		"%%timeit\n ":                  "there is no code below",
		"%prof":                        "there is nothing to profile",
		"%%px --group-outputs=x\nf()":  "--group-outputs is type, engine or order, not x",
		"%%px --progress-after=x\nf()": "--progress-after takes seconds, not x",
		"%%writefile\nx":               "it takes the name of one file; one with blanks in quotes",
		"%run x.py":                    "x.py is neither a Go file nor a notebook",
		"%history x":                   "x is not a cell's number or a range of them",
		"%history 5-2":                 "5-2 is not a cell's number or a range of them",
		"%%test\n":                     "there are no functions below",
		"%doc":                         "of what?",
		"%env =x":                      "a name must stand before =",
		"%mem x":                       "%mem takes nothing",
		"%auto x":                      "%auto takes nothing",
		"%%native\n ":                  "there is no code below",
		"%cluster reboot":              "%cluster reboot is not known",
		"%%bash -e\nls":                "%%bash takes nothing after its name",
	} {
		got := planOf(code)
		if !strings.HasPrefix(got, "error: cell 3:1:1: "+want+"\nusage: %") {
			t.Errorf("%q: %s", code, got)
		}
	}
}

func TestMagicsAreBlankForCompletion(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"f()":               "f()",
		"%px fmt.P":         "    fmt.P",
		"%px -t 0 fmt.P":    "         fmt.P",
		"x\n!écho\ny":       "x\n     \ny",
		"%%px -t 0\nfmt.P":  "         \nfmt.P",
		"\n%%time f()\ng()": "\n       f()\ng()",
		"%%bash\nls":        "      \n  ",
		"%%unknown\nls":     "         \n  ",
	} {
		if got := blankMagics(code); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}

func TestMagicNamesAreCompletedAndDescribed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"%px": "%px", "%%px": "%%px", "%p": "%prof%pwd%px", "%%px -": "--targets--block--noblock--out--group-outputs--progress-after--verbose--no-verbose--local", "x\n%px -t 0 --no": "--noblock--no-verbose", "%px f() --b": "-", "%timeit -n 5 --r": "--runs", "é\n  %cl": "%cluster", "%%b": "%%bash%%bench", "%b": "", "%%who": "", "x := 5 %p": "-", "`\n%p": "-", "f()\n%%p": "-", "%px ": "-", "f": "-", "%%%p": "-",
	} {
		cursor := len([]rune(text))
		c, ok := completeMagic(text, cursor)
		got := "-"
		if ok {
			got = ""
			for _, m := range c.Matches {
				got += m.Text
			}
			if typed := string([]rune(text)[c.Start:c.End]); !strings.HasPrefix(typed, "%") && !strings.HasPrefix(typed, "-") || strings.TrimSpace(typed) != typed {
				t.Errorf("%q: replaces %q", text, typed)
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]bool{"%px f": true, "%%px": true, "%nope": false, "px": false, "%%%px": false} {
		if _, ok := inspectMagic("é\n"+text, 3); ok != want {
			t.Errorf("inspect %q: %v", text, ok)
		}
	}
	if _, ok := inspectMagic("%px fmt", 6); ok {
		t.Error("inspected the code of a magic as the magic")
	}
}

func FuzzMagics(f *testing.F) {
	for _, code := range []string{"%px f()", "%%px -t '0\nf()", "!ls `", "x := `\n%px`", "%", "!", "\n%%\n", "%px --out=\x00 é"} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code string) {
		_ = planOf(code)
		blanked := blankMagics(code)
		if len([]rune(blanked)) != len([]rune(code)) || strings.Count(blanked, "\n") != strings.Count(code, "\n") {
			t.Fatalf("%q became %q", code, blanked)
		}
		n := len([]rune(code))
		for _, cursor := range []int{0, n / 2, n} {
			_, _ = completeMagic(code, cursor)
			_, _ = inspectMagic(code, cursor)
		}
	})
}
