package notebook

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// printer shows a notebook being run as text. Output that is updated in place, such as a progress bar, is printed when it
// first appears and, if it changed, once more at the end of its cell.
type printer struct {
	out   io.Writer
	color bool

	number  int                // of the cell that runs
	midLine bool               // the last thing printed did not end its line
	shown   map[*Output]string // text of the displays printed in this cell
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
	p.number, p.shown = number, map[*Output]string{}
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
		if len(o.Traceback) == 0 {
			p.line(o.Ename + ": " + o.Evalue)
			return
		}
		p.line(strings.Join(o.Traceback, "\n"))
	case ExecuteResult:
		text := o.Data.Text()
		if strings.Contains(strings.TrimRight(text, "\n"), "\n") {
			text = "\n" + text
		}
		p.line(fmt.Sprintf("Out[%d]: %s", p.number, text))
	default:
		p.shown[o] = o.Data.Text()
		p.line(p.shown[o])
	}
}

// end prints what changed in place and an empty line.
func (p *printer) end(c *Cell) {
	for _, o := range c.Outputs {
		if before, ok := p.shown[o]; ok && o.Data.Text() != before {
			p.line(o.Data.Text())
		}
	}
	p.line("")
}
