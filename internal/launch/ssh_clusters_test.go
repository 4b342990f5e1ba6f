//go:build clusters

// Tests over real SSH servers, which make test-clusters starts; $GOPAR_TEST_SSH
// is a configuration that reaches them.

package launch_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/gopar-project/gopar/internal/launch"
	"github.com/gopar-project/gopar/internal/launch/launchtest"
)

func newSSH(t *testing.T, hosts ...string) *launch.SSH {
	t.Helper()
	l, err := launch.NewSSH(launch.Options{Hosts: hosts, Command: []string{"ssh", "-F", os.Getenv("GOPAR_TEST_SSH")}}, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	l.AgentArgs = launchtest.AgentArgs
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func TestSSHConforms(t *testing.T) {
	launchtest.Run(t, launchtest.System{
		New:      func(t *testing.T) launch.Launcher { return newSSH(t, "h1", "h2", "h3") },
		Dir:      func(t *testing.T) string { return t.TempDir() },
		Deadline: 60 * time.Second,
	})
}

// stay is a job of the test binary that runs until it is asked to end.
func stay(t *testing.T, n int) launch.Job {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return launch.Job{Name: "gopar-stay", Exe: exe, Args: launchtest.StayArgs, LogDir: t.TempDir(), N: n}
}

func TestSSHSpreadsTasksOverItsHosts(t *testing.T) {
	l := newSSH(t, "h1*2", "h3")
	rec, err := l.Start(deadline(t), stay(t, 4))
	if err != nil {
		t.Fatal(err)
	}
	stopAfter(t, l, rec)
	tasks, err := launch.Wait(deadline(t), l, func(ts []launch.Task) bool { return ts[3].State == launch.Running }, rec)
	var hosts []string
	for _, task := range tasks {
		hosts = append(hosts, task.Host)
	}
	if err != nil || fmt.Sprint(hosts) != "[h1 h1 h3 h1]" {
		t.Errorf("hosts %v, %v", hosts, err)
	}
}

func TestSSHOfAHostThatIsNotThereSaysSo(t *testing.T) {
	l := newSSH(t, "h1", "nowhere.invalid")
	if _, err := l.Start(deadline(t), stay(t, 2)); err == nil || !strings.Contains(err.Error(), "nowhere.invalid") {
		t.Errorf("%v, want what ssh says of the host", err)
	}
	if _, err := newSSH(t).Start(deadline(t), stay(t, 1)); err == nil || !strings.Contains(err.Error(), "no hosts") {
		t.Errorf("without hosts: %v", err)
	}
}

func link(t *testing.T, host int, state string) {
	t.Helper()
	if out, err := exec.Command("ip", "link", "set", fmt.Sprintf("gpv%d", host), state).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// A host that is cut off is not dead: nothing is known of its tasks, those of
// other hosts are, and when it is back the same processes are found.
func TestSSHPartitionIsNotTheEndOfATask(t *testing.T) {
	l := newSSH(t, "h1", "h2")
	rec, err := l.Start(deadline(t), stay(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	stopAfter(t, l, rec)
	running := func(ts []launch.Task) bool { return ts[0].State == launch.Running && ts[1].State == launch.Running }
	before, err := launch.Wait(deadline(t), l, running, rec)
	if err != nil {
		t.Fatal(err)
	}
	link(t, 1, "down")
	defer link(t, 1, "up")
	cut, err := launch.Wait(deadline(t), l, func(ts []launch.Task) bool { return ts[0].State == launch.Unknown }, rec)
	if err != nil || cut[1].State != launch.Running || cut[0].Reason == "" {
		t.Fatalf("%+v, %v: want nothing to be known of h1, for a reason", cut, err)
	}
	link(t, 1, "up")
	after, err := launch.Wait(deadline(t), l, running, rec)
	if err != nil || after[0].PID != before[0].PID {
		t.Errorf("%+v, %v: want process %d again", after, err, before[0].PID)
	}
}

// A port of this machine's loopback interface is reached from a host, also after
// the connection broke, and nothing is left of the tunnel.
func TestSSHTunnelLeadsHereAndComesBack(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(conn, "from here")
			conn.Close()
		}
	}()
	defer func() { server.Close(); <-served }()
	l := newSSH(t, "h2")
	j := stay(t, 1)
	j.Reach = []int{server.Addr().(*net.TCPAddr).Port}
	j.Args = launchtest.DialArgs
	j.Secrets = []string{fmt.Sprintf("LAUNCHTEST=%s-%d", launch.ReachMark, j.Reach[0])}
	rec, err := l.Start(deadline(t), j)
	if err != nil {
		t.Fatal(err)
	}
	stopAfter(t, l, rec)
	heard := func(n int) {
		t.Helper()
		for ctx := deadline(t); ; {
			lines, err := l.Tail(ctx, rec, 0, 1000)
			if strings.Count(strings.Join(lines, "\n"), "from here") >= n {
				return
			}
			select {
			case <-ctx.Done():
				t.Fatalf("log %q, %v", lines, err)
			case <-time.After(50 * time.Millisecond): // files have no events
			}
		}
	}
	heard(1)
	if pids, err := exec.Command("pgrep", "-f", "ControlPath=none.*-N -R").Output(); err != nil {
		t.Fatal(err)
	} else {
		for _, pid := range strings.Fields(string(pids)) {
			name, _ := os.ReadFile("/proc/" + pid + "/comm")
			if strings.TrimSpace(string(name)) == "ssh" {
				exec.Command("kill", "-KILL", pid).Run()
			}
		}
	}
	lines, err := l.Tail(deadline(t), rec, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	heard(strings.Count(strings.Join(lines, "\n"), "from here") + 20)
	if err := launch.Stop(deadline(t), l, time.Second, rec); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob("/tmp/gopar-*-" + rec.ID); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if out, err := exec.CommandContext(context.Background(), "pgrep", "-f", rec.ID).Output(); err == nil {
		t.Errorf("processes of the tunnel are left: %s", out)
	}
}
