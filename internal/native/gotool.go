package native

// Go is the path of the go command that units are built with.
func (t *Toolchain) Go() string { return t.gobin }
