package unit

import "strings"

// PlainName undoes what lowering does to names: T_x, G_x and M_x are the user's x; statements outside functions are in
// gopar__run, which has no name to the user; literals are func1, func2, ….
func PlainName(name string) string {
	name = strings.ReplaceAll(name, "[...]", "")
	parts := strings.Split(name, ".")
	for i, p := range parts {
		star := strings.HasPrefix(p, "(*")
		core := strings.TrimSuffix(strings.TrimPrefix(p, "(*"), ")")
		for _, prefix := range []string{"T_", "G_", "M_", FuncPrefix} {
			core = strings.TrimPrefix(core, prefix)
		}
		if star {
			core = "(*" + core + ")"
		}
		parts[i] = core
	}
	if isRun(parts[0]) {
		parts = parts[1:]
	}
	return strings.Join(parts, ".")
}

func isRun(name string) bool {
	return strings.HasPrefix(name, "gopar__")
}
