package notebook

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// printer shows a notebook being run as text. Output that is updated in place, such as a progress bar, is printed when it
// first appears and, if it changed, once more before its cell's result.
type printer struct {
	out   io.Writer
	color bool

	number   int       // of the cell that runs
	midLine  bool      // the last thing printed did not end its line
	displays []printed // what this cell may update
}

// printed is an output and its text when it was last printed.
type printed struct {
	*Output
	text string
}

var ansi = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)

func (p *printer) write(text string) {
	if text == "" {
		return
	}
	if !p.color {
		text = ansi.ReplaceAllString(text, "")
	}
	_, _ = io.WriteString(p.out, text) // best effort: the outputs are recorded, whoever reads along
	p.midLine = !strings.HasSuffix(text, "\n")
}

// line prints text on lines of its own.
func (p *printer) line(text string) {
	if p.midLine {
		p.write("\n")
	}
	p.write(strings.TrimSuffix(text, "\n") + "\n")
}

func (p *printer) markdown(source string) {
	p.line(source)
	p.line("")
}

func (p *printer) input(number int, source string) {
	p.number, p.displays = number, nil
	prompt := fmt.Sprintf("In [%d]: ", number)
	indent := strings.Repeat(" ", len(prompt)-5) + "...: "
	p.line(prompt + strings.ReplaceAll(strings.TrimRight(source, "\n"), "\n", "\n"+indent))
}

// output prints a new output, or the text more that a stream has got.
func (p *printer) output(o *Output, more string) {
	switch o.Type {
	case Stream:
		p.write(more)
	case Error:
		p.changes()
		if len(o.Traceback) == 0 {
			p.line(o.Ename + ": " + o.Evalue)
			return
		}
		p.line(strings.Join(o.Traceback, "\n"))
	case ExecuteResult:
		p.changes()
		text := o.Data.Text()
		if strings.Contains(strings.TrimRight(text, "\n"), "\n") {
			text = "\n" + text
		}
		p.line(fmt.Sprintf("Out[%d]: %s", p.number, text))
	default:
		p.displays = append(p.displays, printed{o, o.Data.Text()})
		p.line(o.Data.Text())
	}
}

// changes prints the displays that were updated since they were printed.
func (p *printer) changes() {
	for i, d := range p.displays {
		if text := d.Data.Text(); text != d.text {
			p.displays[i].text = text
			p.line(text)
		}
	}
}

// end ends the cell's output with an empty line.
func (p *printer) end() {
	p.changes()
	p.line("")
}
