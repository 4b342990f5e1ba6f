package kernel

import (
	"maps"
	"slices"
	"strings"

	"github.com/gopar-project/gopar/display"
)

// blankMagics returns code with its magics as blanks, so that what remains is
// Go and every code point is where it was.
func blankMagics(code string) string {
	if _, _, _, ok := cellMagic(code); ok {
		return blankCellMagic(code)
	}
	found := lineMagics(code, func(string) bool { return false })
	if len(found) == 0 {
		return code
	}
	var b strings.Builder
	at := 0
	for _, f := range found {
		b.WriteString(code[at:f.start])
		text := code[f.start:f.end]
		b.WriteString(blankCommand(text, f.name))
		at = f.end
	}
	b.WriteString(code[at:])
	return b.String()
}

// blankCellMagic blanks the first line, and all others when they are not Go.
func blankCellMagic(code string) string {
	name, _, body, _ := cellMagic(code)
	head := code[:len(code)-len(body)]
	if !magics[name].goBody {
		return blank(code)
	}
	lead := strings.Index(head, "%%")
	return head[:lead] + blankCommand(head[lead:], name) + body
}

// blankCommand blanks a line magic except for the Go that follows its options.
func blankCommand(text, name string) string {
	m, ok := magics[name]
	if !ok || !m.goArgs {
		return blank(text)
	}
	rest := strings.TrimLeft(text, "%")[len(name):]
	if len(m.options) > 0 {
		if _, after, err := parseOptions(rest, m.options); err == nil {
			rest = after
		}
	}
	return blank(text[:len(text)-len(rest)]) + rest
}

// blank returns a space for every character that is not a line break.
func blank(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return ' '
	}, s)
}

// completeMagic completes a magic's name at cursor; false: there is none.
func completeMagic(code string, cursor int) (Completion, bool) {
	before := string([]rune(code)[:cursor])
	line := before[strings.LastIndexByte(before, '\n')+1:]
	command := strings.TrimLeft(line, " \t")
	name := strings.TrimLeft(command, "%")
	signs := command[:len(command)-len(name)]
	if c, ok := completeOption(before, line, name, cursor); ok && (signs == "%" || signs == "%%") {
		return c, true
	}
	if (signs != "%" && signs != "%%") || strings.ContainsAny(name, " \t") {
		return Completion{}, false
	}
	if signs == "%%" && strings.TrimSpace(before) != command {
		return Completion{}, false // only the first line takes a whole cell
	}
	if signs == "%" && !atStatement(before, line) {
		return Completion{}, false
	}
	completion := Completion{Start: cursor - len([]rune(command)), End: cursor}
	for _, n := range slices.Sorted(maps.Keys(magics)) {
		m := magics[n]
		if !strings.HasPrefix(n, name) || (signs == "%" && m.line == nil) || (signs == "%%" && m.cell == nil) {
			continue
		}
		completion.Matches = append(completion.Matches, Match{Text: signs + n, Type: "magic", Signature: m.usage})
	}
	return completion, true
}

// completeOption completes an option of the magic that command, without its
// signs, begins with.
func completeOption(before, line, command string, cursor int) (Completion, bool) {
	name, _ := splitName(command)
	rest := command[len(name):]
	word := rest[strings.LastIndexAny(rest, " \t")+1:]
	m, ok := magics[name]
	if !ok || len(m.options) == 0 || !strings.HasPrefix(word, "-") || len(word) == len(rest) {
		return Completion{}, false
	}
	if strings.TrimSpace(before) != strings.TrimSpace(line) && !atStatement(before, line) {
		return Completion{}, false
	}
	if _, code, err := parseOptions(rest[:len(rest)-len(word)], m.options); err == nil && code != "" {
		return Completion{}, false // the options are over
	}
	completion := Completion{Start: cursor - len([]rune(word)), End: cursor}
	for _, o := range m.options {
		if long := "--" + o.long; strings.HasPrefix(long, word) {
			completion.Matches = append(completion.Matches, Match{Text: long, Type: "magic", Signature: o.help})
		}
	}
	return completion, true
}

// atStatement reports whether line, the end of before, is a line magic and not
// inside of a string or comment.
func atStatement(before, line string) bool {
	for _, f := range lineMagics(before, func(string) bool { return false }) {
		if f.start >= len(before)-len(line) {
			return true
		}
	}
	return false
}

// inspectMagic describes the magic whose name is at cursor.
func inspectMagic(code string, cursor int) (display.Bundle, bool) {
	runes := []rune(code)
	start := cursor
	for start > 0 && runes[start-1] != '\n' {
		start--
	}
	end := cursor
	for end < len(runes) && runes[end] != '\n' {
		end++
	}
	command := strings.TrimLeft(string(runes[start:end]), " \t")
	indent := end - start - len([]rune(command))
	signs := len(command) - len(strings.TrimLeft(command, "%"))
	if signs < 1 || signs > 2 {
		return nil, false
	}
	name, _ := splitName(command[signs:])
	m, ok := magics[name]
	if !ok || cursor-start-indent > signs+len(name) {
		return nil, false
	}
	return helpBundle(map[string]magic{name: m}), true
}
