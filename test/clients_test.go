//go:build unix

package test

import (
	"path/filepath"
	"testing"
)

func TestOfficialKernelTests(t *testing.T) {
	h := newHome(t)
	h.ok("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", filepath.Join(program.root, "kernel", "testdata", "jupyter_kernel_test.py"))
}

func TestJupyterConsoleEvaluatesCompletesAndInterrupts(t *testing.T) {
	h := newHome(t)
	h.python("console.py", "gopar")
}

func TestIpyparallelDrivesGoEngines(t *testing.T) {
	h := newHome(t)
	h.startCluster(4)
	h.python("ipyparallel_client.py", "4")
}

func TestKilledRunnerIsAnErrorOfItsCell(t *testing.T) {
	h := newHome(t)
	h.python("killed_runner.py", "gopar")
}

func TestKilledEngineIsReportedAndTheOthersGoOn(t *testing.T) {
	h := newHome(t)
	h.startCluster(4)
	t.Log(h.python("killed_engine.py"))
}
