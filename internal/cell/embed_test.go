package cell

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEmbed(t *testing.T) {
	t.Parallel()
	runSessions(t, map[string][]sessionStep{
		"strings, bytes, file systems": {
			{"import _ \"embed\"\n\n//go:embed texts/a.txt\nvar text string\n\n// About it.\n//\n//go:embed \"texts/b.txt\"\nvar (\n\tbytes []byte\n)\n", "cell 1:8:1: //go:embed must stand right above the declaration of a variable outside of functions"},
			{"import _ \"embed\"\n\n//go:embed texts/a.txt\nvar text string\n\nvar (\n\t// About it.\n\t//go:embed \"texts/b.txt\"\n\tdata []byte\n)\n\n//go:embed texts\n//go:embed c/*.h\nvar files embed.FS\ntext, string(data)", "=> hello world"},
			{"names := []string{}\nfs.WalkDir(files, \".\", func(p string, d fs.DirEntry, err error) error { names = append(names, p); return err })\nnames", "=> [. c c/step.h texts texts/a.txt texts/b.txt]"},
			{"//go:embed all:texts\nvar every embed.FS\nes, _ := every.ReadDir(\"texts\")\nlen(es)", "=> 4"},
			{"type page string\n\n//go:embed texts/a.txt\nvar p page\ndata[0] = 'W'\nfmt.Printf(\"%T %s %s\\n\", p, p, data)", "main.page hello World"},
			{"package site\n\nimport _ \"embed\"\n\n//go:embed texts/b.txt\nvar Page string", ""},
			{"site.Page", "=> world"},
		},
		"what cannot be embedded": {
			{"//go:embed nosuch.txt\nvar s string", "cell 1:1:1: pattern nosuch.txt: no matching files found"},
			{"//go:embed ../x\nvar s string", "cell 2:1:1: pattern ../x: invalid pattern syntax: it is relative to the notebook's folder and does not leave it"},
			{"//go:embed texts/*.txt\nvar s string", "cell 3:1:1: //go:embed texts/*.txt: 2 files match, a string or []byte holds one"},
			{"//go:embed texts/a.txt\nvar s int", "cell 4:2:7: go:embed cannot apply to var of type int"},
			{"//go:embed texts/a.txt\nvar s, r string", "cell 5:1:1: go:embed cannot apply to multiple vars"},
			{"//go:embed texts/a.txt\nvar s = \"\"", "cell 6:1:1: go:embed cannot apply to var with initializer"},
			{"func f() {\n\t//go:embed texts/a.txt\n\tvar s string\n\t_ = s\n}", "cell 7:2:2: //go:embed must stand right above the declaration of a variable outside of functions"},
			{"//go:embed\nvar s string", "cell 8:1:1: usage: //go:embed pattern..."},
			{"//go:embed texts/_hidden\nvar s embed.FS\ns.ReadFile(\"texts/_hidden/x.txt\")", "=> [104 10]"},
		},
	})
}

func TestEmbeddedFilesAreReadAgain(t *testing.T) {
	t.Parallel()
	nb := newNotebook(t)
	nb.s.dir = t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(nb.s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.txt", "one")
	const cell = "//go:embed *.txt\nvar files embed.FS\nb, _ := files.ReadFile(\"a.txt\")\nes, _ := files.ReadDir(\".\")\nstring(b), len(es)"
	for _, want := range []string{"=> one 1", "=> one 1", "=> two 1", "=> two 2"} {
		switch want {
		case "=> two 1":
			write("a.txt", "two")
		case "=> two 2":
			write("b.txt", "more")
		}
		if got := nb.run(cell); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
