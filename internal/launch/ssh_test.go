//go:build unix

package launch

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr"
)

func FuzzExpandHosts(f *testing.F) {
	for _, s := range []string{"node1", "me@node2", "node3*4", "-oProxyCommand=x", "a*b", "*2", "ssh://me@host:22"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		hosts, err := expandHosts([]string{s})
		if err != nil {
			return
		}
		for _, h := range hosts {
			if h == "" || strings.HasPrefix(h, "-") || strings.ContainsAny(h, " \n'\"") {
				t.Errorf("%q becomes the host %q", s, h)
			}
		}
	})
}

func FuzzAgentLine(f *testing.F) {
	f.Add([]byte("{\"op\":\"poll\"}\n"))
	f.Add([]byte("no line"))
	f.Fuzz(func(t *testing.T, b []byte) {
		line, err := readLine(bufio.NewReader(strings.NewReader(string(b))))
		if err == nil && !strings.HasSuffix(string(line), "\n") {
			t.Errorf("%q is taken for a line", line)
		}
	})
}

// agentTalk sends requests to an agent and returns its answers, the greeting first.
func agentTalk(t *testing.T, requests ...string) []agentReply {
	t.Helper()
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := ServeAgent(t.Context(), strings.NewReader(strings.Join(requests, "\n")+"\n"), w, logr.Discard())
		w.Close()
		done <- err
	}()
	var replies []agentReply
	for d := json.NewDecoder(r); ; {
		var reply agentReply
		if err := d.Decode(&reply); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		replies = append(replies, reply)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	return replies
}

func TestAgentRefusesWhatItDoesNotUnderstand(t *testing.T) {
	replies := agentTalk(t, `{"op":"dance"}`, `nonsense`, `{"op":"start"}`, `{"op":"poll","records":[null]}`, `{"op":"reach","name":"../x"}`)
	if len(replies) != 6 || replies[0].Path == "" {
		t.Fatalf("%+v, want a greeting and five answers", replies)
	}
	for _, r := range replies[1:] {
		if r.Error == "" {
			t.Errorf("%+v, want an error", r)
		}
	}
}

func TestAgentMakesAndRemovesTheDirectoryOfATunnel(t *testing.T) {
	name := "TEST" + filepath.Base(filepath.Dir(t.TempDir()))
	name = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, name)
	made := agentTalk(t, `{"op":"reach","name":"`+name+`"}`)[1]
	info, err := os.Stat(made.Path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("%+v: %v, %v; want a directory that nobody else can enter", made, info, err)
	}
	agentTalk(t, `{"op":"forget","name":"`+name+`"}`)
	if _, err := os.Stat(made.Path); !os.IsNotExist(err) {
		t.Errorf("it is left: %v", err)
	}
}
