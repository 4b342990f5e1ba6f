//go:build unix

package launch

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// keepAlive makes ssh notice within a quarter of a minute that the other side is
// gone, and ask nobody anything.
var keepAlive = []string{
	"-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3",
}

// tunnel forwards the ports of a job to a host, and returns the job of this
// machine that does so and the prefix of the sockets' paths there.
func (s *SSH) tunnel(ctx context.Context, h *sshHost, rec *Record, j *Job) (*Record, string, error) {
	r, err := h.ask(ctx, j.Exe, &agentRequest{Op: "reach", Name: rec.ID})
	if err != nil {
		return nil, "", err
	}
	prefix := r.Path + "/port"
	ssh := append(append([]string{}, h.command...), keepAlive...)
	var forward []string
	for _, port := range j.Reach {
		forward = append(forward, "-R", fmt.Sprintf("%s-%d:127.0.0.1:%d", prefix, port, port))
	}
	// Sockets of a connection that broke have to be removed before others can take
	// their place; only the server's configuration could say otherwise.
	clear := quoteAll(append(append([]string{}, ssh...), h.dest, "rm -f "+prefix+"-*"))
	keep := quoteAll(append(append(append([]string{}, ssh...), "-o", "ControlPath=none", "-o", "ExitOnForwardFailure=yes", "-N"), append(forward, h.dest)...))
	script := "while :; do\n" + clear + " && " + keep + "\nsleep 1\ndone\n"
	tunnel, err := s.local.Start(ctx, Job{
		Name: rec.Name + "-tunnel-" + safeName(h.dest), Exe: "/bin/sh", Args: []string{"-c", script}, LogDir: j.LogDir, First: j.First, N: 1,
	})
	if err != nil {
		return nil, "", fmt.Errorf("tunnel to %s: %w", h.dest, err)
	}
	tunnel.Place = h.dest
	return tunnel, prefix, nil
}

func quoteAll(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = shellQuote(w)
	}
	return strings.Join(quoted, " ")
}

// safeName makes a part of a file name.
func safeName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, s)
}

// closeTunnels ends a job's tunnels and removes what they left on the hosts.
func (s *SSH) closeTunnels(ctx context.Context, rec *Record) error {
	var errs []error
	for _, t := range rec.Tunnels {
		errs = append(errs, s.local.Signal(ctx, t, Kill))
		h := s.host(rec.Command, t.Place)
		if _, err := h.ask(ctx, "", &agentRequest{Op: "forget", Name: rec.ID}); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
