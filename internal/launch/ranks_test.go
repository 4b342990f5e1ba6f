package launch

import (
	"os"
	"path/filepath"
	"testing"
)

// rankSeeds are files that ranks write, whole and not.
var rankSeeds = []string{
	"", "12 345 n1 host\n", "12 345 n1 host\nboot pid:[1]\n", "12 345 - host\nboot pid:[1]\n3\n", "12 345 - host\nboot pid:[1]\n13",
	"x 345 - host\nboot\n3\n", "1 345 - host\nboot\n3\n",
}

func FuzzParseRank(f *testing.F) {
	for _, s := range rankSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, ok := parseRank(b); ok && k.proc.PID <= 1 {
			t.Errorf("process %d is taken for a task's", k.proc.PID)
		}
	})
}

func FuzzParseSlurm(f *testing.F) {
	f.Add("12|3|RUNNING|None|0|n1|gopar-engines-1")
	f.Add("12|N/A|FAILED|NonZeroExitCode|256|n1|a|b")
	f.Fuzz(func(t *testing.T, line string) {
		if _, task, ok := parseSlurm(line); ok && task.State != Done && task.Exit != nil {
			t.Errorf("%q: a task that has not ended has exit status %d", line, *task.Exit)
		}
	})
}

func TestRankIsWhatItsFileSays(t *testing.T) {
	r := &Record{Name: "job", LogDir: t.TempDir(), Mark: "m", First: 3, N: 4}
	for i, text := range map[int]string{
		3: "12 345 n1 host\nboot pid:[1]\n", 4: "13 345 - host\nboot pid:[1]\n3\n", 5: "14 345 - host\nboot pid:[1]\n137\n",
	} {
		if err := os.WriteFile(r.rankFile(i), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tasks, err := r.ranks(Task{State: Running})
	if err != nil {
		t.Fatal(err)
	}
	if len(tasks) != 4 || tasks[0].State != Running || tasks[0].PID != 12 || tasks[0].Host != "host" || tasks[0].Index != 3 ||
		tasks[1].State != Done || *tasks[1].Exit != 3 || tasks[2].Signal != Kill || tasks[2].Exit != nil || tasks[3].State != Pending {
		t.Errorf("tasks %+v", tasks)
	}
	if tasks, err = r.ranks(Task{State: Done, Reason: "timeout"}); err != nil || tasks[0].State != Done || tasks[3].State != Done || tasks[3].Reason != "timeout" {
		t.Errorf("of a job that is over: %+v, %v", tasks, err)
	}
	var k ranks
	if err := k.forget(r, Task{State: Done}); err != nil {
		t.Fatal(err)
	}
	if tasks, err = k.poll(r, Task{State: Done}); err != nil || *tasks[1].Exit != 3 {
		t.Errorf("after their files were removed: %+v, %v", tasks, err)
	}
	if left, err := filepath.Glob(filepath.Join(r.LogDir, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
