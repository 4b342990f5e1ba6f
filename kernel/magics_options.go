package kernel

import (
	"fmt"
	"strings"
)

// option is one option of a magic.
type option struct {
	short byte // 0: none
	long  string
	value bool // takes a value
	help  string
}

// String is the option as help writes it: "-t, --targets VALUE".
func (o option) String() string {
	text := "--" + o.long
	if o.short != 0 {
		text = "-" + string(o.short) + ", " + text
	}
	if o.value {
		text += " VALUE"
	}
	return text
}

// parseOptions takes the options from the start of args and returns their
// values, "true" for those without one, and what follows them as it stands.
// "--" ends the options.
func parseOptions(args string, options []option) (values map[string]string, rest string, err error) {
	values = make(map[string]string)
	rest = strings.TrimLeft(args, " \t")
	for len(rest) > 1 && rest[0] == '-' && rest[1] != ' ' {
		word, after := cutWord(rest)
		if word == "--" {
			return values, after, nil
		}
		o, value, given, ok := findOption(word, options)
		switch {
		case !ok:
			return nil, "", fmt.Errorf("unknown option %s", word)
		case !o.value && given:
			return nil, "", fmt.Errorf("--%s takes no value", o.long)
		case !o.value:
			value = "true"
		case !given:
			if after == "" {
				return nil, "", fmt.Errorf("--%s needs a value", o.long)
			}
			value, after = cutWord(after)
		}
		values[o.long] = unquote(value)
		rest = after
	}
	return values, rest, nil
}

// findOption returns the option that word is, and the value in the same word.
func findOption(word string, options []option) (o option, value string, given, ok bool) {
	if long, isLong := strings.CutPrefix(word, "--"); isLong {
		long, value, given = strings.Cut(long, "=")
		for _, o := range options {
			if o.long == long {
				return o, value, given, true
			}
		}
		return option{}, "", false, false
	}
	for _, o := range options {
		if o.short != 0 && o.short == word[1] {
			return o, strings.TrimPrefix(word[2:], "="), len(word) > 2, true
		}
	}
	return option{}, "", false, false
}

// cutWord splits s after its first word; a part in quotes belongs to the word
// with its blanks.
func cutWord(s string) (word, rest string) {
	var quote byte
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ' ' || c == '\t':
			return s[:i], strings.TrimLeft(s[i:], " \t")
		}
	}
	return s, ""
}

// unquote removes the quotes around s.
func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] {
		return s[1 : len(s)-1]
	}
	return s
}
