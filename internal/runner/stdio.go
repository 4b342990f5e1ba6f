package runner

import "os"

// stdio keeps what descriptors 1 and 2 are, so that a cell that closes them costs only its own output.
type stdio struct{ saved [2]*os.File }

func saveStdio() (stdio, error) {
	var s stdio
	for i, f := range []*os.File{os.Stdout, os.Stderr} {
		if err := setNonblock(i+1, false); err != nil { // C code and child processes expect it
			return s, err
		}
		fd, err := dupCloexec(int(f.Fd()))
		if err != nil {
			return s, err
		}
		s.saved[i] = os.NewFile(uintptr(fd), f.Name())
	}
	return s, nil
}

// mend reopens what was closed.
func (s stdio) mend() {
	for i, f := range []**os.File{&os.Stdout, &os.Stderr} {
		if !isOpen(i + 1) {
			_ = dup2(int(s.saved[i].Fd()), i+1) // fails for lack of descriptors, which the cell will notice
		}
		if *f == nil || (*f).Fd() == ^uintptr(0) {
			*f = os.NewFile(uintptr(i+1), s.saved[i].Name())
		}
	}
}
