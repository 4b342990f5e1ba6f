package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// peer is the Python process that measures ipyparallel: it reads the name of a work and answers with its figure.
type peer struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	answers *bufio.Scanner
}

func startPeer(ctx context.Context, l *lab) (*peer, error) {
	cmd := exec.CommandContext(ctx, l.python, filepath.Join("bench", "peer.py"), strconv.Itoa(engines), l.gopar)
	cmd.Env = append(os.Environ(), "IPYTHONDIR="+filepath.Join(l.dir, "ipython-peer"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &peer{cmd, in, bufio.NewScanner(out)}, nil
}

func (p *peer) measure(what string) (float64, error) {
	if _, err := fmt.Fprintln(p.in, what); err != nil {
		return 0, err
	}
	for p.answers.Scan() {
		if figure, ok := strings.CutPrefix(p.answers.Text(), "figure "); ok {
			return strconv.ParseFloat(figure, 64)
		}
	}
	return 0, fmt.Errorf("it ended while measuring %s: %w", what, io.ErrUnexpectedEOF)
}

// close lets the process stop its cluster and end.
func (p *peer) close() {
	_ = p.in.Close() // it reads the end of the file
	for p.answers.Scan() {
		continue // until it has ended, so that it can write
	}
	if err := p.cmd.Wait(); err != nil {
		fmt.Fprintln(os.Stderr, "bench: end of peer.py:", err)
	}
}
